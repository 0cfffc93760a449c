"""Labels for pictures without any, from models whose precision was measured."""

from custom_modules.datasets.pseudo_records import is_pseudo, round_of

from .calibration import Calibration, ClassThreshold, calibrate, fixed_thresholds
from .doubts import doubts
from .matching import Outcome, match_predictions
from .merging import merge_labels, merge_records, without_pseudo
from .pixel_calibration import PixelCalibration, PixelThreshold, calibrate_pixels, fixed_pixels, sample_pixels
from .pixel_labels import PixelLabels, PixelRules, as_records, label_pixels
from .report import format_report, make_report, right_by_class
from .selection import PseudoLabels, select_labels

__all__ = [
    'Calibration',
    'ClassThreshold',
    'Outcome',
    'PixelCalibration',
    'PixelLabels',
    'PixelRules',
    'PixelThreshold',
    'PseudoLabels',
    'as_records',
    'calibrate',
    'calibrate_pixels',
    'doubts',
    'fixed_pixels',
    'fixed_thresholds',
    'format_report',
    'is_pseudo',
    'label_pixels',
    'make_report',
    'match_predictions',
    'merge_labels',
    'merge_records',
    'right_by_class',
    'round_of',
    'sample_pixels',
    'select_labels',
    'without_pseudo',
]
