"""Competition files of detections, and reading predictions of any format; importing it loads no torch."""

from .checking import SubmissionCheck, check_submission
from .detection_csv import read_detection_csv, write_detection_csv
from .members import Member, detect_format, read_member, read_members
from .pictures import Pictures
from .repairs import Repairs
from .yolo_folder import read_yolo_folder

__all__ = [
    'Member',
    'Pictures',
    'Repairs',
    'SubmissionCheck',
    'check_submission',
    'detect_format',
    'read_detection_csv',
    'read_member',
    'read_members',
    'read_yolo_folder',
    'write_detection_csv',
]
