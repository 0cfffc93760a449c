"""Paper: printed sheets, crumpled paper, newspapers, till slips, cups, cardboard."""

import math

import numpy as np

from .. import palette, prints
from ..canvas import Canvas, Pose, Sprite
from ..shapes import blob, points, rectangle, resampled, torn
from .solids import lathe, opening


def _stock(rng: np.random.Generator) -> np.ndarray:
    return palette.warm_white(rng) if rng.random() < 0.8 else palette.body_color(rng, light=0.6, gloom=0.0)


def _bent_sheet(rng: np.random.Generator, half_v: float, amount: float) -> np.ndarray:
    corners = rectangle(-0.95, -half_v, 0.95, half_v) + rng.normal(0, amount, (4, 2)).astype(np.float32)
    outline = resampled(corners, 48)
    sway = amount * np.sin(outline[:, :1] * rng.uniform(1, 3) + rng.uniform(0, 6))
    return outline + sway * np.array([[0.2, 1.0]], np.float32)


def _folds(canvas: Canvas, mask: np.ndarray, count: int) -> None:
    """Crease the sheet along straight lines: each side of a crease leans its own way."""
    rng = canvas.rng
    for _ in range(count):
        heading = float(rng.choice([0, np.pi / 2]) + rng.normal(0, 0.12))
        along_u, along_v = math.cos(heading), math.sin(heading)
        offset = rng.uniform(-0.4, 0.4)
        dist = canvas.u * along_u + canvas.v * along_v - offset
        lean = rng.uniform(0.12, 0.4) * rng.choice([-1, 1])
        canvas.tilt(mask * (dist > 0), lean * along_u, lean * along_v)
        canvas.darken(mask * canvas.ramp(0.012 - np.abs(dist)), 0.22)


def sheet(pose: Pose) -> Sprite:
    """Draw a printed page, creased, with a turned-up corner now and then."""
    rng, half_v = pose.rng, pose.rng.uniform(0.6, 0.75)
    canvas = Canvas(pose, half_v=half_v + 0.15, half_u=1.05, lift=0.06)
    paper = _stock(rng)
    page = prints.document(rng, paper)
    mask = canvas.polygon(_bent_sheet(rng, half_v, 0.04))
    canvas.paint(mask, canvas.texture(page, (-0.95, -half_v, 0.95, half_v)), height=0.05 * canvas.noise(1.2))
    _folds(canvas, mask, int(rng.integers(1, 4)))
    if rng.random() < 0.5:
        size = rng.uniform(0.25, 0.5)
        flap = canvas.polygon(points((0.95, half_v - size), (0.95 - size, half_v), (0.9 - size, half_v - size)))
        canvas.paint(flap, paper * 0.92)
        canvas.tilt(flap, -0.4, -0.4)
    return canvas.sprite()


def crumpled(pose: Pose) -> Sprite:
    """Draw a ball of crumpled paper: matt facets, traces of print."""
    rng, half_v = pose.rng, pose.rng.uniform(0.65, 0.92)
    canvas = Canvas(pose, half_u=1.1, half_v=half_v + 0.2, lift=0.45)
    outline = torn(rng, blob(rng, 0.92, half_v, rough=0.06), 0.05, count=26)
    mask = canvas.polygon(outline)
    dist = np.clip(1 - np.hypot(canvas.u, canvas.v / half_v) ** 2, 0, 1)
    paper = _stock(rng)
    color = paper
    if rng.random() < 0.6:
        shifted = canvas.v + 0.25 * canvas.noise(2.5)
        color = canvas.texture(prints.document(rng, paper), (-1, -half_v, 1, half_v), v=shifted)
    canvas.paint(mask, color, height=0.5 * np.sqrt(dist))
    canvas.crumple(9, 0.5)
    canvas.darken(mask, 0.2 * canvas.ridges(2.5) ** 4)
    return canvas.sprite()


def newspaper(pose: Pose) -> Sprite:
    """Draw a folded newspaper: columns, pictures, the edges of more pages below."""
    rng, half_v = pose.rng, pose.rng.uniform(0.62, 0.78)
    canvas = Canvas(pose, half_u=1.06, half_v=half_v + 0.16, lift=0.1)
    paper = palette.rgb(0.84, 0.79, 0.66) * np.float32(rng.uniform(0.8, 1.08))
    for shift in (0.07, 0.035):
        below = canvas.polygon(_bent_sheet(rng, half_v, 0.02) + np.float32(shift))
        canvas.paint(below, paper * (0.72 + 2 * shift))
    mask = canvas.polygon(_bent_sheet(rng, half_v, 0.025))
    page = prints.newspaper(rng, paper)
    canvas.paint(mask, canvas.texture(page, (-0.95, -half_v, 0.95, half_v)), height=0.06 * canvas.noise(1))
    _folds(canvas, mask, int(rng.integers(1, 3)))
    return canvas.sprite()


