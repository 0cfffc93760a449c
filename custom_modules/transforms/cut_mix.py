"""A rectangle of another picture in the place of a picture's own, label map included."""

import cv2
import mmcv
import numpy as np
from mmcv.transforms import BaseTransform
from mmseg.registry import TRANSFORMS

from .settings import check_above_zero, check_probability


@TRANSFORMS.register_module()
class CutMix(BaseTransform):
    """Replace a rectangle of a picture by that of another one, pixels and labels alike.

    The rectangle has the picture's aspect ratio and a share 1 - lambda of its area, lambda ~ Beta(alpha, alpha), its
    centre lies anywhere, and what is outside of the picture is cut off (Yun et al., "CutMix: Regularization Strategy
    to Train Strong Classifiers with Localizable Features", 2019, equations 1 and 2).  Where every pixel has a label
    of its own, labels are not weighed by area: they go with their pixels.

    Another picture of the same size gives what it has at the same place.  One of another size is first fitted into
    the picture, aspect ratio kept, and the rectangle is not larger than it.

    It goes into the pipeline of mmseg's ``MultiImageMixDataset``, whose inner data set only loads.

    Args:
        alpha: Of the Beta distribution: 1 makes all shares alike, below it small and large ones come more often.
        prob: Probability of a replacement; otherwise the picture stays as it is, and no other is read.

    Raises:
        ValueError: A setting is impossible.
    """

    def __init__(self, *, alpha: float = 1.0, prob: float = 0.5) -> None:
        check_above_zero(self, alpha=alpha)
        check_probability(self, prob=prob)
        self.alpha = alpha
        self.prob = prob

    def get_indices(self, dataset) -> list[int]:
        """Draw the other picture.

        Args:
            dataset: The data set to draw from.

        Returns:
            One position, or none when nothing is to be replaced.
        """
        return [int(np.random.randint(len(dataset)))] if np.random.rand() < self.prob else []

    def transform(self, results: dict) -> dict:
        """Replace.

        Args:
            results: A picture, with the other in ``mix_results``.

        Returns:
            The picture, changed.
        """
        if not results['mix_results']:
            return results
        shape = results['gt_seg_map'].shape
        image, labels = _fit(results['mix_results'][0], shape)
        share = 1 - np.random.beta(self.alpha, self.alpha)
        (top, height), (left, width) = (
            _side(room, other, share) for room, other in zip(shape, labels.shape, strict=True)
        )
        y, x = (
            _same_place(start, side, room, other)
            for start, side, room, other in zip((top, left), (height, width), shape, labels.shape, strict=True)
        )
        here, there = np.s_[top : top + height, left : left + width], np.s_[y : y + height, x : x + width]
        results['img'], results['gt_seg_map'] = results['img'].copy(), results['gt_seg_map'].copy()
        results['img'][here], results['gt_seg_map'][here] = image[there], labels[there]
        return results


def _fit(picture: dict, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Fit a picture and its label map into (height, width)."""
    image, labels = picture['img'], picture['gt_seg_map']
    if labels.shape == shape:
        return image, labels
    factor = min(shape[0] / labels.shape[0], shape[1] / labels.shape[1])
    height, width = (max(round(side * factor), 1) for side in labels.shape)
    image = mmcv.imresize(image, (width, height), interpolation='area' if factor < 1 else 'bilinear')
    return image, cv2.resize(labels, (width, height), interpolation=cv2.INTER_NEAREST)


def _side(room: int, other: int, share: float) -> tuple[int, int]:
    """Draw where a side of the rectangle starts, and its length, cut off at the picture's border."""
    length = min(round(room * np.sqrt(share)), other)
    start = int(np.random.randint(room)) - length // 2
    first, last = max(start, 0), min(start + length, room)
    return first, last - first


def _same_place(start: int, length: int, room: int, other: int) -> int:
    """Find the start in the other picture that has as much on its two sides, relative to its size."""
    return round(start * (other - length) / (room - length)) if room > length else (other - length) // 2
