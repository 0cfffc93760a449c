"""Which images a search fits on and which it is scored on."""

from dataclasses import dataclass

import numpy as np

from custom_modules.utils import UserError


@dataclass(frozen=True, eq=False)
class Splits:
    """Parts of the images, each fitted on and scored on once.

    Attributes:
        fit: (1 + F, I) bool; row 0 has all images: the search whose params are used.
        held_out: (F, I) bool, what rows 1.. of ``fit`` leave out.
    """

    fit: np.ndarray
    held_out: np.ndarray


def make_splits(num_objects: np.ndarray, folds: int, repeats: int, seed: int) -> Splits:
    """Deal the images to folds, several times, so that each fold has its share of the rare classes.

    Args:
        num_objects: (I, K) objects of each image and class.
        folds: Parts of one division.
        repeats: Divisions.
        seed: The same seed gives the same parts.

    Returns:
        ``folds * repeats`` parts.

    Raises:
        UserError: Too few images have objects.
    """
    num_images = int((num_objects.sum(axis=1) > 0).sum())
    if num_images < 2 * folds:
        raise UserError(
            f'{num_images} pictures with objects are too few to search on: cross-validation in {folds} parts needs '
            f'{2 * folds}; leave out --search'
        )
    rng = np.random.default_rng(seed)
    held_out = np.concatenate([_divide(num_objects, folds, rng) for _ in range(repeats)])
    return Splits(np.concatenate([np.ones((1, len(num_objects)), dtype=bool), ~held_out]), held_out)


def _divide(num_objects: np.ndarray, folds: int, rng: np.random.Generator) -> np.ndarray:
    """Return (folds, I) bool: images in turns, sorted by the rarest class they show, in random order within one."""
    rank = np.argsort(np.argsort(num_objects.sum(axis=0), kind='stable'))  # of each class, the rarest 0
    rarest = np.where(num_objects > 0, rank, num_objects.shape[1]).min(axis=1)
    order = np.lexsort((rng.random(len(rarest)), rarest))
    fold = np.empty(len(rarest), dtype=np.int64)
    fold[order] = np.arange(len(rarest)) % folds
    return fold == rng.permutation(folds)[:, None]
