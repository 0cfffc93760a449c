"""Glass: bottles, jars, drinking glasses, shards and broken necks."""

import numpy as np

from .. import palette, prints
from ..canvas import Canvas, Pose, Sprite
from ..shapes import angular, points
from .solids import Lathe, lathe, outline_edge

# Green, brown and olive bottle glass, clear glass last.
_TINTS = (
    (0.1, 0.4, 0.14),
    (0.08, 0.36, 0.18),
    (0.14, 0.46, 0.1),
    (0.2, 0.42, 0.12),
    (0.44, 0.22, 0.06),
    (0.4, 0.2, 0.05),
    (0.76, 0.83, 0.8),
)


def _tint(rng: np.random.Generator) -> np.ndarray:
    return palette.rgb(*_TINTS[rng.integers(0, len(_TINTS))]) * np.float32(rng.uniform(0.8, 1.15))


def _blow(canvas: Canvas, body: Lathe, tint: np.ndarray) -> None:
    """Paint a turned body as glass: clear in the middle, dark and dense at the edges, hard streaks of light."""
    rng = canvas.rng
    edge = np.abs(body.across) ** 3
    color = tint * (1.08 - 0.68 * edge)[..., None]
    dense = 0.34 if tint.mean() > 0.5 else 0.68
    canvas.paint(body.mask, color, opacity=dense + 0.3 * edge, gloss=0.9, height=0.6 * body.height)
    for centre, width, light in ((rng.uniform(-0.7, -0.45), 0.07, 0.85), (rng.uniform(0.3, 0.7), 0.04, 0.6)):
        streak = np.exp(-(((body.across - centre) / width) ** 2)) * (canvas.stretched_noise(1.5, 0.1) > -0.45)
        streak *= body.mask * (body.radius > 0.09)
        canvas.ink(streak, palette.rgb(1, 1, 1), light)
        canvas.opacity = np.maximum(canvas.opacity, streak * light)


def bottle(pose: Pose) -> Sprite:
    """Draw a bottle on its side: long neck with a lip, shoulders, thick bottom, often a paper label."""
    rng, radius = pose.rng, pose.rng.uniform(0.28, 0.36)
    canvas = Canvas(pose, half_u=1.04, half_v=0.43, lift=0.35)
    neck, shoulder = radius * rng.uniform(0.34, 0.42), rng.uniform(0.05, 0.3)
    us = (-1, -0.96, shoulder, shoulder + 0.12, shoulder + 0.3, 0.86, 0.87, 0.96, 0.97, 1)
    radii = (radius * 0.85, radius, radius, radius * 0.9, neck * 1.25, neck, neck * 1.35, neck * 1.35, neck, neck)
    body = lathe(canvas, us, radii)
    tint = _tint(rng)
    _blow(canvas, body, tint)
    canvas.darken(body.mask * (canvas.u < -0.9), 0.4)
    if rng.random() < 0.3:
        _paper_label(canvas, body, -0.75, shoulder - 0.08)
    if rng.random() < 0.35:
        canvas.paint(body.mask * (canvas.u > 0.86), palette.body_color(rng), gloss=0.6)
    return canvas.sprite()


def _paper_label(canvas: Canvas, body: Lathe, start: float, end: float) -> None:
    rng = canvas.rng
    print_ = prints.label(rng, palette.body_color(rng), cols=80)
    around = canvas.texture(print_, (start, -0.45, end, 0.45), v=body.around)
    mask = body.mask * canvas.ramp(canvas.u - start) * canvas.ramp(end - canvas.u)
    canvas.paint(mask, around * (1 - 0.3 * np.abs(body.across[..., None]) ** 3), gloss=0.15)


def jar(pose: Pose) -> Sprite:
    """Draw a wide jar with a short threaded mouth, with or without its lid."""
    rng, radius = pose.rng, pose.rng.uniform(0.55, 0.68)
    canvas = Canvas(pose, half_u=1.04, half_v=0.74, lift=0.6)
    mouth = radius * rng.uniform(0.72, 0.85)
    body = lathe(
        canvas,
        (-1, -0.93, 0.52, 0.66, 0.74, 0.98, 1),
        (radius * 0.86, radius, radius, mouth * 1.02, mouth, mouth, mouth * 0.96),
    )
    _blow(canvas, body, _tint(rng))
    canvas.darken(body.mask * (canvas.u < -0.86), 0.35)
    if rng.random() < 0.55:
        lid = palette.body_color(rng, light=0.25)
        ribs = 0.12 * np.cos(body.around * 60)
        mask = body.mask * canvas.ramp(canvas.u - 0.7)
        canvas.paint(mask, lid * (1 - 0.45 * body.across[..., None] ** 2), gloss=0.6)
        canvas.darken(mask, ribs)
    else:
        for u in (0.76, 0.84, 0.92):
            canvas.ink(canvas.stroke(points((u, -mouth), (u + 0.03, mouth)), 0.02), palette.rgb(1, 1, 1), 0.7)
    if rng.random() < 0.35:
        _paper_label(canvas, body, -0.7, 0.42)
    return canvas.sprite()


