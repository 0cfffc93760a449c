"""From class probabilities to label maps that are left open where they are unsure."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from custom_modules.datasets.label_pictures import IGNORED
from custom_modules.ensemble.probs import argmax_labels
from custom_modules.structures.rle import crop_to_rle

STEPS = 256
"""Confidences are told apart in steps of 1/255, as probabilities are stored."""


@dataclass(frozen=True)
class PixelRules:
    """What becomes a label.

    Attributes:
        sure_from: (C,) int, step of confidence from which on pixels of a class are labels; ``STEPS`` for none.
        min_area: Regions of fewer pixels are no labels.
    """

    sure_from: np.ndarray
    min_area: int = 0


@dataclass(frozen=True, eq=False)
class PixelLabels:
    """The labels of a picture.

    Attributes:
        labels: (H, W) uint8: 0 Background, classes, 255 where it is unsure.
        likeliest: (H, W) uint8, the most probable class everywhere.
        steps: (H, W) uint8, its probability in steps of 1/255.
    """

    labels: np.ndarray
    likeliest: np.ndarray
    steps: np.ndarray


def likeliest_classes(probs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the most probable class of each pixel and its probability in steps of 1/255, rounded down.

    Args:
        probs: (C, H, W) float32, 0 to 1.

    Returns:
        Two of (H, W) uint8.
    """
    # A thousandth of a step is more than float32's rounding, which would put 8-bit values a step lower.
    return argmax_labels(probs), np.minimum(probs.max(axis=0) * (STEPS - 1) + 1e-3, STEPS - 1).astype(np.uint8)


def label_pixels(probs: np.ndarray, rules: PixelRules) -> PixelLabels:
    """Label a picture: unsure pixels and those of small regions become 255.

    Args:
        probs: (C, H, W) float32, 0 to 1.
        rules: Thresholds and the smallest region.
    """
    likeliest, steps = likeliest_classes(probs)
    labels = np.where(steps >= rules.sure_from[likeliest], likeliest, np.uint8(IGNORED))
    for label in _objects(labels):
        _, regions, stats, _ = cv2.connectedComponentsWithStats((labels == label).view(np.uint8), connectivity=8)
        small = stats[:, cv2.CC_STAT_AREA] < rules.min_area
        small[0] = False  # what is of another class
        if small.any():
            labels[small[regions]] = IGNORED
    return PixelLabels(labels, likeliest, steps)


def as_records(found: PixelLabels, cat_ids: Sequence[int]) -> list[dict]:
    """Make COCO annotations of a picture's labels, without ids.

    One for each connected region of a class (pixels touch at corners, too), and one ignore region, ``iscrowd: 1``, of
    all unsure pixels.  Painted again they give the same label map.

    Args:
        found: The labels.
        cat_ids: Category id of each label from 1 on.

    Returns:
        Records with ``category_id``, ``bbox``, ``area``, ``iscrowd``, ``segmentation`` and ``score``, the mean
        probability of the pixels.  The category of an ignore region, which means nothing, is the likeliest in it.
    """
    records = []
    for label in _objects(found.labels):
        mask = (found.labels == label).view(np.uint8)
        count, regions, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        for region in range(1, count):
            left, top, width, height = stats[region, :4].tolist()
            inside = np.s_[top : top + height, left : left + width]
            crop = regions[inside] == region
            records.append(_record(cat_ids[label - 1], crop, (left, top), found.steps[inside], mask.shape))
    unsure = found.labels == IGNORED
    if unsure.any():
        votes = np.bincount(found.likeliest[unsure], minlength=len(cat_ids) + 1)[1:]
        records.append({**_record(cat_ids[votes.argmax()], *_cropped(unsure, found.steps)), 'iscrowd': 1})
    return records


def _objects(labels: np.ndarray) -> list[int]:
    present = np.flatnonzero(np.bincount(labels.ravel(), minlength=STEPS))
    return [int(label) for label in present if label not in (0, IGNORED)]


def _cropped(mask: np.ndarray, steps: np.ndarray) -> tuple:
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    inside = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return mask[inside], (int(columns[0]), int(rows[0])), steps[inside], mask.shape


def _record(cat_id: int, crop: np.ndarray, corner: tuple[int, int], steps: np.ndarray, shape: tuple[int, int]) -> dict:
    area = int(np.count_nonzero(crop))
    return {
        'category_id': cat_id,
        'bbox': [*corner, crop.shape[1], crop.shape[0]],
        'area': area,
        'iscrowd': 0,
        'segmentation': crop_to_rle(crop, *corner, *shape),
        'score': round(float(steps[crop].mean(dtype=np.float64)) / (STEPS - 1), 4),
    }
