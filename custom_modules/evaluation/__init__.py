"""Scoring at full precision, and files of predictions.  The metrics are imported by the package itself."""

from .bootstrap import bootstrap_weights, interval
from .boundary import count_boundaries
from .coco_map import DetectionResult, evaluate_boxes
from .confusion import count_confusion
from .fast_map50 import FastMap50, MatchedBoxes
from .out_of_fold import merge_folds, score_folds
from .prediction_files import PredictionWriter, parse_lines, read_predictions, record_lines, write_predictions
from .prediction_notes import noted_predictions, notes_file, predictions_name, read_notes
from .predictions import Predictions, check_known
from .report import format_table, result_to_dict, save_result
from .result import Result
from .rle import compress_rle, decode_masks, encode_masks
from .segmentation_result import SegmentationResult
from .segmentation_scorer import SegmentationScorer

__all__ = [
    'DetectionResult',
    'FastMap50',
    'MatchedBoxes',
    'PredictionWriter',
    'Predictions',
    'Result',
    'SegmentationResult',
    'SegmentationScorer',
    'bootstrap_weights',
    'check_known',
    'compress_rle',
    'count_boundaries',
    'count_confusion',
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
