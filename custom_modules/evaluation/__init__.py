"""Scoring detections at full precision, and their files.  The metric is imported by the package itself."""

from .bootstrap import bootstrap_weights, interval
from .coco_map import DetectionResult, evaluate_boxes
from .fast_map50 import FastMap50, MatchedBoxes
from .out_of_fold import merge_folds, score_folds
from .prediction_files import PredictionWriter, parse_lines, read_predictions, record_lines, write_predictions
from .prediction_notes import noted_predictions, notes_file, predictions_name, read_notes
from .predictions import Predictions, check_known
from .report import format_table, result_to_dict, save_result
from .rle import compress_rle, decode_masks, encode_masks

__all__ = [
    'DetectionResult',
    'FastMap50',
    'MatchedBoxes',
    'PredictionWriter',
    'Predictions',
    'bootstrap_weights',
    'check_known',
    'compress_rle',
    'decode_masks',
    'encode_masks',
    'evaluate_boxes',
    'format_table',
    'interval',
    'merge_folds',
    'noted_predictions',
    'notes_file',
    'parse_lines',
    'predictions_name',
    'read_notes',
    'read_predictions',
    'record_lines',
    'result_to_dict',
    'save_result',
    'score_folds',
    'write_predictions',
]
