"""Bodies that several classes are built from: turned solids, boxes, rims."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ..canvas import Canvas
from ..shapes import ellipse, points


@dataclass
class Lathe:
    """A turned body lying on its side, its axis along u.

    Attributes:
        mask: (h, w) coverage.
        radius: (h, w) radius at each pixel's u, local units.
        across: (h, w) position across the body, -1 to 1 from edge to edge.
        height: (h, w) height of its surface, local units.
        around: (h, w) distance along the surface from the axis, for labels.
    """

    mask: np.ndarray
    radius: np.ndarray
    across: np.ndarray
    height: np.ndarray
    around: np.ndarray


def lathe(canvas: Canvas, us: Sequence[float], radii: Sequence[float], *, bend: float = 0.0) -> Lathe:
    """Shape a turned body from its profile.

    Args:
        canvas: Where it is drawn.
        us: Positions along the axis, rising.
        radii: Radius at each of them.
        bend: Sideways shift of the middle relative to the ends.
    """
    dense = np.linspace(us[0], us[-1], 60)
    half = np.interp(dense, us, radii)
    shift = bend * (1 - dense**2)
    mask = canvas.polygon(
        np.vstack([np.stack([dense, shift - half], 1), np.stack([dense, shift + half], 1)[::-1]]).astype(np.float32)
    )
    radius = np.interp(canvas.u, us, radii).astype(np.float32) + 1e-3
    across = np.clip((canvas.v - bend * (1 - canvas.u**2)) / radius, -1, 1)
    height = radius * np.sqrt(np.maximum(1 - across**2, 0))
    return Lathe(mask, radius, across, height, radius * np.arcsin(across))


def metal_bands(rng: np.random.Generator, across: np.ndarray) -> np.ndarray:
    """Brightness of a shiny cylinder: hard light and dark streaks along its axis, about [0.3, 1.5]."""
    tone = np.full(across.shape, 0.62, np.float32)
    for _ in range(rng.integers(3, 5)):
        centre, width = rng.uniform(-0.85, 0.85), rng.uniform(0.05, 0.18)
        tone += float(rng.choice([-0.35, 0.55, 0.7])) * np.exp(-(((across - centre) / width) ** 2))
    return np.clip(tone - 0.35 * np.abs(across) ** 6, 0.12, 1.6)


def brushed_disc(rng: np.random.Generator, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Brightness of a turned metal disc: light and dark sectors around the centre, about [0.4, 1.4]."""
    angle = np.arctan2(v, u)
    phase = rng.uniform(0, 2 * np.pi)
    return 0.8 + 0.38 * np.cos(2 * (angle - phase)) + 0.16 * np.cos(5 * angle + phase)


def box(
    canvas: Canvas,
    faces: tuple[float, float, float, float],
    depth: tuple[float, float],
    paints: Sequence[np.ndarray],
    *,
    gloss: float = 0.1,
) -> list[np.ndarray]:
    """Draw a box of which three faces are seen.

    Args:
        canvas: Where it is drawn.
        faces: (u0, v0, u1, v1) of the front face.
        depth: Offset (du, dv) of the back from the front, both above 0.
        paints: Colours (3,) or (h, w, 3) of front, the face at u1, and the face at v1.
        gloss: Highlights of all faces.

    Returns:
        The masks of the three faces.
    """
    u0, v0, u1, v1 = faces
    du, dv = depth
    outlines = (
        points((u0, v0), (u1, v0), (u1, v1), (u0, v1)),
        points((u1, v0), (u1 + du, v0 + dv), (u1 + du, v1 + dv), (u1, v1)),
        points((u0, v1), (u1, v1), (u1 + du, v1 + dv), (u0 + du, v1 + dv)),
    )
    slopes = ((0.0, 0.0), (-1.1, -0.1), (-0.1, -1.1))
    masks = [canvas.polygon(outline) for outline in outlines]
    for mask, paint, slope in zip(masks, paints, slopes, strict=True):
        canvas.paint(mask, paint, gloss=gloss)
        canvas.tilt(mask, *slope)
    for mask, amount in zip(masks[1:], (0.22, 0.38), strict=True):
        canvas.darken(mask, amount)
    return masks


def opening(canvas: Canvas, u: float, radius: float, rim: np.ndarray, inside: np.ndarray, *, flat: float = 0.3) -> None:
    """Draw the open end of a cup or glass lying on its side: an ellipse with a rim and a dark inside."""
    outer = canvas.polygon(ellipse(u, 0, radius * flat, radius))
    inner = canvas.polygon(ellipse(u, 0, radius * flat * 0.82, radius * 0.88))
    canvas.paint(outer, rim, gloss=0.3, height=radius)
    canvas.paint(inner, inside, gloss=0.05, height=radius * 0.3)
    shade = np.clip(0.35 + 0.4 * canvas.v / radius, 0, 0.8)
    canvas.darken(inner, shade)


def outline_edge(canvas: Canvas, mask: np.ndarray, width: float) -> np.ndarray:
    """Coverage of a band of ``width`` local units just inside the edge of a mask."""
    size = max(1, round(width * canvas.scale)) * 2 + 1
    return mask - cv2.erode(mask, np.ones((size, size), np.uint8))
