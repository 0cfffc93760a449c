"""Weights published under other names or in another order, turned into mmdet's."""

import math
import re
from collections.abc import Mapping

import torch.nn.functional as F
from torch import Tensor

_SWIN_AUTHORS = re.compile(r'(backbone\.)?layers\.\d+\.blocks\.\d+\.attn\.qkv\.weight')
_PANOPTIC_HEAD, _DECODE_HEAD = 'panoptic_head.', 'decode_head.'
_COMPUTED = ('.relative_position_index', '.attn_mask')  # follow from the window, nothing learned


def to_our_layout(given: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Give published weights the names and the order that mmdet's modules have.

    Understood are the Swin authors' classification and detection files (names
    ``layers.0.blocks.0...``, merged patches in another order), files of a bare
    backbone, Swin position tables of another window, which are resized, and
    mmdet's Mask2Former for a segmenter (its ``panoptic_head`` is the ``decode_head``).

    Args:
        given: Tensors by name, as in the file.
        own: Tensors by name of the model they are meant for.

    Returns:
        Tensors by mmdet's names; without those that a model computes by itself.
    """
    given = _from_swin_authors(given)
    if not any(key in own for key in given) and any(f'backbone.{key}' in own for key in given):
        given = {f'backbone.{key}': value for key, value in given.items()}
    if any(key.startswith(_DECODE_HEAD) for key in own):
        given = {_renamed(key): value for key, value in given.items()}
    given = {key: value for key, value in given.items() if not is_computed(key)}
    return {
        key: _resize_table(value, own[key]) if is_position_table(key) and key in own else value
        for key, value in given.items()
    }


def _renamed(key: str) -> str:
    return _DECODE_HEAD + key.removeprefix(_PANOPTIC_HEAD) if key.startswith(_PANOPTIC_HEAD) else key


def is_computed(key: str) -> bool:
    """Whether a tensor follows from the model's shape, so that no file need bring it."""
    return key.endswith(_COMPUTED)


def is_position_table(key: str) -> bool:
    """Whether a tensor is a Swin position table, whose size goes with the window."""
    return key.endswith('.relative_position_bias_table')


def is_swin_authors(key: str) -> bool:
    """Whether a tensor's name is one of the Swin authors' layout."""
    return bool(_SWIN_AUTHORS.match(key))


def _from_swin_authors(given: Mapping[str, Tensor]) -> dict[str, Tensor]:
    found = next(filter(None, map(_SWIN_AUTHORS.match, given)), None)
    if not found:
        return dict(given)
    # Imported here: whoever reads other checkpoints has no need for all of mmdet.
    from mmdet.models.backbones.swin import swin_converter

    prefix = found[1] or ''
    backbone = {key.removeprefix(prefix): value for key, value in given.items() if key.startswith(prefix)}
    others = {key: value for key, value in given.items() if not key.startswith(prefix)}
    return {**swin_converter(backbone), **others}


def _resize_table(table: Tensor, own: Tensor) -> Tensor:
    """Interpolate a position table ((2 w - 1)^2, heads) to another window w, as mmdet's Swin does for its own start."""
    if table.shape == own.shape or table.shape[1] != own.shape[1]:
        return table
    (cells, heads), size = table.shape, math.isqrt(len(own))
    image = table.T.reshape(1, heads, math.isqrt(cells), math.isqrt(cells)).float()
    resized = F.interpolate(image, size=(size, size), mode='bicubic')
    return resized.reshape(heads, len(own)).T.contiguous().to(table.dtype)
