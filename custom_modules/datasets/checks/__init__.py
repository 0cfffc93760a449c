"""Checks of a COCO file and its pictures: errors that stop, and warnings that are repaired in memory."""

from .annotations import check_annotations
from .findings import Findings, Kind, error_message, shown
from .image_files import check_image_files
from .json_file import read_coco_json
from .paths import check_file_names
from .records import check_categories, check_images

__all__ = [
    'Findings',
    'Kind',
    'check_annotations',
    'check_categories',
    'check_file_names',
    'check_image_files',
    'check_images',
    'error_message',
    'read_coco_json',
    'shown',
]
