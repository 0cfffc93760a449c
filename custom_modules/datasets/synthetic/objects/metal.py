"""Metal: cans, crushed cans, foil, food tins, crown caps."""

import math

import numpy as np

from .. import palette, prints
from ..canvas import Canvas, Pose, Sprite
from ..shapes import ellipse, points, torn, wobbled
from .solids import brushed_disc, lathe, metal_bands, outline_edge

_HUE = 0.99  # favoured hue of vivid parts

_SILVER = palette.rgb(0.72, 0.73, 0.75)


def _metal_tone(rng: np.random.Generator) -> np.ndarray:
    tones = (_SILVER, _SILVER, palette.rgb(0.78, 0.66, 0.38), palette.rgb(0.5, 0.48, 0.46))
    return tones[rng.integers(0, len(tones))] * rng.uniform(0.8, 1.1)


def _can_print(rng: np.random.Generator) -> np.ndarray:
    """Draw the print of a drink can: one colour, bands around it, sometimes a name; bare metal in between."""
    base = palette.body_color(rng, light=0.0, gloom=0.08, dull=0.0, hue=_HUE)
    page = prints.blank(64, 96, base)
    for edge in rng.integers(0, 80, 2):
        page[:, edge : edge + int(rng.integers(4, 14))] = _SILVER if rng.random() < 0.6 else palette.dark(rng)
    if rng.random() < 0.6:
        prints.word(rng, page, palette.rgb(0.92, 0.92, 0.9), (14, 20, 82, 44))
    return page


def can(pose: Pose) -> Sprite:
    """Draw a drink can lying on its side, its lid towards us."""
    rng, radius = pose.rng, pose.rng.uniform(0.4, 0.52)
    canvas = Canvas(pose, half_u=1.08, half_v=0.56, lift=0.6)
    neck = radius * 0.82
    body = lathe(canvas, (-1, -0.94, -0.84, 0.82, 0.95), (neck * 0.95, neck, radius, radius, neck))
    bands = metal_bands(rng, body.across)[..., None]
    paint = _can_print(rng)
    color = canvas.texture(paint, (-0.84, -1.2 * radius, 0.84, 1.2 * radius), v=body.around)
    color += np.float32(rng.choice([0.05, 0.1, 0.15, 0.6])) * (_SILVER - color)
    canvas.paint(body.mask, color * (0.25 + 0.75 * bands), gloss=0.5)
    bare = body.mask * ((canvas.u < -0.85) | (canvas.u > 0.83))
    canvas.ink(bare, _SILVER * bands)
    canvas.darken(canvas.stroke(points((-0.85, -radius), (-0.85, radius)), 0.025), 0.4)
    _lid(canvas, neck)
    return canvas.sprite()


def _lid(canvas: Canvas, neck: float) -> None:
    tone = brushed_disc(canvas.rng, (canvas.u - 0.95) * 3, canvas.v)[..., None]
    canvas.paint(canvas.polygon(ellipse(0.95, 0, 0.125, neck)), _SILVER * 1.2, gloss=0.6)
    inner = canvas.polygon(ellipse(0.955, 0, 0.095, neck * 0.86))
    canvas.paint(inner, _SILVER * tone * 0.85)
    canvas.ink(canvas.polygon(ellipse(0.955, neck * 0.4, 0.045, neck * 0.28)), palette.rgb(0.06, 0.06, 0.06))
    canvas.ink(canvas.polygon(ellipse(0.955, -neck * 0.12, 0.04, neck * 0.24)), _SILVER * 1.25)


def crushed_can(pose: Pose) -> Sprite:
    """Draw a can that was stepped on: buckled sides, hard creases, bare ends."""
    rng = pose.rng
    canvas = Canvas(pose, half_u=1.05, half_v=0.78, lift=0.35)
    us = np.linspace(-0.95, 0.95, 9)
    radii = rng.uniform(0.38, 0.6, 9)
    radii[rng.integers(3, 6)] *= 0.7
    radii[[0, -1]] = 0.46
    body = lathe(canvas, us, radii, bend=rng.uniform(-0.15, 0.15))
    paint = _can_print(rng)
    color = canvas.texture(paint, (-0.85, -0.7, 0.85, 0.7), v=body.around + 0.12 * canvas.noise(2))
    creases = np.abs(canvas.stretched_noise(3.5, 0.9))
    bands = metal_bands(rng, np.clip(body.across + 0.5 * canvas.stretched_noise(3, 1), -1, 1))[..., None]
    color += np.float32(0.35) * (_SILVER - color)
    canvas.paint(body.mask, color * (0.2 + 0.8 * bands), gloss=0.6, height=0.16 * creases)
    canvas.crumple(7, 0.45)
    bare = body.mask * (np.abs(canvas.u) > 0.82)
    canvas.ink(bare, _SILVER * bands)
    if rng.random() < 0.7:
        canvas.u, centre = canvas.u - 0.02, rng.uniform(-0.05, 0.05)
        _tilted_end(canvas, centre)
    return canvas.sprite()


def _tilted_end(canvas: Canvas, centre: float) -> None:
    tone = brushed_disc(canvas.rng, (canvas.u - 0.8) * 2, canvas.v - centre)[..., None]
    canvas.paint(canvas.polygon(ellipse(0.8, centre, 0.22, 0.46)), _SILVER * 1.2, gloss=0.6)
    canvas.paint(canvas.polygon(ellipse(0.8, centre, 0.18, 0.4)), _SILVER * 0.85 * tone)
    canvas.ink(canvas.polygon(ellipse(0.8, centre + 0.18, 0.08, 0.13)), palette.rgb(0.06, 0.06, 0.06))


