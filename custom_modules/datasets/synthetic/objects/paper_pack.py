"""Paper pack: gable-top cartons, drink boxes with a straw, flattened cartons."""

import cv2
import numpy as np

from .. import palette, prints
from ..canvas import Canvas, Pose, Sprite
from ..shapes import capsule, ellipse, points, rectangle, wobbled
from .solids import box

_HUE = 0.58  # favoured hue of vivid parts

_WHITE = palette.rgb(0.92, 0.92, 0.9)


def _scene(rng: np.random.Generator, base: np.ndarray) -> np.ndarray:
    """Draw the print of a carton: a name, a round picture, and a coloured foot with a wavy edge."""
    page = prints.blank(72, 110, base)
    accent = palette.vivid(rng, _HUE)
    level = 30 + 6 * np.sin(np.arange(72) * rng.uniform(0.1, 0.2) + rng.uniform(0, 6))
    page[np.arange(110)[None] < level[:, None]] = accent
    centre = (int(rng.integers(34, 50)), int(rng.integers(20, 52)))
    cv2.circle(page, centre, int(rng.integers(10, 18)), palette.vivid(rng).tolist(), -1, cv2.LINE_AA)
    prints.word(rng, page, accent * 0.7, (54, 16, 106, 56))
    return page


def _spout(canvas: Canvas, u: float, v: float) -> None:
    tone = palette.body_color(canvas.rng, light=0.3)
    canvas.paint(canvas.polygon(ellipse(u, v, 0.09, 0.09)), tone, gloss=0.6, height=0.3)
    canvas.darken(canvas.polygon(ellipse(u + 0.015, v + 0.015, 0.05, 0.05)), 0.25)


def gable_carton(pose: Pose) -> Sprite:
    """Draw a milk carton: square body, two sloping roof panels, the sealed ridge on top."""
    rng, half_v = pose.rng, pose.rng.uniform(0.3, 0.38)
    depth = rng.uniform(0.16, 0.26)
    canvas = Canvas(pose, half_u=1.02, half_v=half_v + depth / 2 + 0.04, lift=0.55)
    base = palette.body_color(rng, light=0.75, gloom=0.05, dull=0.0, hue=_HUE)
    top, bottom = -half_v - depth / 2, half_v - depth / 2
    page = canvas.texture(_scene(rng, base), (-0.98, top, 0.45, bottom))
    side = canvas.texture(_scene(rng, base), (-0.98, bottom, 0.45, bottom + depth))
    front = canvas.polygon(rectangle(-0.98, top, 0.45, bottom))
    flank = canvas.polygon(points((-0.98, bottom), (0.45, bottom), (0.45, bottom + depth), (-0.98, bottom + depth)))
    canvas.paint(front, page, gloss=0.25)
    canvas.paint(flank, side, gloss=0.25)
    canvas.tilt(flank, 0, -1.0)
    canvas.darken(flank, 0.3)
    _roof(canvas, base, top, bottom, depth)
    canvas.slope += 0.05 * canvas.noise(3)[..., None]
    return canvas.sprite()


def _roof(canvas: Canvas, base: np.ndarray, top: float, bottom: float, depth: float) -> None:
    rng, ridge = canvas.rng, 0.78
    tone = base if rng.random() < 0.5 else palette.contrast_color(rng, base)
    low, high = top + depth / 2, bottom + depth / 2
    panel = canvas.polygon(points((0.45, top), (0.45, bottom), (ridge, high), (ridge, low)))
    gable = canvas.polygon(points((0.45, bottom), (0.45, bottom + depth), (ridge, high)))
    fin = canvas.polygon(rectangle(ridge, low, 0.98, high))
    canvas.paint(panel, tone, gloss=0.3)
    canvas.tilt(panel, -0.7, 0.0)
    canvas.paint(gable, tone * 0.85, gloss=0.2)
    canvas.darken(gable, 0.45)
    canvas.paint(fin, _WHITE * 0.95 if rng.random() < 0.6 else tone, gloss=0.3)
    for u in (0.45, ridge, 0.88):
        start = top if u == 0.45 else low
        canvas.darken(canvas.stroke(points((u, start), (u, bottom if u == 0.45 else high)), 0.018), 0.4)
    canvas.darken(canvas.stroke(points((0.45, bottom), (ridge, high)), 0.018), 0.4)
    if rng.random() < 0.5:
        _spout(canvas, 0.61, (low + high) / 2)


