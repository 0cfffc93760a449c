"""Boundary IoU: how well the outlines of classes are met."""

import math

import numpy as np

from custom_modules.datasets.label_maps import IGNORED
from custom_modules.utils.jit import kernel

DILATION_RATIO = 0.02  # of the picture's diagonal, as in the paper


def boundary_width(height: int, width: int) -> int:
    """Return how far, in pixels, from its outline a pixel still belongs to a boundary: 2 % of the diagonal, at least 1.

    Args:
        height: Of the picture, pixels.
        width: Of the picture, pixels.
    """
    return max(1, round(DILATION_RATIO * math.hypot(height, width)))


def boundary_region(labels: np.ndarray, distance: int) -> np.ndarray:
    """Mark the pixels near the outline of their own class.

    As in the paper's code, a pixel is near when a square of ``distance`` pixels to each side of it leaves its class or
    the picture.  One sweep does it for all classes: inside is whose square has one value throughout.

    Args:
        labels: (H, W) uint8.
        distance: Pixels.

    Returns:
        (H, W) bool: the union of ``G_d`` with ``G``, class by class.
    """
    region = np.ones(labels.shape, dtype=np.bool_)
    _clear_inside(np.ascontiguousarray(labels), distance, region)
    return region


def count_boundaries(labels: np.ndarray, truth: np.ndarray, num_classes: int) -> np.ndarray:
    """Count the two sides of the Boundary IoU of each class on a picture.

    Cheng et al., "Boundary IoU", CVPR 2021, define for a true mask G and a predicted one P, with G_d and P_d the pixels
    no further than d from their outlines::

        |(G_d & G) & (P_d & P)| / |(G_d & G) | (P_d & P)|

    They do so for single objects; here the masks are those of the classes, and both sides are added up over a data set,
    as for the mIoU.  Pixels whose truth is 255 are cut out of both maps: their rim is an outline in both.

    Args:
        labels: (H, W) uint8, predicted classes, 0 to K - 1.
        truth: (H, W) uint8, true classes and 255.
        num_classes: K.

    Returns:
        (2, K) int64: pixels of the intersection and of the union.
    """
    distance = boundary_width(*truth.shape)
    maps = (np.where(truth == IGNORED, truth, labels), np.ascontiguousarray(truth))
    regions = [boundary_region(one, distance) for one in maps]
    counts = np.zeros((2, num_classes), dtype=np.int64)
    _count(*(one.reshape(-1) for one in (*maps, *regions)), counts)
    return counts


@kernel
def _clear_inside(labels, distance, region):
    """Clear pixels whose square is of one value; it ends at the pixel looked at, so that each is looked at once."""
    height, width = labels.shape
    side = 2 * distance + 1
    rows = np.zeros(width, dtype=np.int32)  # of one value throughout, one below the other
    for y in range(height):
        is_plain = np.zeros(width, dtype=np.int32)  # whether the row of the square around x is of one value
        run = 0
        for x in range(width):
            run = run + 1 if x and labels[y, x] == labels[y, x - 1] else 1
            if run >= side:
                is_plain[x - distance] = 1
        for x in range(width):
            goes_on = y > 0 and labels[y, x] == labels[y - 1, x]
            rows[x] = (rows[x] * goes_on + 1) * is_plain[x]
        if y >= side - 1:
            for x in range(width):
                region[y - distance, x] = rows[x] < side


@kernel
def _count(labels, truth, label_region, truth_region, counts):
    for pixel in range(len(truth)):
        near_true, near_predicted = truth_region[pixel], label_region[pixel]
        if not (near_true or near_predicted) or truth[pixel] == IGNORED:
            continue
        true, predicted = truth[pixel], labels[pixel]
        if true == predicted:
            counts[0, true] += near_true and near_predicted
            counts[1, true] += 1
        else:
            counts[1, true] += near_true
            counts[1, predicted] += near_predicted
