"""What a config trains: a detector or a segmenter.  Its ``default_scope`` says so."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from mmengine.registry import DefaultScope

DETECTION, SEGMENTATION = 'mmdet', 'mmseg'


def scope_of(cfg: Mapping[str, Any]) -> str:
    """Return the scope that a config's components are looked up in, ``'mmdet'`` where it names none."""
    return cfg.get('default_scope') or DETECTION


def is_segmentation(cfg: Mapping[str, Any]) -> bool:
    """Tell whether a config is a segmenter's."""
    return scope_of(cfg) == SEGMENTATION


def in_scope_of(cfg: Mapping[str, Any]) -> AbstractContextManager:
    """Let components in the block be looked up where a config's are."""
    return DefaultScope.overwrite_default_scope(scope_of(cfg))
