"""Which detections are right."""

from enum import IntEnum
from typing import Any

import numpy as np

from custom_modules.evaluation.fast_map50 import FastMap50
from custom_modules.evaluation.predictions import Predictions


class Outcome(IntEnum):
    """What became of a detection."""

    IGNORED = -1
    """It lies in an ignore region: neither way."""
    WRONG = 0
    RIGHT = 1


def match_predictions(coco: Any, predictions: Predictions) -> np.ndarray:
    """Match detections to the objects of a data set by the COCO rules, at IoU 0.5.

    Args:
        coco: Ground truth, ``CocoData`` or a COCO dict.
        predictions: N rows.

    Returns:
        (N,) int8, an :class:`Outcome` for each row.

    Raises:
        UserError: A prediction names an unknown image or category, or there are no answers at all.
    """
    return FastMap50(coco).outcomes(predictions)
