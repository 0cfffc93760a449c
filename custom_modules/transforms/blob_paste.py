"""What the transforms share that paste blobs of other pictures' label maps."""

from abc import abstractmethod
from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform

from .blobs import Blob, cut_blob
from .class_index import ClassIndex
from .settings import check_above_zero, check_count_range, check_probability, check_range


class BlobPaste(BaseTransform):
    """Draw a class and a picture that shows it, cut out one of the class's connected regions and paste it.

    Blobs are scaled and mirrored at random.  Label maps are all it needs, so that it serves any data set for
    segmentation.  Ignored pixels (255) are never pasted.  It goes into the pipeline of mmseg's
    ``MultiImageMixDataset``, whose inner data set only loads; as many pictures are read as there are blobs to paste.

    Args:
        num_objects: Least and largest number of blobs to paste.
        scale: Least and largest factor of a blob's size, beside that of the pictures' sizes to each other.
        flip_ratio: Probability of mirroring a blob.
        min_pixels: Smaller regions are not cut out, px.
        max_share: Blobs that would cover a larger share of the picture are scaled down to it, above 0 to 1.
        prob: Probability of pasting anything; otherwise no other picture is read.

    Attributes:
        weights: (C,) float64 of a data set's classes, as soon as it is known; 0 for those not to be pasted.

    Raises:
        ValueError: A setting is impossible.
    """

    def __init__(
        self,
        *,
        num_objects: tuple[int, int],
        scale: tuple[float, float],
        flip_ratio: float,
        min_pixels: int,
        max_share: float,
        prob: float,
    ) -> None:
        check_count_range(self, num_objects=num_objects)
        check_range(self, scale=scale)
        check_above_zero(self, min_pixels=min_pixels, max_share=max_share)
        check_probability(self, prob=prob, flip_ratio=flip_ratio, max_share=max_share)
        self.num_objects = num_objects
        self.scale = scale
        self.flip_ratio = flip_ratio
        self.min_pixels = min_pixels
        self.max_share = max_share
        self.prob = prob
        self._dataset: Any = None
        self._drawn: list[int] = []

    @abstractmethod
    def set_classes(self, index: ClassIndex) -> np.ndarray:
        """Take note of a data set's classes.

        Args:
            index: Of the data set.

        Returns:
            How often each is drawn, (C,) not negative, not all 0.

        Raises:
            UserError: A class is unknown, or none is there to be pasted.
        """

    @abstractmethod
    def put(self, picture: dict, blob: Blob) -> dict:
        """Paste a blob that is not larger than the picture, if there is a place for it.

        Args:
            picture: With label map.
            blob: The blob.

        Returns:
            The picture with it, or the same picture.
        """

    def use_dataset(self, dataset: Any) -> None:
        """Look up on which pictures of a data set each class is; done once.

        Args:
            dataset: See :class:`~custom_modules.transforms.class_index.ClassIndex`.
        """
        if self._dataset is not dataset:
            self._index = ClassIndex(dataset)
            self.weights = self.set_classes(self._index)
            self._dataset = dataset

    def current_weights(self) -> np.ndarray:
        """Return how often each class is drawn now, (C,) not negative."""
        return self.weights

    def get_indices(self, dataset: Any) -> list[int]:
        """Draw what to paste.

        Args:
            dataset: The data set to draw from.

        Returns:
            The picture to cut each blob from; none when nothing is to be pasted.
        """
        self.use_dataset(dataset)
        drawn = []
        if np.random.rand() < self.prob:
            count = np.random.randint(self.num_objects[0], self.num_objects[1] + 1)
            drawn = [self._index.draw(self.current_weights()) for _ in range(count)]
        self._drawn = [label for label, _ in drawn]
        return [position for _, position in drawn]

    def transform(self, results: dict) -> dict:
        """Paste.

        Args:
            results: A picture, with those to cut from in ``mix_results``.

        Returns:
            The picture with the blobs.
        """
        for source, label in zip(results['mix_results'], self._drawn, strict=True):
            blob = cut_blob(source, label, min_pixels=self.min_pixels)
            if blob is not None:
                blob = self._scaled(blob, source['img'].shape, results['img'].shape)
                if blob.mask.any():
                    results = self.put(results, blob)
        return results

    def _scaled(self, blob: Blob, source: tuple, target: tuple) -> Blob:
        """Scale a blob for a picture of another size, small enough to lie inside, and mirror it by chance."""
        height, width = blob.mask.shape
        factor = np.random.uniform(*self.scale) * min(target[0] / source[0], target[1] / source[1])
        largest = np.sqrt(self.max_share * target[0] * target[1] / np.count_nonzero(blob.mask))
        blob = blob.resized(min(factor, largest, target[0] / height, target[1] / width))
        return blob.flipped() if np.random.rand() < self.flip_ratio else blob