def tumbler(pose: Pose) -> Sprite:
    """Draw a drinking glass on its side: heavy bottom, wide mouth with a bright rim."""
    rng, radius = pose.rng, pose.rng.uniform(0.5, 0.62)
    canvas = Canvas(pose, half_u=1.16, half_v=0.68, lift=0.55)
    body = lathe(canvas, (-1, -0.97, 0.9), (radius * 0.68, radius * 0.72, radius))
    tint = palette.rgb(0.78, 0.82, 0.82) * np.float32(rng.uniform(0.7, 1.1))
    _blow(canvas, body, tint)
    canvas.darken(body.mask * (canvas.u < -0.78), 0.35)
    ring = np.hypot((canvas.u - 0.9) / 0.22, canvas.v / radius)
    inside = canvas.ramp((1 - ring) * radius)
    canvas.paint(inside, tint * 0.7, opacity=0.55, gloss=0.5)
    rim = canvas.ramp((0.07 - np.abs(ring - 0.95)) * radius)
    canvas.paint(rim, palette.rgb(0.95, 0.97, 0.97), opacity=0.85, gloss=1.0)
    return canvas.sprite()


def _splinter(canvas: Canvas, outline: np.ndarray, tint: np.ndarray) -> None:
    rng = canvas.rng
    mask = canvas.polygon(outline)
    canvas.paint(mask, tint, opacity=rng.uniform(0.5, 0.75), gloss=1.0)
    canvas.tilt(mask, *rng.uniform(-0.5, 0.5, 2))
    edge = outline_edge(canvas, mask, 0.035)
    canvas.paint(edge * 0.9, tint * rng.uniform(0.3, 0.5), opacity=0.95)
    for _ in range(2):
        a, b = outline[rng.choice(len(outline), 2, replace=False)]
        canvas.ink(canvas.stroke(np.stack([a, b]), 0.03), palette.rgb(1, 1, 1), 0.8)
        canvas.opacity = np.maximum(canvas.opacity, mask * canvas.stroke(np.stack([a, b]), 0.03) * 0.8)


def shards(pose: Pose) -> Sprite:
    """Draw a small heap of splinters that touch: straight edges, bright rims, see-through."""
    rng = pose.rng
    canvas = Canvas(pose, half_u=1.02, half_v=0.85, lift=0.08)
    tint = _tint(rng)
    for centre_u, size in zip(np.linspace(-0.45, 0.45, int(rng.integers(2, 5))), rng.permutation(4), strict=False):
        reach = 0.36 + 0.06 * size
        piece = angular(rng, reach * 1.3, reach, int(rng.integers(4, 7)))
        _splinter(canvas, piece + np.array([centre_u, rng.uniform(-0.28, 0.28)], np.float32), tint)
    return canvas.sprite()


def broken_bottle(pose: Pose) -> Sprite:
    """Draw the half of a bottle that kept its neck or its bottom, with a jagged break."""
    rng, radius = pose.rng, pose.rng.uniform(0.42, 0.55)
    canvas = Canvas(pose, half_u=1.04, half_v=0.62, lift=0.4)
    if rng.random() < 0.5:
        us, radii = (
            (-1, -0.1, 0.2, 0.8, 0.81, 1),
            (radius, radius, radius * 0.45, radius * 0.4, radius * 0.54, radius * 0.5),
        )
        edge = canvas.u + 0.55 + 0.35 * np.abs(canvas.stretched_noise(0.05, 4.5))
    else:
        us, radii = (-1, -0.95, 1), (radius * 0.85, radius, radius)
        edge = 0.45 + 0.5 * canvas.stretched_noise(0.05, 4.0) - canvas.u
    body = lathe(canvas, us, radii)
    body.mask *= canvas.ramp(edge)
    tint = _tint(rng)
    _blow(canvas, body, tint)
    rim = body.mask * canvas.ramp(0.05 - np.abs(edge))
    canvas.paint(rim, palette.rgb(0.85, 0.95, 0.92), opacity=0.9, gloss=1.0)
    return canvas.sprite()
