"""Trying fusions of boxes: one fusion and one match of all images for each."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from custom_modules.ensemble.member_boxes import MemberBoxes
from custom_modules.evaluation.fast_map50 import FastMap50, MatchedBoxes
from custom_modules.evaluation.predictions import Predictions

from .base_trials import BaseTrials, ByClass
from .params import FusionParams


class Trials(BaseTrials):
    """Fusions that were tried, scored by AP at IoU 0.50.

    Args:
        scorer: The data set.
        members: Predictions by name.
        image_sizes: Height and width of each picture by id, pixels.
        weights: See :class:`BaseTrials`, likewise the others.
        budget: Trials at most.
        progress: Called after each trial.
    """

    def __init__(
        self,
        scorer: FastMap50,
        members: Mapping[str, Predictions],
        image_sizes: Mapping[int, tuple[int, int]],
        weights: np.ndarray,
        *,
        budget: int,
        progress: Callable[[int], Any],
    ) -> None:
        super().__init__(weights, budget=budget, progress=progress)
        self._scorer = scorer
        without_masks = [replace(predictions, segmentations=None) for predictions in members.values()]
        self._boxes = MemberBoxes.from_predictions(without_masks, image_sizes, category_ids=scorer.cat_ids)
        self._scale_xyxy = np.tile(self._boxes.image_sizes[:, ::-1], 2)
        self._singles = [scorer(predictions) for predictions in members.values()]

    @property
    def num_images(self) -> int:
        """Number of images scored."""
        return len(self._scorer.image_ids)

    def evaluate(self, params: FusionParams) -> ByClass:
        """Fuse with the params and match the result; the scores are AP at IoU 0.50."""
        return self.match(params).ap50

    def match(self, params: FusionParams) -> MatchedBoxes:
        """Fuse with the params and match the result, without scoring it."""
        if params.is_single:
            return self._singles[params.used[0]]
        fused = self._boxes.fuse(**params.options())
        boxes = fused.boxes_norm * np.repeat(self._scale_xyxy, np.diff(fused.image_starts), axis=0)
        boxes[:, 2:] -= boxes[:, :2]
        return self._scorer.match(fused.image_starts, boxes, fused.labels, fused.scores)
