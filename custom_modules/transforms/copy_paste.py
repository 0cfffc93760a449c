"""Copy-paste with a say in which classes are pasted."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform
from mmdet.registry import TRANSFORMS

from custom_modules.utils import UserError

from .class_weights import RefreshedWeights, check_setting
from .class_weights import class_weights as weights_of
from .object_index import ObjectIndex
from .paste_objects import CutObject, cut_object, paste_objects
from .settings import check_count_range, check_probability, check_range


@TRANSFORMS.register_module()
class TrashCopyPaste(RefreshedWeights, BaseTransform):
    """Paste objects of other pictures into a picture, rare classes more often than they come.

    For each object a class is drawn by weight, then one of the class's objects in the whole data set; it is scaled
    and put anywhere inside the picture.  Objects that the border of their own picture cuts are not pasted where others
    of the class are enough.  Every pass over the data pastes afresh.  What becomes of the objects below is told by
    :func:`~custom_modules.transforms.paste_objects.paste_objects`.  Upstream's ``CopyPaste`` knows no classes, draws
    every mask at full size and takes objects without a mask for empty ones.

    It goes first in the pipeline of a ``MultiImageMixDataset``, whose inner data set only loads.

    Args:
        class_weights: ``'rare'``, ``'equal'``, ``'natural'``, or weights by class name; see
            :func:`~custom_modules.transforms.class_weights.class_weights`.
        num_objects: Least and largest number of objects to paste.
        scale: Least and largest factor of an object's size, beside that of the pictures' sizes to each other.
        max_hidden: Objects of which a larger share is hidden are dropped, 0 to 1.
        prob: Probability of pasting anything; otherwise no other picture is read.

    Attributes:
        weights: (C,) float64 of a data set's classes, as soon as it is known; 0 for those without objects to paste.
    """

    needs_masks = True

    def __init__(
        self,
        *,
        class_weights: str | Mapping[str, float] = 'rare',
        num_objects: tuple[int, int] = (1, 3),
        scale: tuple[float, float] = (0.5, 1.5),
        max_hidden: float = 0.7,
        prob: float = 0.5,
    ) -> None:
        check_setting(class_weights)
        check_count_range(self, num_objects=num_objects)
        check_range(self, scale=scale)
        check_probability(self, prob=prob, max_hidden=max_hidden)
        self.class_weights = class_weights
        self.num_objects = num_objects
        self.scale = scale
        self.max_hidden = max_hidden
        self.prob = prob
        self._dataset: Any = None
        self._drawn: list[tuple[int, int]] = []

    def use_dataset(self, dataset: Any) -> None:
        """Look up where the objects of a data set are; done once.

        Args:
            dataset: See :class:`~custom_modules.transforms.object_index.ObjectIndex`.
        """
        if self._dataset is not dataset:
            self._index = ObjectIndex(dataset)
            self.weights = weights_of(self.class_weights, self._index.classes, self._index.counts)
            self._dataset = dataset

    def get_indexes(self, dataset: Any) -> list[int]:
        """Draw what to paste.

        Args:
            dataset: The data set to draw from.

        Returns:
            The picture of each object; none when nothing is to be pasted.
        """
        self.use_dataset(dataset)
        self._drawn = []
        if np.random.rand() < self.prob:
            weights = self.refreshed(self.weights)
            count = np.random.randint(self.num_objects[0], self.num_objects[1] + 1)
            self._drawn = [self._index.draw(weights) for _ in range(count)]
        return [picture for picture, _ in self._drawn]

    def transform(self, results: dict) -> dict:
        """Paste.

        Args:
            results: A picture, with those of the objects to paste in ``mix_results``.

        Returns:
            The picture with pasted objects.
        """
        return self.paste(results)[0]

    def paste(self, results: dict) -> tuple[dict, list[tuple[int, int] | None]]:
        """Paste, and tell where the objects come from.

        Args:
            results: A picture, with those of the objects to paste in ``mix_results``.

        Returns:
            The picture, and for each of its objects the ids of the picture and the annotation it was cut from; None
            for its own.
        """
        items, corners = [], []
        origins: list[tuple[int, int] | None] = [None] * len(results['gt_bboxes_labels'])
        for source, (_, position) in zip(results['mix_results'], self._drawn, strict=True):
            if len(source['gt_bboxes_labels']) != len(source['instances']):
                raise UserError('TrashCopyPaste draws from pictures as they were loaded: crop and mix after it')
            item = self._scaled(cut_object(source, position), source['img'].shape, results['img'].shape)
            if item is not None:
                items.append(item)
                corners.append(self._corner(item, results['img'].shape))
                origins.append((source['img_id'], source['instances'][position]['ann_id']))
        if not items:
            return results, origins
        pasted, kept = paste_objects(results, items, corners, max_hidden=self.max_hidden)
        return pasted, [origins[i] for i in kept]

    def _scaled(self, item: CutObject | None, source: tuple, target: tuple) -> CutObject | None:
        """Scale an object for a picture of another size, small enough to lie inside."""
        if item is None:
            return None
        height, width = item.pixels.shape[:2]
        factor = np.random.uniform(*self.scale) * min(target[0] / source[0], target[1] / source[1])
        item = item.resized(min(factor, target[0] / height, target[1] / width))
        return item if item.mask.areas[0] else None

    def _corner(self, item: CutObject, target: tuple) -> tuple[int, int]:
        height, width = item.pixels.shape[:2]
        return int(np.random.randint(target[1] - width + 1)), int(np.random.randint(target[0] - height + 1))
