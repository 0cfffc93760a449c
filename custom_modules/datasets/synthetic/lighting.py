"""Light on surfaces: shading, highlights and soft cast shadows.

Works on RGB float32 pictures in [0, 1], without a physical unit: a flat, matt
surface in the open keeps its colour.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from .canvas import Sprite

_STEEPEST = 2.2  # slopes beyond this are clipped: at a body's outline they are infinite


@dataclass(frozen=True)
class Light:
    """The light of one picture.

    Attributes:
        towards: Unit vector (x, y, z) towards the light; z points at the camera.
        ambient: Share of the light that comes from all sides, [0, 1].
        tint: (3,) RGB factors of its colour.
        softness: Blur of cast shadows as a share of the shadow's length.
    """

    towards: tuple[float, float, float]
    ambient: float
    tint: np.ndarray
    softness: float


def draw_light(rng: np.random.Generator) -> Light:
    """Draw the light of one picture: from a low sun to a grey sky."""
    azimuth, elevation = rng.uniform(0, 2 * np.pi), np.deg2rad(rng.uniform(32, 72))
    towards = (
        float(np.cos(elevation) * np.cos(azimuth)),
        float(np.cos(elevation) * np.sin(azimuth)),
        float(np.sin(elevation)),
    )
    warmth = rng.normal(0, 0.05)
    tint = np.array([1 + warmth, 1.0 + rng.normal(0, 0.015), 1 - warmth], np.float32)
    return Light(towards, float(rng.uniform(0.45, 0.75)), tint, float(rng.uniform(0.15, 0.7)))


def shading(slope: np.ndarray, light: Light) -> np.ndarray:
    """Brightness of a matt surface.

    Args:
        slope: (h, w, 2) rise along x and y.
        light: The light of the picture.

    Returns:
        (h, w) float32; 1 where the surface is flat.
    """
    x, y, z = light.towards
    sx, sy = (np.clip(slope[..., axis], -_STEEPEST, _STEEPEST) for axis in (0, 1))
    facing = np.maximum(z - x * sx - y * sy, 0) / np.sqrt(1 + sx * sx + sy * sy)
    return light.ambient + (1 - light.ambient) * facing / z


def highlights(slope: np.ndarray, gloss: np.ndarray, light: Light, *, power: float = 28.0) -> np.ndarray:
    """Highlights of a glossy surface after Blinn (1977), (h, w) float32 in [0, 1], seen straight from above."""
    half = np.array(light.towards) + (0, 0, 1)
    half = (half / np.linalg.norm(half)).astype(np.float32)
    sx, sy = (np.clip(slope[..., axis], -_STEEPEST, _STEEPEST) for axis in (0, 1))
    facing = np.maximum(half[2] - half[0] * sx - half[1] * sy, 0) / np.sqrt(1 + sx * sx + sy * sy)
    return gloss * facing**power


def lit(sprite: Sprite, light: Light) -> tuple[np.ndarray, np.ndarray]:
    """Light an object.

    Returns:
        Its colour (h, w, 3) and the highlights (h, w) to add on top.
    """
    shine = highlights(sprite.slope, sprite.gloss, light) * (1 - light.ambient * 0.6)
    return sprite.color * shading(sprite.slope, light)[..., None] * light.tint, shine * sprite.cover


def shadow(sprite: Sprite, light: Light) -> tuple[np.ndarray, tuple[int, int]]:
    """Shadow of an object on what lies below.

    Args:
        sprite: The object.
        light: The light of the picture.

    Returns:
        Darkening (h, w) float32 in [0, 1], and the place (x, y) of its top left corner relative to the sprite's.
    """
    x, y, z = light.towards
    reach = sprite.lift / z
    shift = np.array([-x * reach, -y * reach])
    blur = 1.0 + light.softness * reach * 0.5
    pad = 2 * int((np.abs(shift).max() + 2.5 * blur) / 2) + 4
    height, width = (side + 2 * pad for side in sprite.cover.shape)
    block = cv2.copyMakeBorder(sprite.cover * sprite.opacity, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=0)
    # Shadows are soft: half the resolution is enough and four times as fast.
    block = cv2.resize(block, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    strength = (1 - light.ambient) * 0.85
    near = cv2.GaussianBlur(_moved(block, shift * 0.175), (0, 0), 0.3 + blur * 0.25)
    far = cv2.GaussianBlur(_moved(block, shift / 2), (0, 0), blur / 2)
    contact = cv2.GaussianBlur(block, (0, 0), 0.75 + 0.06 * sprite.lift)
    dark = 1 - (1 - strength * np.maximum(near, far)) * (1 - 0.3 * contact)
    return cv2.resize(dark, (width, height), interpolation=cv2.INTER_LINEAR), (-pad, -pad)


def _moved(block: np.ndarray, shift: np.ndarray) -> np.ndarray:
    affine = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float32)
    return cv2.warpAffine(block, affine, block.shape[::-1], flags=cv2.INTER_LINEAR)
