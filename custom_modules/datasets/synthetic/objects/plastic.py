"""Plastic: drink bottles, cups with a lid, food containers, detergent bottles, cutlery, straws."""

import numpy as np

from .. import palette, prints
from ..canvas import Canvas, Pose, Sprite
from ..shapes import capsule, ellipse, points, rectangle, round_rectangle, rounded
from .solids import lathe, outline_edge

_HUE = 0.53  # favoured hue of vivid parts


def _clear(rng: np.random.Generator) -> np.ndarray:
    return (
        palette.rgb(0.62, 0.84, 0.95) * np.float32(rng.uniform(0.8, 1.05))
        if rng.random() < 0.82
        else (0.6 * palette.vivid(rng, _HUE) + 0.35).astype(np.float32)
    )


def drink_bottle(pose: Pose) -> Sprite:
    """Draw a thin-walled bottle: grooved waist, label band, tapering shoulder, screw cap."""
    rng, radius = pose.rng, pose.rng.uniform(0.29, 0.37)
    canvas = Canvas(pose, half_u=1.04, half_v=0.44, lift=0.4)
    waist, neck = radius * rng.uniform(0.82, 0.95), radius * 0.36
    body = lathe(
        canvas,
        (-1, -0.93, -0.3, -0.22, -0.14, 0.3, 0.72, 0.8, 0.81, 0.84),
        (radius * 0.8, radius, radius, waist, radius, radius, neck * 1.2, neck, neck * 1.4, neck),
    )
    edge = np.abs(body.across) ** 4
    grooves = np.cos(canvas.u * rng.uniform(28, 40)) * (canvas.u < 0.35)
    color = _clear(rng) * (1 - 0.35 * edge + 0.16 * grooves)[..., None]
    canvas.paint(
        body.mask,
        color,
        opacity=np.clip(0.42 + 0.45 * edge + 0.14 * grooves, 0, 1),
        gloss=0.9,
        height=0.55 * body.height + 0.012 * grooves,
    )
    canvas.slope += 0.12 * canvas.noise(5)[..., None]
    _band(canvas, body.mask, body.around, body.across)
    if rng.random() < 0.85:
        _screw_cap(canvas, neck * 1.45)
    return canvas.sprite()


def _band(canvas: Canvas, mask: np.ndarray, around: np.ndarray, across: np.ndarray) -> None:
    rng = canvas.rng
    start, end = (-0.12, 0.3) if rng.random() < 0.6 else (-0.8, -0.3)
    if rng.random() < 0.15:
        return
    picture = canvas.texture(prints.label(rng, palette.vivid(rng, _HUE), cols=64), (start, -0.45, end, 0.45), v=around)
    band = mask * canvas.ramp(canvas.u - start) * canvas.ramp(end - canvas.u)
    canvas.paint(band, picture * (1 - 0.25 * across[..., None] ** 4), opacity=0.97, gloss=0.6)


def _screw_cap(canvas: Canvas, radius: float) -> None:
    cap = canvas.polygon(rectangle(0.83, -radius, 1.0, radius))
    across = np.clip(canvas.v / radius, -1, 1)
    canvas.paint(
        cap,
        palette.body_color(canvas.rng, light=0.3) * (1 - 0.4 * across[..., None] ** 2),
        gloss=0.5,
        height=0.5 * radius * np.sqrt(np.maximum(1 - across**2, 0)),
    )
    canvas.darken(cap, 0.2 * np.cos(canvas.v * 90))


def lidded_cup(pose: Pose) -> Sprite:
    """Draw a cold-drink cup on its side: see-through walls, domed lid with a wide ring, straw."""
    rng, radius = pose.rng, pose.rng.uniform(0.38, 0.45)
    canvas = Canvas(pose, half_u=1.04, half_v=0.55, lift=0.5)
    if rng.random() < 0.75:
        end = (1.0, rng.uniform(-0.3, 0.3))
        straw = canvas.polygon(capsule((0.3, 0.0), end, 0.045))
        canvas.paint(straw, palette.body_color(rng, light=0.25, hue=_HUE), gloss=0.5, height=0.1)
    body = lathe(
        canvas,
        (-0.98, -0.94, 0.36, 0.37, 0.45, 0.46, 0.62, 0.74),
        (radius * 0.66, radius * 0.7, radius, radius * 1.12, radius * 1.12, radius, radius * 0.88, radius * 0.5),
    )
    edge = np.abs(body.across) ** 4
    tone = _clear(rng)
    canvas.paint(
        body.mask,
        tone * (1 - 0.3 * edge[..., None]),
        opacity=np.maximum(canvas.opacity, 0.5 + 0.4 * edge),
        gloss=0.9,
        height=0.6 * body.height,
    )
    if rng.random() < 0.7:
        fill = palette.body_color(rng, light=0.15, gloom=0.3)
        drink = body.mask * canvas.ramp(rng.uniform(-0.2, 0.2) - canvas.u + 0.2 * canvas.v)
        canvas.paint(drink, fill * (1 - 0.35 * edge[..., None]), opacity=0.85, gloss=0.7)
    ring = body.mask * canvas.ramp(0.05 - np.abs(canvas.u - 0.41))
    canvas.paint(ring, tone * 1.15, opacity=0.85, gloss=1.0)
    canvas.darken(canvas.stroke(points((0.34, -radius), (0.34, radius)), 0.03), 0.35)
    return canvas.sprite()


