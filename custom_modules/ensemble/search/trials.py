"""Trying params: one fusion and one match give the scores on every part and resample of the images at once."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from custom_modules.ensemble.member_boxes import MemberBoxes
from custom_modules.evaluation.fast_map50 import FastMap50, MatchedBoxes, mean_present
from custom_modules.evaluation.predictions import Predictions

from .params import FusionParams


class Trials:
    """What was tried, with the scores on parts of the images; nothing is tried twice.

    Args:
        scorer: The data set.
        members: Predictions by name.
        image_sizes: Height and width of each picture by id, pixels.
        weights: (C, I) weightings of the images to score by; the first one is all images alike.
        budget: Trials at most.
        progress: Called after each trial with the number done.
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
        self._scorer, self._weights, self._progress = scorer, weights, progress
        self.budget = budget
        without_masks = [replace(predictions, segmentations=None) for predictions in members.values()]
        self._boxes = MemberBoxes.from_predictions(without_masks, image_sizes, category_ids=scorer.cat_ids)
        self._scale_xyxy = np.tile(self._boxes.image_sizes[:, ::-1], 2)
        self._singles = [scorer(predictions) for predictions in members.values()]
        self._ap50: dict[FusionParams, np.ndarray] = {}

    def __len__(self) -> int:
        return len(self._ap50)

    @property
    def num_images(self) -> int:
        """Number of images scored."""
        return len(self._scorer.image_ids)

    def run(self, candidates: Iterable[FusionParams]) -> bool:
        """Try what was not tried before; all of it, or nothing where the budget does not allow all.

        Returns:
            Whether all candidates have scores now.
        """
        new = [params for params in dict.fromkeys(candidates) if params not in self._ap50]
        if len(self) + len(new) > self.budget:
            return False
        for params in new:
            self._ap50[params] = self.match(params).ap50(self._weights)
            self._progress(len(self))
        return True

    def ap50(self, params: FusionParams) -> np.ndarray:
        """Return (C, K) AP at IoU 0.50 of each weighting and class, of params that were tried."""
        return self._ap50[params]

    def map50(self, params: FusionParams) -> np.ndarray:
        """Return (C,) mAP50 of each weighting, of params that were tried."""
        return mean_present(self._ap50[params])

    def table(self) -> list[tuple[FusionParams, float]]:
        """Return what was tried, in order, with mAP50 on all images."""
        return [(params, float(self.map50(params)[0])) for params in self._ap50]

    def match(self, params: FusionParams) -> MatchedBoxes:
        """Fuse with the params and match the result, without scoring it."""
        if params.is_single:
            return self._singles[params.used[0]]
        fused = self._boxes.fuse(**params.options())
        boxes = fused.boxes_norm * np.repeat(self._scale_xyxy, np.diff(fused.image_starts), axis=0)
        boxes[:, 2:] -= boxes[:, :2]
        return self._scorer.match(fused.image_starts, boxes, fused.labels, fused.scores)
