"""Whole detectors that differ from upstream's."""

from .trash_dino import TrashDINO

__all__ = ['TrashDINO']
