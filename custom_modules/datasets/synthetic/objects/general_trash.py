"""General trash: mixed crumpled matter, tissues, snack wrappers, cigarette packs, face masks, crockery."""

import cv2
import numpy as np

from .. import palette, prints
from ..canvas import Canvas, Pose, Sprite
from ..shapes import angular, blob, capsule, points, rectangle, torn, wobbled
from .solids import box, outline_edge

_HUE = 0.1  # favoured hue of vivid parts


def mixed_lump(pose: Pose) -> Sprite:
    """Draw a heap of several things pressed together: scraps of print, film, foil and fibre, one over the other."""
    rng, half_v = pose.rng, pose.rng.uniform(0.65, 0.9)
    canvas = Canvas(pose, half_u=1.1, half_v=half_v + 0.18, lift=0.4)
    core = canvas.polygon(torn(rng, blob(rng, 0.6, half_v * 0.65, rough=0.1), 0.04, count=30))
    canvas.paint(core, palette.drab(rng) * 0.8, height=0.1)
    for _ in range(rng.integers(6, 10)):
        heading, reach = rng.uniform(0, 2 * np.pi), rng.uniform(0.15, 0.6)
        centre = np.array([reach * np.cos(heading), half_v * reach * np.sin(heading)], np.float32)
        _scrap(canvas, centre, rng.uniform(0.36, 0.58))
    canvas.crumple(10, 0.38)
    return canvas.sprite()


def _scrap(canvas: Canvas, centre: np.ndarray, size: float) -> None:
    rng = canvas.rng
    outline = (
        torn(rng, angular(rng, size, size * rng.uniform(0.5, 1), int(rng.integers(3, 7))), 0.02, count=30) + centre
    )
    mask = canvas.polygon(outline)
    edge = canvas.polygon((outline - centre) * 1.07 + centre) * canvas.cover
    canvas.darken(edge, 0.4)
    color: np.ndarray = palette.body_color(rng, light=0.2, gloom=0.1, dull=0.15, hue=_HUE)
    if rng.random() < 0.5:
        low, high = centre - size, centre + size
        color = canvas.texture(prints.label(rng, color), (low[0], low[1], high[0], high[1]))
    canvas.paint(mask, color, gloss=rng.uniform(0, 0.9), height=rng.uniform(0.1, 0.35))


def tissue(pose: Pose) -> Sprite:
    """Draw a used tissue: thin soft layers with ragged, half see-through edges and deep folds."""
    rng, half_v = pose.rng, pose.rng.uniform(0.7, 0.9)
    canvas = Canvas(pose, half_u=1.1, half_v=half_v + 0.18, lift=0.25)
    tone = palette.body_color(rng, light=0.7, gloom=0.0, dull=0.1)
    for size in (1.0, 0.72, 0.45):
        outline = torn(rng, blob(rng, 0.92 * size, half_v * size, rough=0.2, waves=9), 0.03, count=70)
        shift = rng.uniform(-0.1, 0.1, 2).astype(np.float32) * (size < 1)
        layer = canvas.polygon(outline + shift)
        canvas.paint(layer, tone * rng.uniform(0.85, 1.05), opacity=0.8 + 0.2 * (size < 1), height=0.3 * (1 - size))
        canvas.darken(outline_edge(canvas, layer, 0.03), 0.22)
    canvas.height += 0.3 * canvas.ridges(1.4, octaves=2) * canvas.cover
    if rng.random() < 0.5:
        canvas.ink(canvas.ramp(canvas.noise(1.6) * 0.6 - 0.15), palette.rgb(0.45, 0.3, 0.15), 0.5)
    return canvas.sprite()


