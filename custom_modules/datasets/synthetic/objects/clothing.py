"""Clothing: shirts, trousers, socks, gloves; soft folds, seams and a visible weave."""

import numpy as np

from .. import palette, prints
from ..canvas import Canvas, Pose, Sprite
from ..shapes import capsule, points, rectangle, rounded, wobbled
from .solids import outline_edge

_HUE = 0.63  # favoured hue of vivid parts


def _cloth(canvas: Canvas, mask: np.ndarray, *, patterned: bool = True) -> np.ndarray:
    """Paint a mask as dyed cloth and return its main colour."""
    rng = canvas.rng
    base = palette.body_color(rng, light=0.05, gloom=0.04, dull=0.02, hue=_HUE)
    color: np.ndarray = base
    draw = rng.random() if patterned else 1.0
    if draw < 0.22:
        page = prints.stripes(rng, base, along_u=rng.random() < 0.5)
        color = canvas.texture(page, (-1, -1, 1, 1), v=canvas.v + 0.06 * canvas.noise(1.5))
    elif draw < 0.34:
        color = canvas.texture(prints.checks(rng, base), (-1, -1, 1, 1), v=canvas.v + 0.05 * canvas.noise(1.5))
    canvas.paint(mask, color)
    return base


def _drape(canvas: Canvas, mask: np.ndarray, depth: float = 0.2) -> None:
    """Lay the cloth in soft folds and give it its weave and a stitched hem."""
    folds = canvas.noise(1.6, octaves=2) + 0.6 * canvas.ridges(1.1, octaves=1)
    canvas.height += mask * depth * folds
    canvas.darken(mask, 0.24 * np.clip(-folds, 0, 1))
    pitch = min(60.0, canvas.scale / 4.0)
    weave = np.sin(canvas.u * pitch * 2) * np.sin(canvas.v * pitch * 2)
    canvas.darken(mask, 0.2 * weave + 0.05 * canvas.noise(20))
    hem = outline_edge(canvas, mask, 0.045) - outline_edge(canvas, mask, 0.025)
    canvas.darken(hem, 0.3)


def shirt(pose: Pose) -> Sprite:
    """Draw a shirt spread out: body, two short or long sleeves, round neck, sometimes a print."""
    rng = pose.rng
    canvas = Canvas(pose, half_u=1.02, half_v=1.0, lift=0.1)
    reach = rng.uniform(0.0, 0.5)
    sleeves = [
        points(
            (0.86, side * 0.3),
            (0.62, side * 0.62),
            (0.3 - reach, side * 0.95),
            (0.1 - reach, side * 0.72),
            (0.42, side * 0.42),
            (0.42, side * 0.3),
        )
        for side in (-1, 1)
    ]
    body = points(
        (-0.94, -0.47), (-0.94, 0.47), (0.45, 0.46), (0.8, 0.42), (0.92, 0.2), (0.92, -0.2), (0.8, -0.42), (0.45, -0.46)
    )
    mask = canvas.polygon(wobbled(rng, body, 0.025), *(wobbled(rng, sleeve, 0.025) for sleeve in sleeves))
    mask = mask * (1 - canvas.polygon(capsule((0.93, -0.08), (0.93, 0.08), 0.12)))
    base = _cloth(canvas, mask)
    collar = canvas.polygon(capsule((0.93, -0.08), (0.93, 0.08), 0.19))
    canvas.ink(collar, base * 0.7)
    if rng.random() < 0.15:
        page = prints.label(rng, palette.contrast_color(rng, base))
        canvas.ink(
            canvas.polygon(rectangle(-0.1, -0.27, 0.5, 0.27)), canvas.texture(page, (-0.1, -0.27, 0.5, 0.27)), 0.9
        )
    elif rng.random() < 0.5:
        canvas.darken(canvas.stroke(points((-0.94, 0), (0.85, 0)), 0.03), 0.35)
        for u in np.linspace(-0.75, 0.7, 6):
            canvas.ink(canvas.polygon(capsule((u, 0.03), (u, 0.04), 0.03)), palette.contrast_color(rng, base))
    for side in (-1, 1):
        canvas.darken(canvas.stroke(points((0.42, side * 0.45), (0.84, side * 0.36)), 0.025), 0.35)
    _drape(canvas, mask)
    return canvas.sprite()


