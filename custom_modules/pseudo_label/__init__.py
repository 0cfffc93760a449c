"""Labels for pictures without any, from detectors whose precision was measured."""

from custom_modules.datasets.pseudo_records import is_pseudo

from .calibration import Calibration, ClassThreshold, calibrate, fixed_thresholds
from .doubts import doubts
from .matching import Outcome, match_predictions
from .merging import merge_labels, round_of, without_pseudo
from .report import format_report, make_report, right_by_class
from .selection import PseudoLabels, select_labels

__all__ = [
    'Calibration',
    'ClassThreshold',
    'Outcome',
    'PseudoLabels',
    'calibrate',
    'doubts',
    'fixed_thresholds',
    'format_report',
    'is_pseudo',
    'make_report',
    'match_predictions',
    'merge_labels',
    'right_by_class',
    'round_of',
    'select_labels',
    'without_pseudo',
]