def drink_box(pose: Pose) -> Sprite:
    """Draw a small brick carton with folded ears and a bent straw."""
    rng, half_v = pose.rng, pose.rng.uniform(0.42, 0.52)
    canvas = Canvas(pose, half_u=1.04, half_v=0.72, lift=0.5)
    base = palette.body_color(rng, light=0.6, gloom=0.05, dull=0.0, hue=_HUE)
    end, depth = 0.52, (rng.uniform(0.1, 0.16), rng.uniform(0.16, 0.24))
    top = -half_v - 0.06
    page = canvas.texture(_scene(rng, base), (-0.98, top, end, half_v - 0.1))
    lid = _WHITE if rng.random() < 0.5 else base
    flank = canvas.texture(prints.label(rng, base), (-0.98, half_v - 0.1, end, half_v + 0.15))
    box(canvas, (-0.98, top, end, half_v - 0.1), depth, (page, lid, flank), gloss=0.3)
    _straw(canvas, end + depth[0] / 2, top + depth[1] / 2 + 0.15)
    seam = canvas.stroke(points((end, top), (end, half_v - 0.1)), 0.02)
    canvas.darken(seam, 0.35)
    return canvas.sprite()


def _straw(canvas: Canvas, u: float, v: float) -> None:
    rng = canvas.rng
    elbow = (0.82, v + rng.uniform(-0.05, 0.1))
    end = (0.98, v + rng.choice([-0.25, 0.3]))
    pipe = canvas.polygon(capsule((u, v), elbow, 0.035), capsule(elbow, end, 0.035))
    tone = _WHITE if rng.random() < 0.5 else palette.vivid(rng)
    canvas.paint(pipe, tone, gloss=0.6, height=0.6)
    stripe = ((canvas.u * 9 + canvas.v * 9) % 1 < 0.4) * pipe
    canvas.ink(stripe, tone * 0.55)


def brick_carton(pose: Pose) -> Sprite:
    """Draw a tall litre carton with a screw cap on its slanted top."""
    rng, half_v = pose.rng, pose.rng.uniform(0.27, 0.34)
    canvas = Canvas(pose, half_u=1.04, half_v=half_v + 0.17, lift=0.5)
    base = palette.body_color(rng, light=0.7, gloom=0.05, dull=0.0, hue=_HUE)
    depth = (0.14, rng.uniform(0.16, 0.24))
    top = -half_v - depth[1] / 2
    bottom = half_v - depth[1] / 2
    page = canvas.texture(_scene(rng, base), (-0.98, top, 0.8, bottom))
    flank = canvas.texture(_scene(rng, base), (-0.98, bottom, 0.8, bottom + depth[1]))
    lid = palette.contrast_color(rng, base) if rng.random() < 0.4 else base
    box(canvas, (-0.98, top, 0.8, bottom), depth, (page, lid, flank), gloss=0.3)
    canvas.darken(canvas.stroke(points((0.8, top), (0.8, bottom)), 0.018), 0.4)
    canvas.darken(canvas.stroke(points((-0.98, bottom), (0.8, bottom)), 0.018), 0.4)
    _spout(canvas, 0.87, (top + bottom) / 2 + depth[1] / 2)
    return canvas.sprite()


def flattened_carton(pose: Pose) -> Sprite:
    """Draw a gable-top carton pressed flat: creased roof triangles, ridge, dented sides."""
    rng, half_v = pose.rng, pose.rng.uniform(0.42, 0.52)
    canvas = Canvas(pose, half_u=1.04, half_v=half_v + 0.1, lift=0.14)
    base = palette.body_color(rng, light=0.75, gloom=0.05, dull=0.0, hue=_HUE)
    outline = points(
        (-0.96, -half_v),
        (-0.96, half_v),
        (0.45, half_v),
        (0.78, half_v * 0.9),
        (0.97, half_v * 0.9),
        (0.97, -half_v * 0.9),
        (0.78, -half_v * 0.9),
        (0.45, -half_v),
    )
    mask = canvas.polygon(wobbled(rng, outline, 0.018))
    canvas.paint(mask, canvas.texture(_scene(rng, base), (-0.98, -half_v, 0.45, half_v)), gloss=0.3)
    canvas.ink(canvas.ramp(canvas.u - 0.45), base)
    canvas.ink(canvas.ramp(canvas.u - 0.8), _WHITE * 0.95)
    roof = canvas.ramp(canvas.u - 0.45) * canvas.ramp(0.78 - canvas.u)
    fold = roof * canvas.ramp(np.abs(canvas.v) - (0.78 - canvas.u) * half_v * 1.6 - 0.05)
    canvas.darken(fold, 0.28)
    for u in (0.45, 0.79, 0.89):
        canvas.darken(canvas.stroke(points((u, -half_v), (u, half_v)), 0.02), 0.4)
    canvas.darken(canvas.stroke(points((-0.96, half_v * 0.45), (0.45, half_v * 0.45)), 0.02), 0.3)
    canvas.tilt(mask * (canvas.v > half_v * 0.45), 0, -0.3)
    canvas.crumple(3, 0.12)
    return canvas.sprite()
