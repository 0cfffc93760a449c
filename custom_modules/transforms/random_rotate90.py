"""Quarter turns: trash has no upright."""

from collections.abc import Sequence

import numpy as np
from mmcv.transforms import BaseTransform
from mmdet.structures.bbox import HorizontalBoxes
from mmengine.registry import TRANSFORMS

from custom_modules.structures import affine


@TRANSFORMS.register_module()
class RandomRotate90(BaseTransform):
    """Turn picture, boxes, masks and class map by a quarter, a half or three quarters, counter-clockwise.

    Changes ``img``, ``img_shape`` and, where they are, ``gt_bboxes`` (HorizontalBoxes), ``gt_masks``
    (:class:`~custom_modules.structures.InstanceMasks`) and ``gt_seg_map``.  No pixel is interpolated.

    Args:
        prob: Probability of a turn, shared alike by the three; or the probabilities of one, two and three quarters.
            What is left to 1 is that of no turn.
    """

    def __init__(self, prob: float | Sequence[float] = 0.75) -> None:
        probs = [prob / 3] * 3 if isinstance(prob, int | float) else list(prob)
        if len(probs) != 3 or min(probs) < 0 or sum(probs) > 1 + 1e-9:
            raise ValueError(f'RandomRotate90: prob is {prob}; give a number from 0 to 1, or three that add up to it')
        self.cumulative = np.cumsum(probs)

    def transform(self, results: dict) -> dict:
        """Draw the number of quarters and turn.

        Args:
            results: Of the pipeline.

        Returns:
            The same dict, changed.
        """
        quarters = 1 + int(np.searchsorted(self.cumulative, np.random.rand(), side='right'))
        return results if quarters > 3 else rotate90(results, quarters)


def rotate90(results: dict, quarters: int) -> dict:
    """Turn a picture and its ground truth counter-clockwise.

    Args:
        results: Of the pipeline; changed.
        quarters: How far, 1 to 3.

    Returns:
        The same dict.
    """
    height, width = results['img'].shape[:2]
    for key in ('img', 'gt_seg_map'):
        if results.get(key) is not None:
            results[key] = np.ascontiguousarray(np.rot90(results[key], quarters))
    results['img_shape'] = results['img'].shape[:2]
    if results.get('gt_bboxes') is not None:
        matrix = affine.quarter_turns(quarters, height, width)
        corners = affine.apply(matrix, results['gt_bboxes'].numpy().reshape(-1, 2)).reshape(-1, 2, 2)
        boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1).astype(np.float32)
        results['gt_bboxes'] = HorizontalBoxes(boxes)
    if results.get('gt_masks') is not None:
        results['gt_masks'] = results['gt_masks'].rot90(quarters)
    return results
