"""Some pixels of every picture, drawn so that they stand for all: what a search votes on again and again.

The pixels of a picture fall into strata by their true class, the class that all members with equal weights vote for,
and whether all members say the same.  Each stratum gives as many pixels as any other, small ones all they have, so that
rare classes and pixels in dispute keep theirs, and each pixel counts as many as it stands for.  Areas of classes are
then those of all pixels but for chance; true areas are exact.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from custom_modules.datasets.label_pictures import IGNORED
from custom_modules.evaluation.class_areas import ClassAreas
from custom_modules.utils import UserError
from custom_modules.utils.jit import kernel

from .electorate import Electorate
from .layers import Layer
from .vote import vote_each, vote_labels, vote_stored

SAMPLE_BYTES = 1 << 27
_ROW = 1024  # the pixels lie in rows of so many, as those of a picture


@dataclass(frozen=True, eq=False)
class PixelSample:
    """Pixels of I pictures, P in all.

    Attributes:
        layers: What each member says of them, as a picture of R x 1024 pixels, of which the first P are meant.
        truth: (P,) uint8, true classes.
        owners: (P,) int32, the picture of each, from 0.
        counts: (P,) float64, pixels each stands for.
        num_images: I.
        num_classes: C.
        share: P over all pixels with a true class.
    """

    layers: list[Layer]
    truth: np.ndarray
    owners: np.ndarray
    counts: np.ndarray
    num_images: int
    num_classes: int
    share: float

    @property
    def presence(self) -> np.ndarray:
        """(I, C) bool, which classes are on which picture."""
        present = np.zeros((self.num_images, self.num_classes), bool)
        present[self.owners, self.truth] = True
        return present

    def vote(self, weights: np.ndarray, method: str) -> np.ndarray:
        """Vote on the pixels, (P,) uint8; see :func:`vote_labels`."""
        size = self.layers[0].values.shape[-2:]
        return vote_labels(self.layers, size, weights, method).reshape(-1)[: len(self.truth)]

    def areas(self, labels: np.ndarray) -> ClassAreas:
        """Estimate the areas of a prediction.

        Args:
            labels: (P,) uint8.
        """
        both, true, predicted = np.zeros((3, self.num_images, self.num_classes))
        _add_areas(labels, self.truth, self.owners, self.counts, both, true, predicted)
        return ClassAreas(both, true, predicted)


def draw_sample(
    electorate: Electorate, truth: Any, *, seed: int, progress=None, num_bytes: int = SAMPLE_BYTES
) -> PixelSample:
    """Draw the pixels of a search; every picture is read once.

    Args:
        electorate: The members.
        truth: Gives the true labels of a picture by id, (H, W) uint8, 255 where nothing counts.
        seed: The same seed draws the same pixels.
        progress: Told how many of how many pictures are done.
        num_bytes: What the members say of the pixels, at most.

    Raises:
        UserError: No pixel has a true class.
    """
    rng, pictures, num_classes = np.random.default_rng(seed), electorate.pictures, len(electorate.classes)
    store = _Store(electorate)
    quota = max(_ROW, num_bytes // store.bytes_of_pixel // len(pictures))
    parts: list[tuple[np.ndarray, np.ndarray]] = []
    num_counting = 0
    for index, picture in enumerate(pictures):
        layers, answer = [member.layer(picture) for member in electorate.members], truth[picture.id]
        _check_truth(answer, picture, num_classes)
        each = vote_each(layers, picture.size, np.ones((len(layers), num_classes)))
        chosen, counts = _choose(answer, each.labels, np.stack(each.members), num_classes, quota, rng)
        num_counting += int(np.count_nonzero(answer != IGNORED))
        store.add(layers, picture.size, chosen)
        parts.append((answer.reshape(-1)[chosen], counts))
        if progress is not None:
            progress(index + 1, len(pictures))
    if not num_counting:
        raise UserError(f'--search: no pixel of {electorate.source} counts, there is nothing to search by')
    sizes = [len(counts) for _, counts in parts]
    return PixelSample(
        layers=store.layers(),
        truth=np.concatenate([labels for labels, _ in parts]),
        owners=np.repeat(np.arange(len(pictures), dtype=np.int32), sizes),
        counts=np.concatenate([counts for _, counts in parts]),
        num_images=len(pictures),
        num_classes=num_classes,
        share=sum(sizes) / num_counting,
    )


def _check_truth(answer: np.ndarray, picture: Any, num_classes: int) -> None:
    values = answer[answer != IGNORED]
    if answer.shape != picture.size or values.max(initial=0) >= num_classes:
        raise UserError(f'{picture.file_name}: the true labels have another size or other classes than the json says')


def _choose(
    answer: np.ndarray, voted: np.ndarray, members: np.ndarray, num_classes: int, quota: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Choose pixels of a picture: their places, ascending, and how many each stands for."""
    places = np.flatnonzero(answer.reshape(-1) != IGNORED)
    agreed = (members == voted).all(axis=0).reshape(-1)[places]
    strata = (answer.reshape(-1)[places].astype(np.int64) * num_classes + voted.reshape(-1)[places]) * 2 + agreed
    order = np.lexsort((rng.random(len(places)), strata))
    _, starts, sizes = np.unique(strata[order], return_index=True, return_counts=True)
    taken = np.minimum(sizes, level_of(sizes, quota))
    chosen = np.concatenate(
        [order[:0], *(order[start : start + count] for start, count in zip(starts, taken, strict=True))]
    )
    counts = np.repeat(sizes / np.maximum(taken, 1), taken)
    sorted_ = np.argsort(places[chosen], kind='stable')
    return places[chosen][sorted_], counts[sorted_]