def container(pose: Pose) -> Sprite:
    """Draw an open food container from above: rounded rim, sloping walls, ribs in the bottom."""
    rng, half_v = pose.rng, pose.rng.uniform(0.6, 0.9)
    canvas = Canvas(pose, half_u=1.0, half_v=half_v, lift=0.3)
    round_ = rng.uniform(0.2, 0.5)
    rims = [round_rectangle(0.98 - gap, half_v - gap, round_ * (1 - gap)) for gap in (0, 0.09, 0.26)]
    tone = _clear(rng) if rng.random() < 0.7 else palette.body_color(rng, light=0.2, gloom=0.3, hue=_HUE)
    opacity = rng.uniform(0.5, 0.98)
    outer, inner, bottom = (canvas.polygon(rim) for rim in rims)
    canvas.paint(outer, tone * 1.12, opacity=max(opacity, 0.8), gloss=0.9, height=0.2)
    canvas.paint(inner, tone * 0.7, opacity=opacity, gloss=0.7, height=0.1)
    canvas.paint(bottom, tone * 0.9, opacity=opacity, gloss=0.7, height=0.0)
    canvas.darken(bottom, 0.16 * np.cos(canvas.u * rng.uniform(12, 22)))
    canvas.ink(outline_edge(canvas, outer, 0.03), palette.rgb(1, 1, 1), 0.5)
    if rng.random() < 0.4:
        divider = inner * canvas.ramp(0.06 - np.abs(canvas.u - rng.uniform(-0.3, 0.3)))
        canvas.paint(divider, tone * 1.1, opacity=0.9, gloss=0.9)
    if rng.random() < 0.4:
        stain = canvas.ramp(canvas.noise(2.5) * 0.5 - 0.1) * bottom
        canvas.ink(stain, palette.rgb(0.5, 0.25, 0.08), 0.7)
    return canvas.sprite()


def detergent_bottle(pose: Pose) -> Sprite:
    """Draw an opaque bottle with flat shoulders, a grip hole or a pump, and a big label."""
    rng = pose.rng
    canvas = Canvas(pose, half_u=1.04, half_v=0.55, lift=0.4)
    outline = rounded(
        points(
            (-0.98, -0.46),
            (-0.98, 0.46),
            (0.3, 0.46),
            (0.62, 0.14),
            (0.72, 0.13),
            (0.72, -0.13),
            (0.62, -0.14),
            (0.3, -0.46),
        ),
        2,
    )
    mask = canvas.polygon(outline)
    if rng.random() < 0.5:
        mask *= 1 - canvas.polygon(capsule((0.1, -0.24), (0.36, -0.16), 0.085))
    base = palette.body_color(rng, light=0.25, hue=_HUE)
    canvas.paint(mask, base, gloss=0.7, height=0.3 * np.sqrt(np.maximum(1 - (canvas.v / 0.5) ** 2, 0)))
    picture = prints.label(rng, palette.contrast_color(rng, base), cols=72)
    sticker = canvas.polygon(rounded(rectangle(-0.84, -0.38, -0.03, 0.38), 1))
    canvas.ink(sticker, canvas.texture(picture, (-0.82, -0.36, -0.05, 0.36)))
    _screw_cap_wide(canvas)
    return canvas.sprite()


def _screw_cap_wide(canvas: Canvas) -> None:
    rng = canvas.rng
    cap = canvas.polygon(rectangle(0.7, -0.18, 1.0, 0.18))
    canvas.paint(
        cap,
        palette.body_color(rng, light=0.25, hue=_HUE),
        gloss=0.6,
        height=0.2 * np.sqrt(np.maximum(1 - (canvas.v / 0.2) ** 2, 0)),
    )
    canvas.darken(cap, 0.22 * np.cos(canvas.v * 80))


def cutlery(pose: Pose) -> Sprite:
    """Draw a throw-away spoon or fork."""
    rng = pose.rng
    canvas = Canvas(pose, half_u=1.02, half_v=0.27, lift=0.08)
    handle = points((-0.98, -0.1), (-0.98, 0.1), (0.35, 0.06), (0.35, -0.06))
    head = ellipse(0.62, 0, 0.37, 0.22)
    mask = canvas.polygon(rounded(handle, 1), head)
    dist = np.hypot((canvas.u - 0.62) / 0.37, canvas.v / 0.22)
    tone = palette.body_color(rng, light=0.45)
    bowl = -0.12 * np.clip(1 - dist, 0, 1)
    if rng.random() < 0.5:
        tines = (np.abs((canvas.v / 0.22 * 2) % 1 - 0.5) < 0.16) & (canvas.u > 0.62)
        mask = mask * ~(tines & (np.abs(canvas.v) < 0.17))
        bowl = 0.0
    canvas.paint(mask, tone, gloss=0.9, opacity=0.95, height=bowl)
    rib = canvas.polygon(rectangle(-0.85, -0.03, 0.3, 0.03))
    canvas.darken(rib * mask, 0.25)
    canvas.darken(outline_edge(canvas, mask, 0.02), 0.2)
    return canvas.sprite()


def straw(pose: Pose) -> Sprite:
    """Draw a striped drinking straw with its bent, grooved neck."""
    rng = pose.rng
    bend = rng.uniform(0.25, 0.6)
    canvas = Canvas(pose, half_u=1.02, half_v=bend + 0.12, lift=0.1)
    elbow, end = (0.45, -bend / 2), (0.92, bend * 0.8)
    mask = canvas.polygon(capsule((-0.93, -bend / 2), elbow, 0.06), capsule(elbow, end, 0.06))
    base = palette.body_color(rng, light=0.4)
    canvas.paint(mask, base, gloss=0.8)
    twist = ((canvas.u * 6 + canvas.v * 10) % 1) < 0.4
    if rng.random() < 0.7:
        canvas.ink(mask * twist, palette.contrast_color(rng, base))
    groove = np.hypot(canvas.u - elbow[0], canvas.v - elbow[1]) < 0.16
    canvas.darken(mask * groove, 0.3 + 0.3 * np.cos(canvas.u * 70))
    return canvas.sprite()
