"""The empty scene: one or two floors in perspective, under the picture's light."""

import math

import numpy as np

from . import noise
from .canvas import difference
from .floors import FLOORS, Ground, Surface
from .lighting import Light, shading


def _ground(rng: np.random.Generator, side: int, tilt: float) -> Ground:
    axis = np.linspace(-0.5, 0.5, side, dtype=np.float32)
    depth = 1 - tilt * axis[:, None]
    x, y = axis[None] * depth, axis[:, None] * depth + np.zeros((1, side), np.float32)
    zoom, heading = rng.uniform(0.8, 1.25), rng.uniform(0, 2 * np.pi)
    cos, sin = np.float32(zoom * np.cos(heading)), np.float32(zoom * np.sin(heading))
    shift = rng.uniform(-5, 5, 2).astype(np.float32)
    near = Ground(rng, cos * x - sin * y, sin * x + cos * y)
    # Painted lines and joints are placed near 0, repeating patterns anywhere.
    near.x += np.float32(0.02) * shift[0]
    near.y += np.float32(0.02) * shift[1]
    return near


def _lit(surface: Surface, light: Light, side: int, contrast: float) -> np.ndarray:
    rise = surface.relief * side
    slope = np.stack([difference(rise, 1), difference(rise, 0)], -1)
    # A floor looked at for what lies on it is mostly calm: its contrast is drawn, too.
    mean = surface.color[::8, ::8].mean((0, 1))
    calm = mean + contrast * (surface.color - mean)
    return calm * (1 + contrast * (shading(slope, light) - 1))[..., None]


def draw_floor(rng: np.random.Generator, side: int, light: Light, squeeze: float) -> np.ndarray:
    """Draw the lit floor of one picture.

    Args:
        rng: Source of all randomness.
        side: Picture side in pixels.
        light: The light of the picture.
        squeeze: Foreshortening of things on the floor, in (0, 1].

    Returns:
        (side, side, 3) float32 RGB.
    """
    tilt = (1 - squeeze) * 1.6
    picture = _lit(FLOORS[rng.integers(len(FLOORS))](_ground(rng, side, tilt)), light, side, rng.uniform(0.35, 0.85))
    if rng.random() < 0.22:
        picture = _second_floor(rng, picture, light, tilt)
    return picture * (light.tint * _uneven_light(rng, side)[..., None])


def _second_floor(rng: np.random.Generator, picture: np.ndarray, light: Light, tilt: float) -> np.ndarray:
    side = picture.shape[0]
    ground = _ground(rng, side, tilt)
    other = _lit(FLOORS[rng.integers(len(FLOORS))](ground), light, side, rng.uniform(0.35, 0.85))
    ragged = float(rng.choice([0.0, 0.03])) * ground.noise(14, 2)
    dist = ground.x + ragged - rng.uniform(0.05, 0.35)
    share = np.clip(dist * side * 0.5 + 0.5, 0, 1)[..., None]
    kerb = np.clip(1 - np.abs(dist) / 0.02, 0, 1)[..., None] * rng.uniform(0.1, 0.6)
    return (picture * (1 - share) + other * share) * (1 - kerb)


def _uneven_light(rng: np.random.Generator, side: int) -> np.ndarray:
    """Brightness over the floor: a gradient, and often the blurred shadow of something out of the picture."""
    axis = np.linspace(-1, 1, side, dtype=np.float32)
    lean = rng.normal(0, 0.12, 2).astype(np.float32)
    field = 1 + lean[0] * axis[None] + lean[1] * axis[:, None]
    kind = rng.random()
    if kind < 0.2:
        heading, place, soft = rng.uniform(0, 2 * np.pi), rng.uniform(-0.5, 0.5), rng.uniform(8, 50)
        beyond = math.cos(heading) * axis[None] + math.sin(heading) * axis[:, None] - place
        field = field * (1 - rng.uniform(0.25, 0.5) * (0.5 + 0.5 * np.tanh(0.5 * soft * beyond)))
    elif kind < 0.4:
        foliage = noise.value_noise(rng, (side, side), rng.uniform(4, 10), octaves=3)
        field = field * (1 - rng.uniform(0.15, 0.4) * np.clip(foliage * 1.6 + 0.3, 0, 1))
    return np.clip(field, 0.3, 1.5)
