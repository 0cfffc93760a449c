"""Convex windows: cutting them, and the extent of any polygon seen through one."""

import numpy as np


def intersect_convex(subject: np.ndarray, window: np.ndarray) -> np.ndarray:
    """Cut a polygon with a convex one (Sutherland & Hodgman 1974, "Reentrant polygon clipping").

    Args:
        subject: (n, 2) corners; the result is exact when it is convex.
        window: (m, 2) corners of a convex polygon, either orientation.

    Returns:
        (k, 2) corners of what both have in common; k is 0 when that has no area.
    """
    if signed_area(window) == 0:
        return np.zeros((0, 2))
    for start, normal in _half_planes(window):
        if not len(subject):
            break
        subject = _cut(subject, (subject - start) @ normal)
    return subject if len(subject) >= 3 else np.zeros((0, 2))


def extent(parts: list[np.ndarray], window: np.ndarray | None) -> np.ndarray | None:
    """Find the smallest upright box around the visible part of a shape.

    The visible area ends at pieces of the shape's edges inside the window and at corners of the window inside the
    shape, so those points decide, however the shape bends.

    Args:
        parts: Polygons (k, 2) whose union the shape is.
        window: (m, 2) convex polygon, or None for no limit.

    Returns:
        (4,) float64, xyxy, or None when nothing is visible.
    """
    points = parts if window is None else [p for part in parts for p in _visible_points(part, window)]
    points = [p for p in points if len(p)]
    if not points:
        return None
    corners = np.concatenate(points)
    return np.concatenate([corners.min(axis=0), corners.max(axis=0)])


def signed_area(polygon: np.ndarray) -> float:
    """Give the area of a polygon (n, 2) by the shoelace formula, positive when x turns towards y."""
    if not len(polygon):
        return 0.0
    x, y = polygon.T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def contains(polygon: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Say which points (n, 2) lie inside a polygon (k, 2) by the even-odd rule; returns (n,) bool."""
    (x0, y0), (x1, y1) = polygon.T, np.roll(polygon, -1, axis=0).T
    px, py = points[:, :1], points[:, 1:]
    crosses = (y0 <= py) != (y1 <= py)
    with np.errstate(divide='ignore', invalid='ignore'):
        x = x0 + (py - y0) / (y1 - y0) * (x1 - x0)
    return (crosses & (px < x)).sum(axis=1) % 2 == 1


def _half_planes(window: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Give a point on and the inward normal of each edge of a convex polygon."""
    edges = np.roll(window, -1, axis=0) - window
    normals = np.stack([-edges[:, 1], edges[:, 0]], axis=1)
    return list(zip(window, normals if signed_area(window) > 0 else -normals, strict=True))


def _cut(subject: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """Keep what has a distance (n,) of at least 0, interpolating where an edge crosses 0."""
    kept = []
    for i in range(len(subject)):
        j = (i + 1) % len(subject)
        if distance[i] >= 0:
            kept.append(subject[i])
        if distance[i] * distance[j] < 0:
            kept.append(subject[i] + distance[i] / (distance[i] - distance[j]) * (subject[j] - subject[i]))
    return np.array(kept).reshape(-1, 2)


def _visible_points(part: np.ndarray, window: np.ndarray) -> list[np.ndarray]:
    """Give the ends of the pieces of a polygon's edges inside a window, and the window's corners inside it."""
    if signed_area(window) == 0:
        return []
    starts, edges = part, np.roll(part, -1, axis=0) - part
    enter, leave = np.zeros(len(part)), np.ones(len(part))
    for origin, normal in _half_planes(window):
        distance, speed = (starts - origin) @ normal, edges @ normal
        with np.errstate(divide='ignore', invalid='ignore'):
            crossing = -distance / speed
        enter = np.where(speed > 0, np.maximum(enter, crossing), enter)
        leave = np.where(speed < 0, np.minimum(leave, crossing), leave)
        leave = np.where((speed == 0) & (distance < 0), -1.0, leave)
    seen = enter < leave
    ends = [starts[seen] + edges[seen] * t[seen, None] for t in (enter, leave)]
    return [*ends, window[contains(part, window)]]