def trousers(pose: Pose) -> Sprite:
    """Draw trousers or shorts: waistband, two legs apart, seams, pockets."""
    rng = pose.rng
    canvas = Canvas(pose, half_u=1.02, half_v=0.72, lift=0.1)
    spread, knee = rng.uniform(0.3, 0.5), rng.uniform(-0.1, 0.1)
    legs = [
        points(
            (0.5, side * 0.02),
            (0.5, side * 0.42),
            (-0.2, side * 0.46 + knee),
            (-0.95, side * (spread + 0.16)),
            (-0.95, side * (spread - 0.14)),
            (-0.2, side * 0.16 + knee),
        )
        for side in (-1, 1)
    ]
    hips = points((0.35, -0.43), (0.35, 0.43), (0.96, 0.36), (0.96, -0.36))
    mask = canvas.polygon(hips, *(wobbled(rng, leg, 0.02) for leg in legs))
    base = _cloth(canvas, mask, patterned=rng.random() < 0.4)
    canvas.ink(canvas.ramp(canvas.u - 0.84), base * 0.72)
    canvas.darken(canvas.stroke(points((0.84, -0.4), (0.84, 0.4)), 0.025), 0.4)
    canvas.darken(canvas.stroke(points((0.35, 0), (0.96, 0)), 0.03), 0.45)
    for side in (-1, 1):
        canvas.darken(canvas.stroke(points((0.8, side * 0.18), (0.56, side * 0.4)), 0.025), 0.4)
        canvas.darken(canvas.stroke(points((0.4, side * 0.3), (-0.95, side * spread)), 0.02), 0.3)
    _drape(canvas, mask, 0.16)
    return canvas.sprite()


def sock(pose: Pose) -> Sprite:
    """Draw a sock: leg and foot at an angle, ribbed cuff, other-coloured heel and toe."""
    rng = pose.rng
    canvas = Canvas(pose, half_u=1.02, half_v=0.74, lift=0.14)
    foot = rng.uniform(0.42, 0.55)
    outline = rounded(
        points(
            (0.95, -0.52),
            (0.95, -0.02),
            (-0.25, 0.0),
            (-0.4, foot + 0.1),
            (-0.62, foot + 0.16),
            (-0.9, foot),
            (-0.95, -0.3),
            (-0.75, -0.56),
            (-0.4, -0.52),
        ),
        2,
    )
    mask = canvas.polygon(wobbled(rng, outline, 0.02))
    base = _cloth(canvas, mask)
    accent = palette.contrast_color(rng, base) if rng.random() < 0.7 else base * 0.8
    canvas.ink(canvas.ramp(0.3 - np.hypot(canvas.u + 0.9, canvas.v + 0.42)), accent)
    canvas.ink(canvas.ramp(canvas.v - foot + 0.12) * (canvas.u < -0.2), accent)
    cuff = mask * canvas.ramp(canvas.u - 0.66)
    canvas.ink(cuff, accent)
    canvas.darken(cuff, 0.25 + 0.25 * np.cos(canvas.v * 48))
    canvas.darken(canvas.stroke(points((0.66, -0.55), (0.66, 0.0)), 0.03), 0.35)
    _drape(canvas, mask, 0.12)
    return canvas.sprite()


def glove(pose: Pose) -> Sprite:
    """Draw a work glove: palm, four fingers, thumb, knitted cuff, often a coated palm."""
    rng = pose.rng
    canvas = Canvas(pose, half_u=1.02, half_v=0.72, lift=0.14)
    palm = rounded(points((-0.55, -0.33), (-0.55, 0.33), (0.1, 0.42), (0.25, 0.36), (0.25, -0.4), (0.1, -0.44)), 1)
    fingers = []
    for v, reach in zip((-0.32, -0.1, 0.11, 0.31), (0.66, 0.84, 0.88, 0.76), strict=True):
        bend = rng.uniform(-0.06, 0.06)
        fingers.append(capsule((0.1, v * 0.95), (reach + rng.uniform(-0.08, 0.02), v * 1.2 + bend), 0.105))
    thumb = capsule((-0.25, -0.3), (0.18, -0.56 + rng.uniform(-0.03, 0.03)), 0.11)
    cuff = rectangle(-0.96, -0.3, -0.5, 0.3)
    mask = canvas.polygon(palm, thumb, cuff, *fingers)
    base = _cloth(canvas, mask, patterned=False)
    if rng.random() < 0.5:
        canvas.ink(canvas.ramp(canvas.u + rng.uniform(-0.15, 0.35)), palette.contrast_color(rng, base))
    gaps = np.maximum.reduce([outline_edge(canvas, canvas.polygon(finger), 0.03) for finger in fingers])
    canvas.darken(gaps * (canvas.u > 0.12), 0.35)
    band = mask * canvas.ramp(-0.55 - canvas.u)
    canvas.darken(band, 0.2 + 0.25 * np.cos(canvas.v * 42))
    hem = mask * canvas.ramp(-0.88 - canvas.u)
    canvas.ink(hem, palette.contrast_color(rng, base))
    _drape(canvas, mask, 0.1)
    return canvas.sprite()
