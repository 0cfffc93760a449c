"""Foreign things that lie about and cover trash: leaves, twigs, stones, grass tufts. Never labelled."""

from collections.abc import Callable

import numpy as np

from . import palette
from .canvas import Canvas, Pose, Sprite
from .shapes import blob, capsule, ellipse, points, torn, wobbled


def _leaf_tone(rng: np.random.Generator) -> np.ndarray:
    tones = ((0.55, 0.36, 0.18), (0.7, 0.5, 0.2), (0.32, 0.45, 0.16), (0.45, 0.25, 0.14), (0.6, 0.22, 0.12))
    return palette.rgb(*tones[rng.integers(len(tones))]) * np.float32(rng.uniform(0.7, 1.25))


def leaf(pose: Pose) -> Sprite:
    """Draw a pointed leaf with its veins, curled a little."""
    rng, width = pose.rng, pose.rng.uniform(0.32, 0.55)
    canvas = Canvas(pose, half_u=1.04, half_v=width + 0.08, lift=0.15)
    along = np.linspace(0, 1, 14)
    half = width * np.sin(np.pi * along**0.8) * (1 + 0.06 * np.sin(along * 40))
    us = -0.7 + 1.65 * along
    outline = np.vstack([np.stack([us, half], 1), np.stack([us, -half], 1)[::-1]]).astype(np.float32)
    mask = canvas.polygon(wobbled(rng, outline, 0.02), capsule((-0.97, 0.0), (-0.65, 0.0), 0.025))
    tone = _leaf_tone(rng)
    canvas.paint(
        mask,
        tone * (1 + 0.15 * canvas.noise(4, octaves=2))[..., None],
        gloss=0.2,
        height=0.15 * np.abs(canvas.v) + 0.1 * canvas.noise(1.3),
    )
    canvas.ink(canvas.stroke(points((-0.95, 0), (0.92, 0)), 0.035), tone * 1.35)
    for u in (-0.4, -0.1, 0.2, 0.5):
        for side in (-1, 1):
            canvas.ink(canvas.stroke(points((u, 0), (u + 0.22, side * width * 0.85)), 0.02), tone * 1.25, 0.8)
    return canvas.sprite()


def lobed_leaf(pose: Pose) -> Sprite:
    """Draw a maple-like leaf: five lobes around the stalk."""
    rng = pose.rng
    canvas = Canvas(pose, half_u=1.04, half_v=0.95, lift=0.15)
    angle = np.linspace(-np.pi, np.pi, 60, endpoint=False)
    reach = 0.42 + 0.42 * np.abs(np.cos(angle * 2.5)) ** 1.2 * (0.75 + 0.25 * np.cos(angle))
    outline = np.stack([reach * np.cos(angle) + 0.1, reach * np.sin(angle)], 1).astype(np.float32)
    mask = canvas.polygon(torn(rng, outline, 0.012, count=90), capsule((-0.97, 0.0), (0.0, 0.0), 0.025))
    tone = _leaf_tone(rng)
    canvas.paint(mask, tone * (1 + 0.18 * canvas.noise(3, octaves=2))[..., None], height=0.12 * canvas.noise(1.5))
    for turn in np.linspace(-1.6, 1.6, 5):
        tip = points((0, 0), (0.1 + 0.7 * np.cos(turn), 0.7 * np.sin(turn)))
        canvas.ink(canvas.stroke(tip, 0.025), tone * 1.3)
    return canvas.sprite()


def twig(pose: Pose) -> Sprite:
    """Draw a bent twig with two side shoots."""
    rng = pose.rng
    canvas = Canvas(pose, half_u=1.03, half_v=0.34, lift=0.1)
    knees = np.stack([np.linspace(-0.97, 0.97, 5), rng.uniform(-0.12, 0.12, 5)], 1)
    parts = [
        capsule(tuple(a), tuple(b), r) for a, b, r in zip(knees, knees[1:], (0.05, 0.045, 0.038, 0.03), strict=False)
    ]
    for knee in (1, 2):
        end = knees[knee] + np.array([0.3, rng.choice([-1, 1]) * 0.2])
        parts.append(capsule(tuple(knees[knee]), tuple(end), 0.022))
    mask = canvas.polygon(*parts)
    bark = palette.rgb(0.4, 0.3, 0.22) * np.float32(rng.uniform(0.5, 1.3))
    canvas.paint(mask, bark * (1 + 0.25 * canvas.noise(12))[..., None], height=0.05 * canvas.noise(5))
    canvas.darken(mask, 0.2 * np.sin(canvas.u * 60))
    return canvas.sprite()


def stone(pose: Pose) -> Sprite:
    """Draw a rounded stone."""
    rng, half_v = pose.rng, pose.rng.uniform(0.6, 0.9)
    canvas = Canvas(pose, half_u=1.05, half_v=half_v + 0.12, lift=0.4)
    mask = canvas.polygon(blob(rng, 0.92, half_v, rough=0.06))
    dome = np.sqrt(np.clip(1.05 - canvas.u**2 - (canvas.v / half_v) ** 2, 0, 1))
    tone = 1 + 0.15 * canvas.noise(5, octaves=3) + 0.1 * canvas.noise(18)
    canvas.paint(mask, palette.drab(rng) * tone[..., None], height=0.55 * dome + 0.05 * canvas.noise(3))
    return canvas.sprite()


def tuft(pose: Pose) -> Sprite:
    """Draw a tuft of grass: blades that fan out from one root."""
    rng = pose.rng
    canvas = Canvas(pose, half_u=1.02, half_v=0.75, lift=0.15)
    base = palette.rgb(0.36, 0.5, 0.2) if rng.random() < 0.6 else palette.rgb(0.66, 0.58, 0.34)
    for turn in rng.permutation(np.linspace(-0.75, 0.75, int(rng.integers(7, 12)))):
        reach = rng.uniform(1.2, 1.85)
        tip = np.array([-0.9 + reach * np.cos(turn), reach * np.sin(turn) * 0.5])
        root = np.array([-0.92, rng.uniform(-0.06, 0.06)])
        side = np.array([0, 0.045])
        middle = (root + tip) / 2 + rng.normal(0, 0.04, 2)
        blade = np.stack([root - side, middle - side, tip, middle + side, root + side]).astype(np.float32)
        canvas.paint(canvas.polygon(blade), base * np.float32(rng.uniform(0.6, 1.3)))
    return canvas.sprite()


def cover_stone(pose: Pose) -> Sprite:
    """Draw a flat slab or clod of earth."""
    rng = pose.rng
    canvas = Canvas(pose, half_u=1.05, half_v=0.8, lift=0.2)
    mask = canvas.polygon(torn(rng, ellipse(0, 0, 0.92, rng.uniform(0.5, 0.68)), 0.05, count=24))
    lumps = canvas.noise(5, octaves=3)
    canvas.paint(mask, palette.rgb(0.42, 0.32, 0.24) * (1 + 0.3 * lumps)[..., None], height=0.1 * lumps + 0.1)
    return canvas.sprite()


CLUTTER: tuple[Callable[[Pose], Sprite], ...] = (leaf, leaf, lobed_leaf, twig, stone, tuft, cover_stone)
