"""Scoring detections at full precision, and their files.  The metric is imported by the package itself."""

from .coco_map import DetectionResult, evaluate_boxes
from .out_of_fold import merge_folds, score_folds
from .prediction_files import PredictionWriter, read_predictions, write_predictions
from .predictions import Predictions, check_known
from .report import format_table, result_to_dict, save_result
from .rle import compress_rle, decode_masks, encode_masks

__all__ = [
    'DetectionResult',
    'PredictionWriter',
    'Predictions',
    'check_known',
    'compress_rle',
    'decode_masks',
    'encode_masks',
    'evaluate_boxes',
    'format_table',
    'merge_folds',
    'read_predictions',
    'result_to_dict',
    'save_result',
    'score_folds',
    'write_predictions',
]
