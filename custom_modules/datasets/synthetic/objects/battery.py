"""Battery: round cells, nine-volt blocks, button cells."""

import numpy as np

from .. import palette, prints
from ..canvas import Canvas, Pose, Sprite
from ..shapes import ellipse, points, rectangle
from .solids import box, brushed_disc, lathe, outline_edge

_HUE = 0.07  # favoured hue of vivid parts

_STEEL = palette.rgb(0.74, 0.74, 0.74)


def _sign(canvas: Canvas, u: float, v: float, size: float, color: np.ndarray, *, plus: bool) -> None:
    strokes = [points((u, v - size), (u, v + size))]
    if plus:
        strokes.append(points((u - size, v), (u + size, v)))
    for path in strokes:
        canvas.ink(canvas.stroke(path, size * 0.6), color)


def round_cell(pose: Pose) -> Sprite:
    """Draw a cylindrical cell: two-coloured wrap, steel ends, the knob of its positive pole, + and -."""
    rng, radius = pose.rng, float(pose.rng.choice([0.2, 0.27, 0.27, 0.45])) * pose.rng.uniform(0.95, 1.1)
    canvas = Canvas(pose, half_u=1.03, half_v=radius + 0.06, lift=0.5)
    knob = radius * 0.36
    body = lathe(canvas, (-1, -0.99, 0.86, 0.87, 0.88, 1.0), (radius * 0.85, radius, radius, radius * 0.9, knob, knob))
    base = palette.body_color(rng, light=0.05, gloom=0.65, dull=0.0, hue=_HUE)
    head = palette.vivid(rng, _HUE) if rng.random() < 0.7 else palette.contrast_color(rng, base)
    split = rng.uniform(0.15, 0.5)
    shade = 1.05 - 0.75 * np.abs(body.across) ** 3
    canvas.paint(body.mask, base * shade[..., None], gloss=1.0, height=0.8 * body.height)
    canvas.ink(canvas.ramp(canvas.u - split), head * shade[..., None])
    steel = _STEEL * (0.6 + 0.8 * np.exp(-(((body.across + 0.25) / 0.3) ** 2)))[..., None]
    canvas.ink(canvas.ramp(canvas.u - 0.8), steel)
    canvas.ink(canvas.ramp(-0.93 - canvas.u), steel)
    canvas.darken(canvas.stroke(points((0.865, -radius), (0.865, radius)), 0.03), 0.55)
    _cell_print(canvas, base, head, split, radius)
    return canvas.sprite()


def _cell_print(canvas: Canvas, base: np.ndarray, head: np.ndarray, split: float, radius: float) -> None:
    rng = canvas.rng
    name = prints.blank(24, 72, base)
    prints.word(rng, name, head, (6, 4, 66, 20))
    box_uv = (-0.8, -radius * 0.55, split - 0.08, radius * 0.55)
    canvas.ink(canvas.polygon(rectangle(*box_uv)), canvas.texture(name, box_uv), 0.9)
    _sign(canvas, (split + 0.8) / 2, 0.0, radius * 0.4, base, plus=True)
    _sign(canvas, -0.87, 0.0, radius * 0.3, head, plus=False)
    streak = np.exp(-(((canvas.v / radius + 0.35) / 0.12) ** 2))
    canvas.ink(streak * (canvas.u < 0.86), palette.rgb(1, 1, 1), 0.55)


def nine_volt(pose: Pose) -> Sprite:
    """Draw a nine-volt block: printed case in two colours, end plate with two snap contacts."""
    rng, half_v = pose.rng, pose.rng.uniform(0.44, 0.52)
    canvas = Canvas(pose, half_u=1.03, half_v=half_v + 0.14, lift=0.45)
    base = palette.body_color(rng, light=0.05, gloom=0.65, dull=0.0, hue=_HUE)
    head = palette.vivid(rng, _HUE) if rng.random() < 0.7 else palette.contrast_color(rng, base)
    page = prints.blank(48, 96, base)
    page[:, 62:] = head
    prints.word(rng, page, head, (6, 14, 56, 34))
    dv = rng.uniform(0.14, 0.22)
    faces = (-0.97, -half_v - dv / 2, 0.66, half_v - dv / 2)
    picture = canvas.texture(page, faces)
    box(canvas, faces, (0.12, dv), (picture, _STEEL * 0.7, picture * 0.8), gloss=0.6)
    _sign(canvas, 0.42, -half_v * 0.55, 0.1, base, plus=True)
    _sign(canvas, 0.42, half_v * 0.25, 0.1, base, plus=False)
    for v, radius in ((-half_v * 0.5, 0.13), (half_v * 0.5, 0.17)):
        _snap(canvas, v, radius)
    return canvas.sprite()


def _snap(canvas: Canvas, v: float, radius: float) -> None:
    across = np.clip((canvas.v - v) / radius, -1, 1)
    stud = canvas.polygon(rectangle(0.68, v - radius, 0.84, v + radius))
    canvas.paint(stud, _STEEL * (1.15 - 0.8 * across**2)[..., None], gloss=0.4)
    top = canvas.polygon(ellipse(0.84, v, 0.045, radius))
    canvas.paint(top, _STEEL * 1.2, gloss=0.4)
    canvas.darken(canvas.polygon(ellipse(0.845, v, 0.025, radius * 0.6)), 0.65)
    canvas.darken(canvas.stroke(points((0.69, v - radius), (0.69, v + radius)), 0.02), 0.5)


def button_cell(pose: Pose) -> Sprite:
    """Draw a button cell: steel disc with a bevelled rim, a large engraved +, a ring of letters."""
    rng = pose.rng
    canvas = Canvas(pose, half_u=1.0, half_v=1.0, lift=0.2)
    dist, angle = np.hypot(canvas.u, canvas.v), np.arctan2(canvas.v, canvas.u)
    tone = _STEEL * rng.uniform(0.75, 1.15) * (palette.rgb(1, 0.92, 0.75) if rng.random() < 0.3 else 1)
    mask = canvas.ramp(0.97 - dist)
    bright = brushed_disc(rng, canvas.u, canvas.v)[..., None]
    canvas.paint(mask, tone * bright, gloss=0.7, height=0.15 * np.clip((0.97 - dist) * 6, 0, 1))
    canvas.darken(canvas.ramp(0.03 - np.abs(dist - 0.8)), 0.55)
    ink = palette.rgb(0.12, 0.12, 0.12)
    _sign(canvas, 0.0, -0.1, 0.3, ink, plus=True)
    letters = (np.abs(dist - 0.64) < 0.07) & (np.sin(angle * 26) > 0) & (np.sin(angle) > 0)
    canvas.ink(letters.astype(np.float32), ink, 0.8)
    canvas.darken(outline_edge(canvas, mask, 0.035), 0.4)
    return canvas.sprite()
