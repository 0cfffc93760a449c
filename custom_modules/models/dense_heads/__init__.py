"""Heads of one-stage and query detectors."""

from .trash_dino_head import TrashDDQDETRHead, TrashDINOHead
from .trash_yolox_head import TrashYOLOXHead

__all__ = ['TrashDDQDETRHead', 'TrashDINOHead', 'TrashYOLOXHead']
