"""Ground to lay trash on: outdoor and indoor surfaces seen from above.

Every floor is a function of a ``Ground`` that returns its colour and its
relief; one place for all of them is ``FLOORS``.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from . import noise, palette


@dataclass
class Ground:
    """The plane a floor is drawn on.

    Attributes:
        rng: Source of all randomness.
        x: (n, n) float32 floor coordinates; the picture side is about 1.
        y: The same along the other axis.
    """

    rng: np.random.Generator
    x: np.ndarray
    y: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        """(h, w) in pixels."""
        return self.x.shape

    def noise(self, cells: float, octaves: int = 1) -> np.ndarray:
        """Smooth noise in about [-1, 1]; ``cells`` per picture side."""
        return noise.value_noise(self.rng, self.shape, cells, octaves=octaves)

    def grain(self) -> np.ndarray:
        """White noise with a deviation of 0.7, a little blurred."""
        field = self.rng.standard_normal(self.shape, dtype=np.float32)
        return cv2.blur(field, (2, 2)) * 1.4

    def streaks(self, along: float, across: float) -> np.ndarray:
        """Noise in floor coordinates with few cells along x and many along y, or the reverse."""
        lattice = self.rng.uniform(-1, 1, (64, 64)).astype(np.float32)
        return cv2.remap(
            lattice,
            (self.x * along + 32).astype(np.float32),
            (self.y * across + 32).astype(np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT,
        )


@dataclass
class Surface:
    """A drawn floor.

    Attributes:
        color: (h, w, 3) float32 RGB in [0, 1].
        relief: (h, w) float32 height in picture sides.
    """

    color: np.ndarray
    relief: np.ndarray


def _tinted(color: np.ndarray, tone: np.ndarray) -> np.ndarray:
    return color * tone[..., None]


def _hash(rng: np.random.Generator, index: np.ndarray) -> np.ndarray:
    """A random number in [0, 1) for every integer in ``index``."""
    return rng.random(1024, dtype=np.float32)[index.astype(np.int32) & 1023]


def asphalt(ground: Ground) -> Surface:
    """Asphalt: dark, coarse grain, stains, sometimes a crack or a painted line."""
    rng = ground.rng
    grain, stains = ground.grain(), ground.noise(3, 3)
    pebbles = ground.noise(110)
    color = _tinted(palette.drab(rng) * 0.75, 1 + 0.12 * grain + 0.16 * pebbles + 0.16 * stains)
    crack = np.abs(ground.noise(2.5, 3)) < 0.008
    color[crack] *= 0.45
    if rng.random() < 0.3:
        line = np.abs(ground.x - rng.uniform(-0.3, 0.3)) < rng.uniform(0.05, 0.12)
        paint = palette.rgb(0.88, 0.86, 0.8) if rng.random() < 0.6 else palette.rgb(0.85, 0.65, 0.15)
        worn = line & (pebbles + 0.5 * stains > -0.55)
        color[worn] = paint * (0.88 + 0.08 * grain[worn, None])
    return Surface(color, 0.0022 * pebbles)


def concrete(ground: Ground) -> Surface:
    """Concrete: pale, cloudy, pitted, with a joint."""
    rng = ground.rng
    tone = 1 + 0.1 * ground.noise(4, 4) + 0.045 * ground.grain()
    pits = ground.noise(70) > 0.78
    tone[pits] *= 0.75
    color = _tinted((palette.drab(rng) * 0.6 + 0.28), tone)
    joint = np.abs(ground.y - rng.uniform(-0.4, 0.4)) < 0.008
    color[joint] *= 0.5
    return Surface(color, 0.001 * ground.noise(60))


def tiles(ground: Ground) -> Surface:
    """Square or oblong tiles with grout, each a little different."""
    rng = ground.rng
    pitch, aspect = rng.uniform(0.16, 0.5), float(rng.choice([1.0, 1.0, 2.0]))
    shift = float(rng.choice([0, 0.5]))
    row = np.floor(ground.y / pitch)
    along = ground.x / (pitch * aspect) + shift * row
    cell_u, cell_v = along % 1 - 0.5, ground.y / pitch % 1 - 0.5
    edge = np.minimum((0.5 - np.abs(cell_u)) * aspect, 0.5 - np.abs(cell_v)) * pitch
    each = _hash(rng, row * 37 + np.floor(along))
    tone = 0.92 + 0.16 * each + 0.05 * ground.noise(8, 3) + 0.02 * ground.grain()
    color = _tinted(palette.body_color(rng, light=0.25, gloom=0.1, dull=0.6) * 0.72, tone)
    gap = edge < rng.uniform(0.004, 0.009)
    color[gap] = palette.drab(rng) * (0.8 + 0.06 * ground.grain()[gap, None])
    return Surface(color, np.minimum(edge, 0.012) * 0.6)


def paving(ground: Ground) -> Surface:
    """Rough paving bricks in rows, gritty, worn at the edges."""
    rng = ground.rng
    pitch = rng.uniform(0.12, 0.24)
    row = np.floor(ground.y / pitch)
    along = ground.x / (2 * pitch) + 0.5 * row
    edge = np.minimum((0.5 - np.abs(along % 1 - 0.5)) * 2, 0.5 - np.abs(ground.y / pitch % 1 - 0.5)) * pitch
    edge += 0.006 * ground.noise(24)
    each = _hash(rng, row * 31 + np.floor(along))
    base = palette.rgb(0.6, 0.38, 0.3) if rng.random() < 0.4 else palette.drab(rng)
    tone = 0.78 + 0.4 * each + 0.12 * ground.noise(90) + 0.07 * ground.grain()
    color = _tinted(base, tone)
    color[edge < 0.007] *= 0.42
    return Surface(color, np.minimum(edge, 0.016) * 0.7 + 0.001 * ground.noise(90))


def planks(ground: Ground) -> Surface:
    """Wooden planks: grain along each board, knots, dark gaps."""
    rng = ground.rng
    pitch = rng.uniform(0.12, 0.3)
    board = np.floor(ground.y / pitch)
    each = _hash(rng, board)
    edge = (0.5 - np.abs(ground.y / pitch % 1 - 0.5)) * pitch
    wave = ground.y * 95 + each * 40 + 3.5 * ground.streaks(3, 9)
    tone = 0.85 + 0.3 * each + 0.09 * np.sin(wave) + 0.12 * ground.streaks(4, 60) + 0.03 * ground.grain()
    base = palette.rgb(0.62, 0.45, 0.28) * rng.uniform(0.55, 1.2)
    if rng.random() < 0.35:
        base = palette.drab(rng)
    color = _tinted(base, tone)
    ends = np.abs((ground.x + each * 7) % 1.4 - 0.7) < 0.004
    color[(edge < 0.005) | ends] *= 0.3
    return Surface(color, np.minimum(edge, 0.008) * 0.6 + 0.0006 * np.sin(wave))


def grass(ground: Ground) -> Surface:
    """A lawn: thousands of blades over dark soil, green to straw."""
    rng = ground.rng
    side = ground.shape[0]
    color = _tinted(palette.rgb(0.24, 0.24, 0.12), 1 + 0.3 * ground.noise(12, 3))
    dry = rng.uniform(0, 1)
    color = np.ascontiguousarray(color, np.float32)
    for depth in np.linspace(0.45, 1.15, 9):
        count = 260
        start = rng.random((count, 2)) * side
        heading, reach = rng.uniform(0, 2 * np.pi, count), rng.uniform(0.025, 0.075, count) * side
        tips = start + reach[:, None] * np.stack([np.cos(heading), np.sin(heading)], 1)
        middle = (start + tips) / 2 + rng.normal(0, 0.008 * side, (count, 2))
        blades = np.stack([start, middle, tips], 1).astype(np.int32)
        mix = dry * rng.uniform(0.4, 1.0)
        tone = depth * ((1 - mix) * palette.rgb(0.3, 0.4, 0.18) + mix * palette.rgb(0.58, 0.52, 0.33))
        width = max(1, round(side * 0.0045))
        cv2.polylines(color, list(blades), False, tuple(float(part) for part in tone), width, cv2.LINE_AA)
    return Surface(color * (1 + 0.2 * ground.noise(3, 2))[..., None], 0.002 * ground.noise(60))


def soil(ground: Ground) -> Surface:
    """Bare soil: brown, lumpy, with pebbles and crumbs."""
    rng = ground.rng
    lumps = ground.noise(14, 4)
    base = palette.rgb(0.5, 0.38, 0.27) * rng.uniform(0.6, 1.25)
    color = _tinted(base, 1 + 0.28 * lumps + 0.1 * ground.grain())
    stones = ground.noise(34)
    color[stones > 0.72] = palette.drab(rng) * (1 + 0.3 * lumps[stones > 0.72, None])
    return Surface(color, 0.006 * lumps + 0.006 * np.clip(stones - 0.6, 0, 1))


def sand(ground: Ground) -> Surface:
    """Sand: fine grain and wind ripples."""
    rng = ground.rng
    warp = ground.noise(3, 2)
    ripples = np.sin(ground.y * rng.uniform(50, 110) + 5 * warp) * rng.uniform(0, 1)
    base = palette.rgb(0.76, 0.66, 0.5) * rng.uniform(0.75, 1.15)
    color = _tinted(base, 1 + 0.07 * ground.grain() + 0.08 * warp)
    return Surface(color, 0.0016 * ripples + 0.002 * ground.noise(20, 2))


def carpet(ground: Ground) -> Surface:
    """Carpet: loops of yarn, flecked or striped."""
    rng = ground.rng
    pitch = rng.uniform(180, 260)
    loops = np.sin(ground.x * pitch) * np.sin(ground.y * pitch)
    base = palette.body_color(rng, light=0.15, gloom=0.15, dull=0.65) * 0.72 + 0.04
    color = _tinted(base, 1 + 0.14 * loops + 0.12 * ground.grain() + 0.08 * ground.noise(4, 2))
    if rng.random() < 0.5:
        figure = np.sin(ground.x * rng.uniform(10, 40)) * np.sin(ground.y * rng.uniform(10, 40)) > rng.uniform(0, 0.7)
        other = 0.78 * color + 0.22 * palette.body_color(rng, gloom=0.3)
        color = np.where(figure[..., None], other, color)
    return Surface(color, 0.0012 * loops)


def gravel(ground: Ground) -> Surface:
    """Gravel or cobbles: rounded stones, each of its own grey, dark gaps."""
    rng = ground.rng
    labels, found = noise.voronoi(rng, ground.shape, int(rng.integers(350, 1800)))
    pitch = ground.shape[0] / found**0.5
    dome = np.clip(noise.cell_domes(labels) / (0.38 * pitch), 0, 1)
    tones = palette.drab(rng) * rng.uniform(0.75, 1.2, (found, 1)) * (1 + rng.normal(0, 0.03, (found, 3)))
    color = tones.astype(np.float32)[labels] * (0.5 + 0.5 * dome**0.5 + 0.06 * ground.grain())[..., None]
    return Surface(color, 0.25 * pitch / ground.shape[0] * np.sqrt(dome))


def leaf_litter(ground: Ground) -> Surface:
    """Ground covered with dry leaves lying over each other."""
    rng = ground.rng
    side = ground.shape[0]
    color = np.ascontiguousarray(_tinted(palette.rgb(0.3, 0.22, 0.15), 1 + 0.3 * ground.noise(20, 2)), np.float32)
    relief = np.zeros(ground.shape, np.float32)
    phase = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    for order in range(170):
        heading, size = rng.uniform(0, 2 * np.pi), rng.uniform(0.03, 0.085) * side
        shape = np.stack([np.cos(phase), rng.uniform(0.3, 0.6) * np.sin(phase) * (1 - 0.3 * np.cos(phase))], 1)
        turn = np.array([[np.cos(heading), np.sin(heading)], [-np.sin(heading), np.cos(heading)]])
        outline = (shape * size @ turn + rng.random(2) * side).astype(np.int32)
        shade = palette.rgb(0.52, 0.41, 0.28) * rng.uniform(0.5, 1.0) * (1 + rng.normal(0, 0.04, 3))
        tone = tuple(float(part) for part in shade)
        cv2.fillPoly(color, [outline + (1, 2)], tuple(part * 0.35 for part in tone), cv2.LINE_AA)
        cv2.fillPoly(color, [outline], tone, cv2.LINE_AA)
        cv2.line(color, outline[0].tolist(), outline[7].tolist(), tuple(part * 0.7 for part in tone), 1, cv2.LINE_AA)
        cv2.fillPoly(relief, [outline], 0.004 * (order % 5))
    return Surface(color * (1 + 0.1 * ground.noise(60))[..., None], cv2.blur(relief, (3, 3)))


def linoleum(ground: Ground) -> Surface:
    """A smooth indoor floor or table: plain or marbled, faint flecks."""
    rng = ground.rng
    base = palette.body_color(rng, light=0.25, gloom=0.1, dull=0.6) * 0.72 + 0.04
    veins = np.abs(ground.noise(3, 4)) * rng.uniform(0, 0.5)
    color = _tinted(base, 1 - veins + 0.02 * ground.grain())
    flecks = ground.noise(130) > 0.8
    color[flecks] *= rng.uniform(0.75, 1.1)
    return Surface(color, np.zeros(ground.shape, np.float32))


def shallow_water(ground: Ground) -> Surface:
    """Wet ground: puddles that mirror a grey sky on asphalt or soil."""
    rng = ground.rng
    below = asphalt(ground) if rng.random() < 0.5 else soil(ground)
    level = ground.noise(2.2, 3)
    depth = np.clip((level - rng.uniform(-0.25, 0.15)) * 9, 0, 1)[..., None]
    sky = palette.rgb(0.58, 0.63, 0.68) * rng.uniform(0.6, 1.05)
    mirror = sky * (1 + 0.12 * ground.streaks(7, 26) + 0.1 * ground.noise(2))[..., None]
    return Surface(below.color * 0.72 * (1 - 0.62 * depth) + mirror * 0.55 * depth, below.relief * (1 - depth[..., 0]))


FLOORS: tuple[Callable[[Ground], Surface], ...] = (
    asphalt,
    concrete,
    tiles,
    paving,
    planks,
    grass,
    soil,
    sand,
    carpet,
    gravel,
    leaf_litter,
    linoleum,
    shallow_water,
)
