"""Scoring detections at full precision, and their files."""

from .coco_map import DetectionResult, evaluate_boxes
from .prediction_files import PredictionWriter, read_predictions, write_predictions
from .predictions import Predictions, check_known
from .report import format_table, result_to_dict, save_result
from .rle import compress_rle, decode_masks, encode_masks
from .trash_coco_metric import TrashCocoMetric

__all__ = [
    'DetectionResult',
    'PredictionWriter',
    'Predictions',
    'TrashCocoMetric',
    'check_known',
    'compress_rle',
    'decode_masks',
    'encode_masks',
    'evaluate_boxes',
    'format_table',
    'read_predictions',
    'result_to_dict',
    'save_result',
    'write_predictions',
]
