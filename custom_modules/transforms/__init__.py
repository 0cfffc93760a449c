"""Pipeline steps: loading and, later, augmentation."""

from .load_trash_annotations import LoadTrashAnnotations

__all__ = ['LoadTrashAnnotations']
