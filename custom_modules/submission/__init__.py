"""Competition files of both tasks, and reading predictions of any format; importing it loads no torch."""

from .checking import SubmissionCheck, check_submission
from .detection_csv import read_detection_csv, write_detection_csv
from .kinds import kind_of
from .label_sources import submitted_labels
from .members import Member, detect_format, read_member, read_members
from .pictures import Pictures
from .repairs import Repairs
from .segmentation_checking import SegmentationCheck, check_segmentation
from .segmentation_csv import SegmentationCsv, read_segmentation_csv, write_segmentation_csv
from .shrinking import shrink_labels, shrink_probs
from .yolo_folder import read_yolo_folder

__all__ = [
    'Member',
    'Pictures',
    'Repairs',
    'SegmentationCheck',
    'SegmentationCsv',
    'SubmissionCheck',
    'check_segmentation',
    'check_submission',
    'detect_format',
    'kind_of',
    'read_detection_csv',
    'read_member',
    'read_members',
    'read_segmentation_csv',
    'read_yolo_folder',
    'shrink_labels',
    'shrink_probs',
    'submitted_labels',
    'write_detection_csv',
    'write_segmentation_csv',
]
