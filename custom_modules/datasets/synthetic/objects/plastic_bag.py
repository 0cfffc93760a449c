"""Plastic bag: carrier bags with handles, knotted bags, bags blown flat, clear food bags."""

import numpy as np

from .. import palette, prints
from ..canvas import Canvas, Pose, Sprite
from ..shapes import blob, capsule, ellipse, points, rounded, wobbled
from .solids import outline_edge

_HUE = 0.4  # favoured hue of vivid parts


def _film(rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """Draw the colour of the film and how much it hides."""
    return palette.body_color(rng, light=0.12, gloom=0.15, dull=0.0, hue=_HUE), float(rng.uniform(0.65, 0.95))


def _wrinkle(canvas: Canvas, mask: np.ndarray, depth: float) -> None:
    """Crease thin film: long soft folds with bright crests, denser where they meet the edge."""
    folds = canvas.ridges(1.5, octaves=3)
    canvas.height += mask * depth * folds
    crest = np.clip(folds - 0.72, 0, 1) * 3.5
    canvas.ink(crest, palette.rgb(1, 1, 1), 0.4)
    canvas.opacity = np.clip(canvas.opacity + mask * (0.35 * crest + 0.18 * (folds - 0.6)), 0, 1)


def carrier(pose: Pose) -> Sprite:
    """Draw a carrier bag lying flat: crinkled body, two loop handles, often a print."""
    rng, half_v = pose.rng, pose.rng.uniform(0.5, 0.66)
    canvas = Canvas(pose, half_u=1.06, half_v=half_v + 0.14, lift=0.16)
    color, opacity = _film(rng)
    body = wobbled(
        rng, points((-0.95, -half_v), (-0.95, half_v), (0.35, half_v * 0.95), (0.25, 0.0), (0.35, -half_v * 0.95)), 0.05
    )
    mask = canvas.polygon(body)
    for side in (-1, 1):
        centre = side * half_v * 0.6
        loop = rounded(
            points((0.1, centre - 0.24), (0.1, centre + 0.24), (0.98, centre + 0.2), (0.98, centre - 0.2)), 2
        )
        hole = ellipse(0.56, centre, 0.28, 0.11)
        handle = canvas.polygon(wobbled(rng, loop, 0.02)) * (1 - canvas.polygon(wobbled(rng, hole, 0.02)))
        mask = np.maximum(mask, handle)
    canvas.paint(mask, color, opacity=opacity, gloss=0.75)
    if rng.random() < 0.4:
        shape = (
            ellipse(-0.35, 0, 0.42, half_v * 0.65)
            if rng.random() < 0.5
            else points((-0.8, -0.35), (0.1, -0.35), (0.1, 0.35), (-0.8, 0.35))
        )
        page = prints.label(rng, palette.contrast_color(rng, color))
        bent = canvas.v + 0.1 * canvas.noise(2)
        canvas.ink(canvas.polygon(shape), canvas.texture(page, (-0.8, -0.4, 0.1, 0.4), v=bent), 0.85)
    _wrinkle(canvas, mask, 0.16)
    return canvas.sprite()


def knotted(pose: Pose) -> Sprite:
    """Draw a full bag tied at the neck: plump body, folds running to the knot, two ears."""
    rng, half_v = pose.rng, pose.rng.uniform(0.62, 0.78)
    canvas = Canvas(pose, half_u=1.08, half_v=half_v + 0.12, lift=0.6)
    color, opacity = _film(rng)
    outline = blob(rng, 0.72, half_v, rough=0.06) + np.array([-0.28, 0], np.float32)
    neck = points((0.15, -0.3), (0.15, 0.3), (0.6, 0.09), (0.6, -0.09))
    ears = [
        rounded(points((0.56, 0), (0.8, side * 0.08), (1.0, side * 0.34), (0.82, side * 0.42)), 2) for side in (-1, 1)
    ]
    mask = canvas.polygon(outline, rounded(neck, 1), *(wobbled(rng, ear, 0.02) for ear in ears))
    dome = np.sqrt(np.clip(1 - ((canvas.u + 0.28) / 0.85) ** 2 - (canvas.v / (half_v * 1.1)) ** 2, 0, 1))
    canvas.paint(mask, color, opacity=max(opacity, 0.8), gloss=0.85, height=0.42 * dome)
    _gathers(canvas, mask)
    knot = canvas.polygon(ellipse(0.6, 0, 0.09, 0.11))
    canvas.paint(knot, color * 0.8, gloss=0.8, height=0.25)
    canvas.darken(outline_edge(canvas, knot, 0.03), 0.45)
    return canvas.sprite()


def _gathers(canvas: Canvas, mask: np.ndarray) -> None:
    """Fold the film along lines that run out from the knot."""
    rng = canvas.rng
    du, dv = canvas.u - 0.6, canvas.v
    angle, dist = np.arctan2(dv, -du), np.hypot(du, dv)
    count = int(rng.integers(9, 15))
    pleats = np.sin(angle * count + 2.2 * canvas.noise(1.2)) * np.clip(1.25 - dist, 0, 1)
    canvas.height += mask * 0.05 * pleats
    canvas.darken(mask, 0.3 * np.clip(-pleats, 0, 1))
    canvas.ink(np.clip(pleats - 0.45, 0, 1), palette.rgb(1, 1, 1), 0.5)
    _wrinkle(canvas, mask, 0.07)


def crumpled_film(pose: Pose) -> Sprite:
    """Draw an empty bag blown into a heap: soft outline, many folds, see-through in places."""
    rng, half_v = pose.rng, pose.rng.uniform(0.55, 0.85)
    canvas = Canvas(pose, half_u=1.12, half_v=half_v + 0.22, lift=0.3)
    color, opacity = _film(rng)
    outline = wobbled(rng, blob(rng, 0.88, half_v, rough=0.16), 0.05, waves=11)
    tail = wobbled(rng, capsule((0.3, 0.1), (0.9, rng.uniform(-half_v, half_v) * 0.7), 0.14), 0.04)
    mask = canvas.polygon(outline, tail)
    canvas.paint(mask, color, opacity=opacity * 0.9, gloss=0.9)
    _wrinkle(canvas, mask, 0.26)
    canvas.darken(outline_edge(canvas, mask, 0.03), -0.15)
    return canvas.sprite()


def clear_bag(pose: Pose) -> Sprite:
    """Draw a clear flat bag with a welded seam and a zip or a fold, nearly invisible but for its lights."""
    rng, half_v = pose.rng, pose.rng.uniform(0.6, 0.8)
    canvas = Canvas(pose, half_u=1.04, half_v=half_v + 0.1, lift=0.08)
    outline = wobbled(rng, points((-0.95, -half_v), (-0.95, half_v), (0.95, half_v), (0.95, -half_v)), 0.03)
    mask = canvas.polygon(outline)
    canvas.paint(mask, palette.body_color(rng, light=0.75, gloom=0.0, dull=0.0), opacity=0.42, gloss=1.0)
    for u in (0.7, 0.78):
        line = canvas.stroke(points((u, -half_v), (u, half_v)), 0.03)
        canvas.paint(line * mask, palette.body_color(rng, light=0.4), opacity=0.85)
    _wrinkle(canvas, mask, 0.2)
    edge = outline_edge(canvas, mask, 0.035)
    canvas.paint(edge, palette.rgb(0.9, 0.93, 0.95), opacity=0.7)
    return canvas.sprite()
