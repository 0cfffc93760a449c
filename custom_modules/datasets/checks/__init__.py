"""Checks of a COCO file and its pictures: errors that stop, and warnings that are repaired in memory."""

from .annotations import check_annotations
from .findings import Findings, Kind, error_message, shown
from .image_files import check_image_files
from .json_file import read_coco_json
from .label_files import check_label_files, check_label_records, has_values
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
    'check_label_files',
    'check_label_records',
    'error_message',
    'has_values',
    'read_coco_json',
    'shown',
]
