"""Whole detectors that differ from upstream's."""

from .trash_dino import TrashDDQDETR, TrashDINO

__all__ = ['TrashDDQDETR', 'TrashDINO']