def till_slip(pose: Pose) -> Sprite:
    """Draw a curled receipt: a long strip with short lines and a bar code."""
    rng, half_v = pose.rng, pose.rng.uniform(0.22, 0.34)
    canvas = Canvas(pose, half_u=1.03, half_v=half_v + 0.24, lift=0.12)
    curl = rng.uniform(-0.2, 0.2)
    canvas.v = canvas.v - curl * (canvas.u**2 - 0.4)
    along = np.linspace(-0.96, 0.96, 24)
    sway = curl * (along**2 - 0.4)
    outline = np.vstack([np.stack([along, sway - half_v], 1), np.stack([along, sway + half_v], 1)[::-1]])
    mask = canvas.polygon(outline)
    page = prints.receipt(rng, _stock(rng))
    wave = 0.12 * np.sin(canvas.u * rng.uniform(3, 6) + rng.uniform(0, 6))
    canvas.paint(mask, canvas.texture(page, (-0.96, -half_v, 0.96, half_v)), height=wave)
    _folds(canvas, mask, int(rng.integers(0, 3)))
    return canvas.sprite()


def cup(pose: Pose) -> Sprite:
    """Draw a paper cup on its side: tapered, printed, its rolled rim and inside showing."""
    rng, radius = pose.rng, pose.rng.uniform(0.52, 0.64)
    canvas = Canvas(pose, half_u=1.16, half_v=0.7, lift=0.55)
    base = palette.body_color(rng, light=0.7, gloom=0.04)
    body = lathe(canvas, (-0.98, 0.85), (radius * 0.68, radius))
    picture = prints.label(rng, base) if rng.random() < 0.7 else prints.stripes(rng, base, along_u=rng.random() < 0.5)
    color = canvas.texture(picture, (-0.95, -0.8, 0.85, 0.8), v=body.around)
    canvas.paint(body.mask, color * (1.05 - 0.4 * np.abs(body.across[..., None]) ** 3), height=0.7 * body.height)
    canvas.darken(body.mask * (canvas.u < -0.9), 0.25)
    white = palette.pale(rng)
    opening(canvas, 0.85, radius, white * 1.05, white * 0.8)
    return canvas.sprite()


def cardboard(pose: Pose) -> Sprite:
    """Draw a flattened box: brown board with flaps, creases, a corrugated edge and tape."""
    rng, half_v = pose.rng, pose.rng.uniform(0.55, 0.72)
    canvas = Canvas(pose, half_u=1.04, half_v=half_v + 0.26, lift=0.1)
    board = palette.rgb(0.7, 0.53, 0.35) * np.float32(rng.uniform(0.6, 1.2))
    if rng.random() < 0.2:
        board = _stock(rng)
    flap = rng.uniform(0.15, 0.24)
    outlines = [rectangle(-0.95, -half_v, 0.95, half_v)]
    for side in (-1, 1):
        for start, end in ((-0.92, -0.34), (-0.28, 0.28), (0.34, 0.92)):
            slant = rng.uniform(0, 0.05)
            outlines.append(
                points(
                    (start, side * half_v),
                    (end, side * half_v),
                    (end - slant, side * (half_v + flap)),
                    (start + slant, side * (half_v + flap)),
                )
            )
    mask = canvas.polygon(*outlines)
    grain = canvas.stretched_noise(1, 24)
    canvas.paint(mask, board * (1 + 0.05 * grain)[..., None], height=0.03 * canvas.noise(1))
    for level in (-half_v, half_v):
        canvas.darken(canvas.stroke(points((-0.95, level), (0.95, level)), 0.025), 0.35)
        canvas.tilt(mask * (np.abs(canvas.v) > half_v) * (canvas.v * level > 0), 0.0, 0.35)
    for u in (-0.31, 0.31):
        canvas.darken(mask * canvas.stroke(points((u, -half_v), (u, half_v)), 0.02), 0.3)
    _board_extras(canvas, half_v)
    return canvas.sprite()


def _board_extras(canvas: Canvas, half_v: float) -> None:
    rng = canvas.rng
    if rng.random() < 0.6:
        tape = canvas.polygon(rectangle(-0.95, -0.08, 0.95, 0.08))
        canvas.ink(tape, palette.body_color(rng, light=0.3, dull=0.4), 0.6)
        canvas.gloss += 0.4 * tape
    if rng.random() < 0.6:
        page = prints.document(rng, palette.pale(rng))
        box = (0.38, -half_v * 0.7, 0.86, -half_v * 0.1)
        canvas.ink(canvas.polygon(rectangle(*box)), canvas.texture(page, box), 0.9)


def egg_tray(pose: Pose) -> Sprite:
    """Draw a piece of moulded pulp: rows of round cups pressed into grey board."""
    rng = pose.rng
    columns, rows = int(rng.integers(3, 6)), int(rng.integers(2, 4))
    half_v = 0.95 * rows / columns
    canvas = Canvas(pose, half_u=1.02, half_v=half_v + 0.06, lift=0.3)
    pitch = 1.9 / columns
    mask = canvas.polygon(torn(rng, rectangle(-0.97, -half_v, 0.97, half_v), 0.012))
    cell_u = (canvas.u + 0.95) / pitch % 1 - 0.5
    cell_v = (canvas.v + half_v) / pitch % 1 - 0.5
    dist = np.hypot(cell_u, cell_v)
    tone = palette.body_color(rng, light=0.25, gloom=0.0, dull=0.5)
    canvas.paint(
        mask, tone * (1 + 0.06 * canvas.noise(14))[..., None], height=-0.55 * pitch * np.clip(0.46 - dist, 0, 1)
    )
    canvas.darken(mask * (dist < 0.42), 0.28)
    return canvas.sprite()
