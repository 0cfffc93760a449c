"""Styrofoam: boxes, trays, packing corners, broken chunks; all with the grain of pressed beads."""

import numpy as np

from .. import noise, palette
from ..canvas import Canvas, Pose, Sprite
from ..shapes import angular, points, rectangle, round_rectangle, torn
from .solids import box


def _tone(rng: np.random.Generator) -> np.ndarray:
    return palette.cool_white(rng) if rng.random() < 0.88 else palette.body_color(rng, light=0.5)


def _beads(canvas: Canvas, strength: float = 1.0) -> None:
    """Press the surface from beads: little domes with dark gaps between them."""
    pitch = max(0.075 * canvas.scale, 4.2)
    count = round(canvas.shape[0] * canvas.shape[1] / pitch**2)
    labels, found = noise.voronoi(canvas.rng, canvas.shape, count)
    gap = np.clip(1 - noise.cell_domes(labels) / (0.3 * pitch), 0, 1)
    tones = canvas.rng.uniform(-0.05, 0.05, found).astype(np.float32)
    canvas.darken(canvas.cover, strength * (0.26 * gap + tones[labels]))


def tray(pose: Pose) -> Sprite:
    """Draw a food tray from above: wide flat rim, sloping walls, ribs in the sunken bottom."""
    rng, half_v = pose.rng, pose.rng.uniform(0.55, 0.8)
    canvas = Canvas(pose, half_u=1.0, half_v=half_v, lift=0.2)
    tone = _tone(rng)
    rims = [round_rectangle(0.98 - gap, half_v - gap, 0.2 - gap / 3) for gap in (0, 0.12, 0.28)]
    outer, inner, bottom = (canvas.polygon(rim) for rim in rims)
    if rng.random() < 0.4:
        bite = angular(rng, 0.35, 0.35, 8) + np.array([rng.choice([-1, 1]), rng.uniform(-half_v, half_v)], np.float32)
        outer, inner, bottom = (mask * (1 - canvas.polygon(bite)) for mask in (outer, inner, bottom))
    canvas.paint(outer, tone, height=0.22)
    canvas.paint(inner, tone * 0.86, height=0.1)
    canvas.paint(bottom, tone * 0.94, height=0.0)
    ribs = (
        np.cos(canvas.v * rng.uniform(14, 24)) if rng.random() < 0.5 else np.cos(canvas.u * 16) * np.cos(canvas.v * 16)
    )
    canvas.darken(bottom, 0.1 * ribs)
    _beads(canvas, 0.8)
    return canvas.sprite()


def cool_box(pose: Pose) -> Sprite:
    """Draw an open cool box from above and one side: thick walls around a deep hollow."""
    rng, half_v = pose.rng, pose.rng.uniform(0.55, 0.72)
    depth = rng.uniform(0.22, 0.34)
    canvas = Canvas(pose, half_u=1.0, half_v=half_v + depth / 2, lift=0.6)
    tone = _tone(rng)
    top, bottom = -half_v - depth / 2, half_v - depth / 2
    outside = canvas.polygon(points((-0.98, bottom), (0.98, bottom), (0.93, bottom + depth), (-0.93, bottom + depth)))
    canvas.paint(outside, tone * 0.72)
    canvas.paint(canvas.polygon(rectangle(-0.98, top, 0.98, bottom)), tone)
    wall = rng.uniform(0.12, 0.17)
    hollow = canvas.polygon(rectangle(-0.98 + wall, top + wall, 0.98 - wall, bottom - wall))
    canvas.paint(hollow, tone * 0.62)
    floor = canvas.polygon(rectangle(-0.68 + wall, top + wall + depth * 0.7, 0.68 - wall, bottom - wall))
    canvas.paint(floor, tone * 0.78)
    canvas.darken(hollow, np.clip(0.25 + 0.35 * canvas.v / half_v, 0, 0.5))
    _beads(canvas)
    return canvas.sprite()


def block(pose: Pose) -> Sprite:
    """Draw a thick block or slab with broken edges, three faces showing."""
    rng, half_v = pose.rng, pose.rng.uniform(0.35, 0.6)
    canvas = Canvas(pose, half_u=1.0, half_v=half_v + 0.2, lift=0.5)
    tone = _tone(rng)
    du, dv = rng.uniform(0.12, 0.25), rng.uniform(0.15, 0.3)
    faces = (-0.97, -half_v - dv / 2, 0.97 - du, half_v - dv / 2)
    box(canvas, faces, (du, dv), (tone, tone * 0.92, tone * 0.95), gloss=0.0)
    hole = rng.random()
    if hole < 0.6:
        width = rng.uniform(0.2, 0.4)
        notch = canvas.polygon(rectangle(-width, -half_v * 0.6 - dv / 2, width, half_v * 0.5 - dv / 2))
        canvas.darken(notch, 0.38)
        canvas.darken(canvas.polygon(rectangle(-width, -half_v * 0.6 - dv / 2, width, -half_v * 0.45 - dv / 2)), 0.3)
    _beads(canvas)
    return canvas.sprite()


def corner(pose: Pose) -> Sprite:
    """Draw a packing corner: a thick L or U with stepped recesses."""
    rng = pose.rng
    canvas = Canvas(pose, half_u=1.0, half_v=0.85, lift=0.45)
    arm = rng.uniform(0.4, 0.55)
    if rng.random() < 0.5:
        outline = points(
            (-0.95, -0.75),
            (0.85, -0.75),
            (0.85, -0.75 + arm),
            (-0.95 + arm, -0.75 + arm),
            (-0.95 + arm, 0.65),
            (-0.95, 0.65),
        )
    else:
        outline = points(
            (-0.95, -0.75),
            (0.85, -0.75),
            (0.85, 0.6),
            (0.85 - arm, 0.6),
            (0.85 - arm, -0.75 + arm),
            (-0.95 + arm, -0.75 + arm),
            (-0.95 + arm, 0.6),
            (-0.95, 0.6),
        )
    tone = _tone(rng)
    thick = np.array([0.1, 0.16], np.float32)
    canvas.paint(canvas.polygon(*(outline + thick * step for step in np.linspace(0, 1, 5))), tone * 0.62)
    face = canvas.polygon(outline)
    canvas.paint(face, tone)
    recess = canvas.polygon(rectangle(-0.75, -0.62, 0.6, -0.62 + arm * 0.45))
    canvas.darken(recess, 0.3)
    _beads(canvas)
    return canvas.sprite()


def chunk(pose: Pose) -> Sprite:
    """Draw a lump broken off a larger piece: ragged outline, coarse beads, crumbs at the edge."""
    rng, half_v = pose.rng, pose.rng.uniform(0.55, 0.85)
    canvas = Canvas(pose, half_u=1.05, half_v=half_v + 0.12, lift=0.35)
    outline = torn(rng, angular(rng, 1.0, half_v, int(rng.integers(5, 8))), 0.035, count=64)
    tone = _tone(rng)
    thick = np.array([0.05, 0.1], np.float32)
    canvas.paint(canvas.polygon(outline + thick), tone * 0.66)
    face = canvas.polygon(outline)
    canvas.paint(face, tone, height=0.08 * canvas.noise(2))
    _beads(canvas, 1.35)
    return canvas.sprite()
