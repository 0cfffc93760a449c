"""Data structures: instance masks that stay polygons until they are needed at their final size."""

from .instance_masks import InstanceMasks

__all__ = ['InstanceMasks']