def foil(pose: Pose) -> Sprite:
    """Draw crumpled aluminium foil: facets like small mirrors."""
    rng, aspect = pose.rng, pose.rng.uniform(0.55, 0.95)
    canvas = Canvas(pose, half_u=1.1, half_v=aspect + 0.15, lift=0.2)
    outline = torn(rng, ellipse(0, 0, 0.95, aspect), 0.07, count=34)
    mask = canvas.polygon(outline)
    canvas.crumple(22, 0.6)
    mirror = 0.72 + 0.5 * np.sin(4.2 * canvas.slope[..., 0] + 5.1 * canvas.slope[..., 1] + rng.uniform(0, 6))
    canvas.paint(mask, _metal_tone(rng) * mirror[..., None], gloss=1.0)
    return canvas.sprite()


def tin(pose: Pose) -> Sprite:
    """Draw a food tin standing up, seen from above: rings, sometimes the opened lid."""
    rng = pose.rng
    canvas = Canvas(pose, half_u=1.0, half_v=1.0, lift=0.5)
    radius, side = 0.74, rng.uniform(0.1, 0.26)
    heading = rng.uniform(0, 2 * np.pi)
    du, dv = side * math.cos(heading), side * math.sin(heading)
    walls = canvas.polygon(*(ellipse(du * step, dv * step, radius, radius) for step in np.linspace(0, 1, 6)))
    canvas.paint(walls, palette.body_color(rng, light=0.25), gloss=0.4)
    canvas.darken(walls, 0.3)
    centre_u, centre_v = canvas.u - du, canvas.v - dv
    dist = np.hypot(centre_u, centre_v)
    tone = brushed_disc(rng, centre_u, centre_v)[..., None]
    canvas.paint(canvas.ramp(radius - dist), _metal_tone(rng) * tone, gloss=0.6, height=0.03 * np.cos(dist * 38))
    canvas.darken(canvas.ramp(0.025 - np.abs(dist - 0.64)), 0.45)
    if rng.random() < 0.5:
        canvas.ink(canvas.ramp(0.6 - dist), palette.rgb(0.16, 0.13, 0.11) * (1.3 + canvas.noise(2))[..., None], 0.88)
    else:
        canvas.darken(canvas.ramp(0.03 - np.abs(dist - 0.42)), 0.3)
        _pull_ring(canvas, du, dv)
    return canvas.sprite()


def _pull_ring(canvas: Canvas, u: float, v: float) -> None:
    ring = np.hypot(canvas.u - u - 0.38, (canvas.v - v) * 1.4)
    canvas.ink(canvas.ramp(0.06 - np.abs(ring - 0.19)), _SILVER * 1.3)
    canvas.darken(canvas.ramp(0.02 - np.abs(ring - 0.27)), 0.5)


def crown_cap(pose: Pose) -> Sprite:
    """Draw a crown cap: a disc with a toothed edge, from its printed or its inner side."""
    rng = pose.rng
    canvas = Canvas(pose, half_u=1.0, half_v=1.0, lift=0.15)
    angle = np.arctan2(canvas.v, canvas.u)
    dist = np.hypot(canvas.u, canvas.v)
    teeth = 0.9 + 0.05 * np.cos(angle * 21)
    base = palette.body_color(rng, light=0.2, hue=_HUE)
    mask = canvas.ramp(teeth - dist)
    canvas.paint(mask, base * np.float32(0.9), gloss=0.6, height=0.25 * np.clip((0.93 - dist) * 5, 0, 1))
    canvas.darken(mask * (dist > 0.72), 0.25 + 0.45 * np.cos(angle * 21))
    inner = canvas.ramp(0.7 - dist)
    if rng.random() < 0.6:
        canvas.ink(inner, canvas.texture(prints.label(rng, base, cols=64), (-0.7, -0.7, 0.7, 0.7)))
    else:
        canvas.ink(inner, _metal_tone(rng) * brushed_disc(rng, canvas.u, canvas.v)[..., None])
        canvas.darken(canvas.ramp(0.04 - np.abs(dist - 0.6)), 0.5)
    canvas.darken(outline_edge(canvas, mask, 0.03), 0.35)
    return canvas.sprite()


def lid(pose: Pose) -> Sprite:
    """Draw the torn-off lid of a tin: a bent disc with sharp edges and pressed rings."""
    rng = pose.rng
    canvas = Canvas(pose, half_u=1.0, half_v=0.85, lift=0.12)
    mask = canvas.polygon(wobbled(rng, ellipse(0, 0, 0.92, rng.uniform(0.55, 0.78)), 0.03, waves=5))
    dist = np.hypot(canvas.u, canvas.v * 1.3)
    tone = brushed_disc(rng, canvas.u + 0.15 * canvas.noise(2), canvas.v)[..., None]
    bent = 0.3 * np.sin(canvas.u * rng.uniform(1.5, 3) + rng.uniform(0, 6))
    canvas.paint(mask, _metal_tone(rng) * tone, gloss=0.8, height=bent + 0.025 * np.cos(dist * 30))
    canvas.darken(outline_edge(canvas, mask, 0.035), -0.25)
    _pull_ring(canvas, 0.0, 0.0)
    return canvas.sprite()
