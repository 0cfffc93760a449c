"""Pictures of rare classes more often: repeat-factor sampling."""

import logging
import math
from collections import Counter
from collections.abc import Sequence, Sized

import numpy as np
import torch
from mmengine.logging import print_log
from mmengine.registry import DATA_SAMPLERS

from ..datasets.picture_classes import classes_per_picture
from ..utils import UserError
from .sampler import ResumableSampler, permutation


@DATA_SAMPLERS.register_module()
class ResumableRepeatFactorSampler(ResumableSampler):
    """Deal each picture as often as its rarest class asks for.

    Repeat factor sampling of Gupta, Dollar and Girshick, "LVIS: A Dataset for
    Large Vocabulary Instance Segmentation" (2019): r(c) = max(1, sqrt(t / f(c)))
    for a class on the share f(c) of the pictures, r(i) = the largest r(c) on
    picture i.  Upstream's ``ClassBalancedDataset`` rounds
    factors up; here a picture with factor 1.3 comes once in every epoch and
    twice in three of ten.  All epochs are equally long.

    Args:
        dataset: The data set, see :func:`classes_per_picture`.
        threshold: Share of pictures, above 0 and up to 1; classes on fewer are repeated.
        seed: The run's seed.

    Attributes:
        factors: (N,) float64, the repeat factor of each picture, from 1 on.

    Raises:
        UserError: The threshold is not such a share.
    """

    def __init__(self, dataset: Sized, *, threshold: float, seed: int | None = None) -> None:
        if not 0 < threshold <= 1:
            raise UserError(
                f'train_dataloader.sampler.threshold is {threshold}; give the share of pictures below which a class '
                f'is rare, above 0 and up to 1'
            )
        super().__init__(dataset, seed=seed)
        self.threshold = threshold
        labels = classes_per_picture(dataset)
        self.factors = repeat_factors(labels, threshold)
        self._extra_chances = chances(self.factors)
        self._tell(labels)

    def __repr__(self) -> str:
        """Say how a pass is composed."""
        return f'{type(self).__name__}(threshold={self.threshold})'

    @property
    def pass_length(self) -> int:
        """Samples of a pass over all ranks: the sum of the factors, rounded."""
        return int(np.floor(self.factors).sum()) + round(self._extra_chances.sum())

    def draw_pass(self, generator: torch.Generator) -> list[int]:
        """Compose a pass in which each picture comes floor or ceil of its factor times."""
        order = np.array(permutation(len(self.factors), generator))
        start = float(torch.rand((), generator=generator, dtype=torch.float64))
        counts = np.floor(self.factors).astype(np.int64)
        counts[order] += systematic_draw(self._extra_chances[order], start)
        indices = np.repeat(np.arange(len(counts)), counts)
        return indices[permutation(len(indices), generator)].tolist()

    def _tell(self, labels: Sequence[frozenset[int]]) -> None:
        repeated = {label: times for label, times in class_factors(labels, self.threshold).items() if times > 1}
        if not repeated:
            text = (
                f'repeat-factor sampling repeats nothing: every class is on at least {self.threshold:g} of the '
                f'pictures; raise train_dataloader.sampler.threshold'
            )
            print_log(text, logger='current', level=logging.WARNING)
            return
        times = ', '.join(f'{class_name(self.dataset, label)} x {repeated[label]:.2f}' for label in sorted(repeated))
        text = f'repeat-factor sampling: {self.pass_length} samples an epoch of {len(labels)} pictures; {times}'
        print_log(text, logger='current')


def class_name(dataset: Sized, label: int) -> str:
    """Return what a data set calls a class."""
    names = (getattr(dataset, 'metainfo', None) or {}).get('classes', ())
    return names[label] if label < len(names) else f'class {label}'


def class_factors(labels: Sequence[frozenset[int]], threshold: float) -> dict[int, float]:
    """Return the repeat factor of each class that is on any picture (r(c) of LVIS).

    Args:
        labels: Classes of each picture.
        threshold: Share of pictures below which a class is repeated.
    """
    pictures = Counter(label for found in labels for label in found)
    return {label: max(1.0, math.sqrt(threshold * len(labels) / count)) for label, count in pictures.items()}


def repeat_factors(labels: Sequence[frozenset[int]], threshold: float) -> np.ndarray:
    """Return the repeat factor of each picture, that of its rarest class, 1 without objects.

    Args:
        labels: Classes of each picture.
        threshold: Share of pictures below which a class is repeated.

    Returns:
        (N,) float64, rounded to six decimals.
    """
    of_class = class_factors(labels, threshold)
    # Rounded so that no factor is a hair below a whole number.
    return np.round([max((of_class[label] for label in found), default=1.0) for found in labels], 6)


def chances(factors: np.ndarray) -> np.ndarray:
    """Return how likely each picture is to come once more than its whole number of times.

    These are the fractions of the factors, moved, together by at most a half, so that they add up to a whole
    number: otherwise epochs could not be equally long.

    Args:
        factors: (N,) float64.

    Returns:
        (N,) float64 in [0, 1]; 0 where the factor is a whole number.
    """
    fractions = factors - np.floor(factors)
    open_ones = np.count_nonzero(fractions)
    total = fractions.sum()
    target = round(total)
    if target <= total:
        return fractions * (target / total) if total else fractions
    # Moving all towards 1 in proportion keeps each of them below 1.
    raised = 1 - (1 - fractions) * ((open_ones - target) / (open_ones - total))
    return np.where(fractions > 0, raised, 0.0)


def systematic_draw(chances: np.ndarray, start: float) -> np.ndarray:
    """Draw by systematic sampling: points one apart along the cumulated chances, from a random start.

    Madow, "On the theory of systematic sampling, II" (1949): each is drawn with its chance, and their number is
    always the sum.

    Args:
        chances: (N,) float64 in [0, 1] that add up to a whole number.
        start: Random number in [0, 1).

    Returns:
        (N,) int64, 1 where drawn and 0 elsewhere.
    """
    edges = np.concatenate([[0.0], np.cumsum(chances)])
    edges[-1] = round(edges[-1])
    return np.diff(np.ceil(edges - start)).astype(np.int64)
