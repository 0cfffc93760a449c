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
        hole = hole[::-1]  # against the outline's turn, so that its area counts negative
        apart = ((outline[:, None] - hole[None]) ** 2).sum(-1)
        at, start = np.unravel_index(apart.argmin(), apart.shape)
        loop = np.roll(hole, -start, axis=0)
        outline = np.concatenate([outline[: at + 1], loop, loop[:1], outline[at:]])
    return outline


def _outline(region: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Outer outline (n, 2) of the one connected region within a box (left, top, width, height), in mask pixels."""
    left, top, width, height = (int(part) for part in box)
    lattice = _corner_lattice(region[top : top + height, left : left + width].astype(np.uint8))
    contour = cv2.findContours(lattice, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0][0]
    return cv2.approxPolyDP(contour, 2 * _TOLERANCE, True)[:, 0] / 2 + (left, top)


def _holes(mask: np.ndarray, least: float) -> list[tuple[np.ndarray, tuple[int, int]]]:
    """Find what a mask encloses: the outline of every hole, and a pixel (y, x) of the part around it."""
    outside = np.pad(~mask, 1, constant_values=True).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(outside, connectivity=4)
    found = []
    for label in range(1, len(stats)):
        if label == labels[0, 0] or stats[label, cv2.CC_STAT_AREA] < least:
            continue
        y = int(stats[label, cv2.CC_STAT_TOP])
        x = int(np.argmax(labels[y] == label))
        found.append((_outline(labels == label, stats[label, :4]) - 1, (y - 1, x - 2)))
    return found


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
    corner = np.array([cols[0], rows[0]])
    mask = mask[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    fewest = least / scale**2
    holes: dict[int, list[np.ndarray]] = {}
    for outline, inside in _holes(mask, fewest):
        holes.setdefault(int(labels[inside]), []).append(outline)
    return [
        (_with_holes(_outline(labels == label, stats[label, :4]), holes.get(label, [])) + corner) * scale
        for label in range(1, count)
        if stats[label, cv2.CC_STAT_AREA] >= fewest
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
