"""Exact outlines of masks as COCO polygons, in pixels with (0, 0) at the picture's top left corner."""

import cv2
import numpy as np

_TOLERANCE = 0.65  # of a mask pixel: takes the steps off slanted edges


def _corner_lattice(mask: np.ndarray) -> np.ndarray:
    """Spread every pixel over the 3 x 3 half-pixel points it covers, so that contours run along pixel edges."""
    lattice = np.zeros((2 * mask.shape[0] + 1, 2 * mask.shape[1] + 1), np.uint8)
    lattice[1::2, 1::2] = mask
    return cv2.dilate(lattice, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)


def shoelace(polygon: np.ndarray) -> float:
    """Area of a closed polygon (n, 2); a hole cut in by a seam counts negative."""
    x, y = polygon.T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


def _with_holes(outline: np.ndarray, holes: list[np.ndarray]) -> np.ndarray:
    """Join holes to their outline by seams of no width, since COCO polygons have no holes."""
    for hole in holes:
        apart = ((outline[:, None] - hole[None]) ** 2).sum(-1)
        at, start = np.unravel_index(apart.argmin(), apart.shape)
        loop = np.roll(hole, -start, axis=0)
        outline = np.concatenate([outline[: at + 1], loop, loop[:1], outline[at:]])
    return outline


def mask_to_polygons(mask: np.ndarray, *, scale: float, least: float) -> list[np.ndarray]:
    """Trace a mask.

    Args:
        mask: (h, w) bool.
        scale: Picture pixels per mask pixel.
        least: Parts and holes with a smaller area (picture pixels) are left out.

    Returns:
        One closed polygon (n, 2) float64 per part, in picture pixels, n at least 3.
    """
    rows, cols = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return []
    offset = np.array([cols[0], rows[0]])
    lattice = _corner_lattice(mask[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1].astype(np.uint8))
    contours, tree = cv2.findContours(lattice, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    simple = [cv2.approxPolyDP(contour, 2 * _TOLERANCE, True)[:, 0] for contour in contours]
    pieces = [(points / 2 + offset) * scale for points in simple]
    large = [len(points) > 2 and shoelace(points) >= least for points in pieces]
    parents = tree[0, :, 3]
    return [
        _with_holes(piece, [pieces[k] for k in np.flatnonzero(parents == index) if large[k]])
        for index, piece in enumerate(pieces)
        if parents[index] < 0 and large[index]
    ]


def coco_shape(polygons: list[np.ndarray]) -> dict:
    """Describe polygons as COCO does: ``segmentation``, ``bbox`` (xywh) and ``area``, rounded to 0.01 pixel."""
    rounded = [np.round(polygon, 2) for polygon in polygons]
    corners = np.concatenate(rounded)
    low, high = corners.min(0), corners.max(0)
    return {
        'segmentation': [polygon.ravel().tolist() for polygon in rounded],
        'bbox': np.round([*low, *(high - low)], 2).tolist(),
        'area': round(sum(shoelace(polygon) for polygon in rounded), 2),
    }
