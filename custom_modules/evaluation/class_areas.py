"""IoU over any weighting of the pictures: what resamples and parts of a data set need."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .fast_map50 import mean_present
from .segmentation_result import ious_of


@dataclass(frozen=True, eq=False)
class ClassAreas:
    """Pixels of each picture and class.

    Attributes:
        both: (I, K) float64, pixels whose class was predicted.
        true: (I, K) float64, pixels of the class.
        predicted: (I, K) float64, pixels predicted as it.
    """

    both: np.ndarray
    true: np.ndarray
    predicted: np.ndarray

    @classmethod
    def of_confusions(cls, confusions: Sequence[np.ndarray]) -> 'ClassAreas':
        """Take the areas from the confusions of pictures, each (K, K) with the true classes as rows."""
        counts = np.asarray(confusions, np.float64)
        return cls(np.einsum('ikk->ik', counts).copy(), counts.sum(axis=2), counts.sum(axis=1))

    def ious(self, weights: np.ndarray) -> np.ndarray:
        """Return the IoU of each class over weighted pictures.

        Args:
            weights: (S, I) weightings of the pictures.

        Returns:
            (S, K); NaN for a class in neither truth nor prediction.
        """
        return ious_of(weights @ self.both, weights @ self.true, weights @ self.predicted)

    def miou(self, weights: np.ndarray) -> np.ndarray:
        """Return the mean over the classes of :meth:`ious`, (S,)."""
        return mean_present(self.ious(weights))
