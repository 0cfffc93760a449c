"""Sums of probabilities per class that overlap losses are made of."""

from typing import NamedTuple

import torch
from torch import Tensor


class Overlaps(NamedTuple):
    """What predictions and labels have in common, per class, over all pixels of a batch.

    Attributes:
        both: (K,) probability of the class where it is right.
        predicted: (K,) probability of the class anywhere.
        labelled: (K,) pixels of the class.
        present: (K,) bool, whether there is any.
    """

    both: Tensor
    predicted: Tensor
    labelled: Tensor
    present: Tensor


def count_overlaps(probs: Tensor, label: Tensor, factors: Tensor, *, power: int = 1) -> Overlaps:
    """Add up probabilities.

    Args:
        probs: (N, K, H, W), from 0 to 1.
        label: (N, H, W) int64, below K.
        factors: (N, H, W), what each pixel counts; 0 where it is ignored.
        power: Of the probabilities in ``predicted``.
    """
    classes = torch.arange(probs.shape[1], device=label.device).view(1, -1, 1, 1)
    of_class = (label.unsqueeze(1) == classes) * factors.unsqueeze(1)
    labelled = of_class.sum(dim=(0, 2, 3))
    return Overlaps(
        (probs * of_class).sum(dim=(0, 2, 3)),
        (probs**power * factors.unsqueeze(1)).sum(dim=(0, 2, 3)),
        labelled,
        labelled > 0,
    )


def mean_of_present(losses: Tensor, present: Tensor) -> Tensor:
    """Average the losses (K,) of the classes that are present (K,) bool; 0 where none is."""
    return (losses * present).sum() / present.sum().clamp(min=1)
