"""Random fields that floors and objects are textured with.

Frequencies are given in cells per picture side or per patch, never in pixels,
so that a picture looks the same at any size.
"""

import cv2
import numpy as np

Shape = tuple[int, int]


def _upsampled_lattice(rng: np.random.Generator, shape: Shape, cells_yx: tuple[float, float]) -> np.ndarray:
    # cv2.resize, because warpAffine rounds positions to 1/32 of a cell, which shows as steps in the slopes.
    rows, cols = (int(np.ceil(cells)) + 2 for cells in cells_yx)
    lattice = rng.uniform(-1, 1, (rows, cols)).astype(np.float32)
    pitch_y, pitch_x = (side / max(cells, 0.5) for cells, side in zip(cells_yx, shape, strict=True))
    height, width = max(round(rows * pitch_y), shape[0]), max(round(cols * pitch_x), shape[1])
    field = cv2.resize(lattice, (width, height), interpolation=cv2.INTER_CUBIC)
    top, left = ((full - side) * share for full, side, share in zip(field.shape, shape, rng.random(2), strict=True))
    return field[int(top) : int(top) + shape[0], int(left) : int(left) + shape[1]]


def value_noise(
    rng: np.random.Generator, shape: Shape, cells: float | tuple[float, float], *, octaves: int = 1, gain: float = 0.5
) -> np.ndarray:
    """Draw smooth noise.

    Args:
        rng: Source of all randomness.
        shape: (h, w) in pixels.
        cells: Lattice cells over the longer side, or (over the height, over the width).
        octaves: Number of layers, each with twice the cells of the one before.
        gain: Amplitude of each layer relative to the one before.

    Returns:
        (h, w) float32, about [-1, 1].
    """
    if not isinstance(cells, tuple):
        cells = (cells * shape[0] / max(shape), cells * shape[1] / max(shape))
    total = np.zeros(shape, np.float32)
    amplitude, norm = 1.0, 0.0
    for octave in range(octaves):
        scaled = tuple(min(count * 2**octave, side) for count, side in zip(cells, shape, strict=True))
        total += amplitude * _upsampled_lattice(rng, shape, scaled)
        norm += amplitude
        amplitude *= gain
    return total / norm


def ridges(rng: np.random.Generator, shape: Shape, cells: float, *, octaves: int = 2) -> np.ndarray:
    """Draw noise with sharp crests, as folds and wrinkles have: 1 - |noise|, (h, w) float32 in about [0, 1]."""
    total = np.zeros(shape, np.float32)
    amplitude, norm = 1.0, 0.0
    for octave in range(octaves):
        total += amplitude * (1 - np.abs(value_noise(rng, shape, cells * 2**octave)) * 1.6)
        norm += amplitude
        amplitude *= 0.5
    return total / norm


def voronoi(rng: np.random.Generator, shape: Shape, count: int) -> tuple[np.ndarray, int]:
    """Split a patch into cells around random points.

    Args:
        rng: Source of all randomness.
        shape: (h, w) in pixels.
        count: Points asked for; fewer where two fall on one pixel.

    Returns:
        Labels (h, w) int32 in [0, n), and n.
    """
    sites = np.ones(shape, np.uint8)
    spots = rng.random((max(count, 1), 2))
    sites[(spots[:, 0] * shape[0]).astype(int), (spots[:, 1] * shape[1]).astype(int)] = 0
    _, labels = cv2.distanceTransformWithLabels(sites, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    return labels - 1, int(labels.max())


def cell_domes(labels: np.ndarray) -> np.ndarray:
    """Distance of every pixel to the edge of its cell, (h, w) float32 in pixels."""
    inside = np.ones(labels.shape, np.uint8)
    inside[:, 1:][labels[:, 1:] != labels[:, :-1]] = 0
    inside[1:][labels[1:] != labels[:-1]] = 0
    return cv2.distanceTransform(inside, cv2.DIST_L2, 3)


def crumple_slopes(rng: np.random.Generator, shape: Shape, count: int, steepness: float) -> np.ndarray:
    """Draw the slopes of a crumpled sheet: flat facets at random tilts, bent a little.

    Args:
        rng: Source of all randomness.
        shape: (h, w) in pixels.
        count: Large facets; a second layer has four times as many, half as steep.
        steepness: Standard deviation of the slopes of the large facets.

    Returns:
        (h, w, 2) float32, slopes along x and y.
    """
    total = np.zeros((*shape, 2), np.float32)
    for factor, amount in ((1, steepness), (4, steepness * 0.55)):
        labels, found = voronoi(rng, shape, count * factor)
        tilts = rng.normal(0, amount, (found, 2)).astype(np.float32)
        total += tilts[labels]
    return cv2.blur(total, (3, 3))
