"""Data sets: the reader of COCO files and its checks.  What is registered is imported by the package itself."""

from custom_modules.utils import missing_ann, resolve_ann, resolve_data_root

from .coco_data import CocoData, load_coco, read_coco
from .data_root import check_data_root
from .palette import class_palette
from .shared_pictures import shared_pictures

__all__ = [
    'CocoData',
    'check_data_root',
    'class_palette',
    'load_coco',
    'missing_ann',
    'read_coco',
    'resolve_ann',
    'resolve_data_root',
    'shared_pictures',
]