def snack_wrapper(pose: Pose) -> Sprite:
    """Draw a snack wrapper: pillow-shaped, glossy print, saw-toothed and pressed ends."""
    rng, half_v = pose.rng, pose.rng.uniform(0.5, 0.68)
    canvas = Canvas(pose, half_u=1.02, half_v=half_v + 0.1, lift=0.25)
    teeth = np.tile([0.0, 0.04], 9)[:17]
    side = np.linspace(-half_v, half_v, 17)
    left = np.stack([-0.98 + teeth, side], 1)
    right = np.stack([0.98 - teeth, side], 1)[::-1]
    waist = half_v * rng.uniform(0.78, 0.95)
    top, bottom = (
        points((0.75, -waist), (0.0, -half_v), (-0.75, -waist)),
        points((-0.75, waist), (0, half_v), (0.75, waist)),
    )
    mask = canvas.polygon(np.vstack([left, bottom, right, top]).astype(np.float32))
    base = palette.body_color(rng, light=0.04, gloom=0.03, dull=0.0, hue=_HUE)
    page = prints.blank(64, 96, base)
    accent = palette.contrast_color(rng, base)
    cv2.circle(page, (48, 32), int(rng.integers(16, 30)), accent.tolist(), -1, cv2.LINE_AA)
    prints.word(rng, page, base * 0.4, (14, 20, 82, 44))
    bent = canvas.v + 0.08 * canvas.noise(2)
    canvas.paint(
        mask,
        canvas.texture(page, (-0.95, -half_v, 0.95, half_v), v=bent),
        gloss=1.0,
        height=0.2 * canvas.ridges(1.2, octaves=2) + 0.2 * np.sqrt(np.clip(1 - (canvas.u / 0.85) ** 2, 0, 1)),
    )
    ends = mask * (np.abs(canvas.u) > 0.82)
    canvas.ink(ends, palette.rgb(0.75, 0.75, 0.78), 0.55)
    canvas.darken(ends, 0.25 * np.cos(canvas.u * 110))
    canvas.crumple(5, 0.22)
    return canvas.sprite()


def cigarette_pack(pose: Pose) -> Sprite:
    """Draw a cigarette pack: flip-top lid, dark warning panel, three faces."""
    rng, half_v = pose.rng, pose.rng.uniform(0.52, 0.62)
    canvas = Canvas(pose, half_u=1.02, half_v=half_v + 0.1, lift=0.3)
    base = palette.body_color(rng, light=0.25, gloom=0.05, dull=0.0, hue=_HUE)
    page = prints.blank(64, 96, base)
    page[:, :44] = palette.dark(rng)
    mottle = cv2.resize(rng.uniform(0.4, 1.4, (6, 4)).astype(np.float32), (36, 48))
    page[8:56, 4:40] = palette.drab(rng) * mottle[..., None]
    accent = palette.contrast_color(rng, base)
    prints.word(rng, page, accent, (50, 22, 92, 42))
    page[:, 46:49] = accent
    faces = (-0.97, -half_v - 0.05, 0.8, half_v - 0.1)
    picture = canvas.texture(page, faces)
    box(canvas, faces, (0.12, rng.uniform(0.12, 0.18)), (picture, base * 0.9, base * 0.85), gloss=0.4)
    canvas.darken(canvas.stroke(points((0.36, faces[1]), (0.36, faces[3]), (0.46, half_v + 0.06)), 0.03), 0.6)
    if rng.random() < 0.35:
        canvas.crumple(6, 0.3)
    return canvas.sprite()