def level_of(sizes: np.ndarray, quota: int) -> int:
    """Return the largest number to take from each stratum such that all together are no more than a quota; at least 1.

    Args:
        sizes: Of the strata.
        quota: Pixels in all.
    """
    if sizes.sum() <= quota:
        return int(sizes.max(initial=1))
    left = quota
    for count, size in zip(range(len(sizes), 0, -1), np.sort(sizes), strict=True):
        if size * count > left:
            return max(1, left // count)
        left -= size
    return int(sizes.max())


class _Store:
    """Collects what members say of chosen pixels: stored numbers as they are, resized ones in 16 bits."""

    def __init__(self, electorate: Electorate) -> None:
        self._num_classes = len(electorate.classes)
        self._parts: list[list[np.ndarray]] = [[] for _ in electorate.members]
        self._scales = [1.0] * len(electorate.members)
        first = electorate.pictures[0]
        kinds = [self._take(member.layer(first), first.size, np.zeros(1, int))[0] for member in electorate.members]
        self.bytes_of_pixel = sum(one.nbytes for one in kinds)

    def _take(self, layer: Layer, size: tuple[int, int], chosen: np.ndarray) -> tuple[np.ndarray, float]:
        """Return what a member says of pixels, (C, n) or (n,), and its scale."""
        if layer.values.shape[-2:] == size:
            return layer.values.reshape(*layer.values.shape[:-2], -1)[..., chosen], layer.scale
        resized = vote_stored([layer], size, np.ones((1, self._num_classes)), dtype='uint16')
        return resized.reshape(self._num_classes, -1)[:, chosen], 1 / 65535

    def add(self, layers: list[Layer], size: tuple[int, int], chosen: np.ndarray) -> None:
        for index, layer in enumerate(layers):
            values, scale = self._take(layer, size, chosen)
            if self._parts[index] and (self._parts[index][-1].ndim, self._scales[index]) != (values.ndim, scale):
                values, scale = self._as_before(index, values, scale)
            self._scales[index] = scale
            self._parts[index].append(values)
            layer.release()

    def _as_before(self, index: int, values: np.ndarray, scale: float) -> tuple[np.ndarray, float]:
        """Bring a member whose pictures are stored in different ways to 16 bits."""
        earlier, before = self._parts[index], self._scales[index]
        self._parts[index] = [self._in_16_bits(part, before) for part in earlier]
        return self._in_16_bits(values, scale), 1 / 65535

    def _in_16_bits(self, values: np.ndarray, scale: float) -> np.ndarray:
        if values.ndim == 1:
            values, scale = np.arange(self._num_classes)[:, None] == values, 1.0
        return np.rint(values * (scale * 65535)).clip(0, 65535).astype(np.uint16)

    def layers(self) -> list[Layer]:
        """Return a layer for each member; the parts are given up one after another."""
        layers = []
        for parts, scale in zip(self._parts, self._scales, strict=True):
            joined = np.concatenate(parts, axis=-1)
            parts.clear()
            num_pixels = joined.shape[-1]
            rows = -(-num_pixels // _ROW)
            values = np.zeros((*joined.shape[:-1], rows * _ROW), joined.dtype)
            values[..., :num_pixels] = joined
            layers.append(Layer(values.reshape(*joined.shape[:-1], rows, _ROW), scale))
        return layers


@kernel
def _add_areas(labels, truth, owners, counts, both, true, predicted):
    """Add up what pixels stand for by picture and class."""
    for pixel in range(truth.size):
        owner, label, answer = owners[pixel], labels[pixel], truth[pixel]
        true[owner, answer] += counts[pixel]
        predicted[owner, label] += counts[pixel]
        if label == answer:
            both[owner, label] += counts[pixel]