def face_mask(pose: Pose) -> Sprite:
    """Draw a disposable face mask: pleated rectangle with two ear loops."""
    rng, half_v = pose.rng, pose.rng.uniform(0.4, 0.5)
    canvas = Canvas(pose, half_u=1.04, half_v=half_v + 0.1, lift=0.1)
    loops = []
    for side in (-1, 1):
        bow = np.linspace(-np.pi / 2, np.pi / 2, 14)
        reach = rng.uniform(0.28, 0.36)
        path = np.stack([side * (0.6 + reach * np.cos(bow)), half_v * 0.85 * np.sin(bow) + rng.normal(0, 0.03)], 1)
        loops.append(canvas.stroke(path, 0.06))
    strings = np.maximum(*loops)
    tone = palette.body_color(rng, light=0.2, gloom=0.08, dull=0.0, hue=_HUE)
    canvas.paint(strings, palette.rgb(0.85, 0.85, 0.84) if rng.random() < 0.7 else tone * 0.8)
    mask = canvas.polygon(wobbled(rng, rectangle(-0.66, -half_v, 0.66, half_v), 0.025))
    canvas.paint(mask, tone * 0.95, height=0.06 * canvas.noise(1.5))
    for v in np.linspace(-half_v * 0.5, half_v * 0.5, 3):
        sway = 0.05 * np.sin(np.linspace(0, 3, 12))
        pleat = np.stack([np.linspace(-0.62, 0.62, 12), v + sway], 1)
        canvas.darken(canvas.stroke(pleat, 0.045), 0.4)
        canvas.darken(canvas.stroke(pleat - np.array([[0, 0.05]]), 0.03), -0.25)
    for u in (-0.58, 0.58):
        canvas.darken(canvas.stroke(points((u, -half_v), (u, half_v)), 0.025), 0.3)
    canvas.paint(canvas.stroke(points((-0.25, -half_v * 0.88), (0.25, -half_v * 0.88)), 0.05) * mask, tone * 1.2)
    return canvas.sprite()


def crockery(pose: Pose) -> Sprite:
    """Draw a broken plate: glazed, ringed, a large piece missing, the break edge pale and thick."""
    rng = pose.rng
    canvas = Canvas(pose, half_u=1.0, half_v=1.0, lift=0.14)
    base = palette.body_color(rng, light=0.3, hue=_HUE)
    dist = np.hypot(canvas.u, canvas.v)
    heading = rng.uniform(0, 2 * np.pi)
    gap = angular(rng, 1.2, 0.9, int(rng.integers(5, 8))) + np.array(
        [0.95 * np.cos(heading), 0.95 * np.sin(heading)], np.float32
    )
    thick = np.array([0.05, 0.07], np.float32)
    canvas.paint(canvas.ramp(0.97 - dist) * (1 - canvas.polygon(gap + thick)), palette.rgb(0.75, 0.66, 0.54))
    face = canvas.ramp(0.97 - dist) * (1 - canvas.polygon(gap))
    canvas.paint(face, base, gloss=0.9, height=0.16 * np.clip((dist - 0.55) * 3, 0, 1))
    accent = palette.contrast_color(rng, base)
    for radius in rng.uniform(0.62, 0.92, 2).tolist():
        canvas.ink(face * canvas.ramp(0.03 - np.abs(dist - radius)), accent, 0.9)
    spokes = np.cos(np.arctan2(canvas.v, canvas.u) * int(rng.integers(8, 20))) > 0.2
    canvas.ink(face * spokes * canvas.ramp(0.06 - np.abs(dist - 0.77)), accent, 0.7)
    canvas.darken(canvas.stroke(np.stack([gap.mean(0) * 0.6, -gap.mean(0) * 0.9]), 0.015) * face, 0.5)
    return canvas.sprite()


def cigarette_end(pose: Pose) -> Sprite:
    """Draw a cigarette end: paper with a burnt tip and a speckled filter, bent."""
    rng = pose.rng
    canvas = Canvas(pose, half_u=1.02, half_v=0.34, lift=0.2)
    bend = rng.uniform(-0.12, 0.12)
    filter_end, tip = (0.1, bend), (0.92, bend * rng.uniform(-1, 1))
    mask = canvas.polygon(rectangle(-0.98, -0.17 + bend, 0.14, 0.17 + bend), capsule(filter_end, tip, 0.165))
    across = np.clip((canvas.v - bend) / 0.18, -1, 1)
    canvas.paint(mask, palette.pale(rng), height=0.17 * np.sqrt(1 - across**2))
    cork = palette.rgb(0.8, 0.55, 0.25) * (1 + 0.25 * np.sign(canvas.noise(12)))[..., None]
    canvas.ink(canvas.ramp(0.1 - canvas.u), cork if rng.random() < 0.6 else palette.body_color(rng))
    burnt = canvas.ramp(canvas.u - 0.72 + 0.1 * canvas.noise(6))
    canvas.ink(burnt, palette.rgb(0.1, 0.09, 0.08))
    canvas.crumple(8, 0.25)
    return canvas.sprite()
