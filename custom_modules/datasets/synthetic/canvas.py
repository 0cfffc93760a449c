"""The patch of paper one object is drawn on, in the object's own coordinates.

An object spans about [-1, 1] along its longer axis u and less along v.  The
canvas turns and scales these coordinates into pixels, so that every stroke is
drawn once, at its final size and angle.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from . import noise

_SHIFT = 4  # fractional bits of cv2's drawing coordinates


@dataclass
class Pose:
    """How an object lies in the picture.

    Attributes:
        rng: Source of the object's randomness.
        length: Length of its longer side in pixels.
        angle: Turn in radians.
        squeeze: Foreshortening along the picture's y axis, in (0, 1].
    """

    rng: np.random.Generator
    length: float
    angle: float
    squeeze: float = 1.0


@dataclass
class Sprite:
    """A drawn object, ready to be lit and laid into a picture.

    Attributes:
        color: (h, w, 3) float32, RGB before lighting, [0, 1].
        cover: (h, w) float32, what belongs to the object, [0, 1].
        opacity: (h, w) float32, how much of the background it hides, [0, 1].
        slope: (h, w, 2) float32, rise of the surface per pixel along x and y.
        gloss: (h, w) float32, strength of the highlights.
        lift: Height of the object over the floor in pixels; sets its shadow.
    """

    color: np.ndarray
    cover: np.ndarray
    opacity: np.ndarray
    slope: np.ndarray
    gloss: np.ndarray
    lift: float


class Canvas:
    """Layers of one object under construction.

    Args:
        pose: Size and turn of the object.
        half_u: Half of the extent along u that may be drawn on.
        half_v: The same along v.
        lift: Height of the object over the floor, in local units.
    """

    def __init__(self, pose: Pose, *, half_u: float = 1.0, half_v: float = 1.0, lift: float = 0.25) -> None:
        self.rng = pose.rng
        self.scale = float(pose.length) / (2 * max(half_u, half_v))
        cos, sin = np.cos(pose.angle), np.sin(pose.angle)
        turn = np.array([[cos, -sin], [sin * pose.squeeze, cos * pose.squeeze]]) * self.scale
        self.turn = turn.astype(np.float32)
        corners = np.array([[half_u, half_v], [half_u, -half_v]]) @ self.turn.T
        half_w, half_h = np.abs(corners).max(axis=0) + 3
        self.shape = (2 * int(half_h) + 1, 2 * int(half_w) + 1)
        self.centre = np.array([self.shape[1] // 2, self.shape[0] // 2], np.float32)
        self.u, self.v = self._grids()
        self.lift = lift * self.scale
        self.color: np.ndarray | None = None
        self.cover, self.opacity, self.gloss = (np.zeros(self.shape, np.float32) for _ in range(3))
        self.height = np.zeros(self.shape, np.float32)
        self.slope = np.zeros((*self.shape, 2), np.float32)

    def _grids(self) -> tuple[np.ndarray, np.ndarray]:
        x = np.arange(self.shape[1], dtype=np.float32) - self.centre[0]
        y = (np.arange(self.shape[0], dtype=np.float32) - self.centre[1])[:, None]
        back = np.linalg.inv(self.turn)
        return back[0, 0] * x + back[0, 1] * y, back[1, 0] * x + back[1, 1] * y

    def pixels(self, outline: np.ndarray) -> np.ndarray:
        """Turn local points (n, 2) into pixels of the patch, (n, 2) float32."""
        return np.asarray(outline, np.float32) @ self.turn.T + self.centre

    def polygon(self, *outlines: np.ndarray) -> np.ndarray:
        """Coverage (h, w) of closed outlines; where two overlap, of their union."""
        mask = np.zeros(self.shape, np.uint8)
        for outline in outlines:
            fixed = np.round(self.pixels(outline) * 2**_SHIFT).astype(np.int32)
            cv2.fillPoly(mask, [fixed], 255, cv2.LINE_AA, _SHIFT)
        return mask.astype(np.float32) / 255

    def stroke(self, path: np.ndarray, width: float) -> np.ndarray:
        """Coverage (h, w) of an open line of ``width`` local units, one pixel at least."""
        mask = np.zeros(self.shape, np.uint8)
        fixed = np.round(self.pixels(path) * 2**_SHIFT).astype(np.int32)
        thickness = max(1, round(width * self.scale))
        cv2.polylines(mask, [fixed], False, 255, thickness, cv2.LINE_AA, _SHIFT)
        return mask.astype(np.float32) / 255

    def ramp(self, values: np.ndarray) -> np.ndarray:
        """Coverage (h, w) of ``values > 0`` (local units), with an edge one pixel wide."""
        return np.clip(values * self.scale + 0.5, 0, 1)

    def noise(self, cells: float, *, octaves: int = 1) -> np.ndarray:
        """Smooth noise (h, w) in about [-1, 1] with ``cells`` cells per local unit."""
        return noise.value_noise(self.rng, self.shape, cells * max(self.shape) / self.scale, octaves=octaves)

    def ridges(self, cells: float, *, octaves: int = 2) -> np.ndarray:
        """Folds (h, w) in about [0, 1] with ``cells`` cells per local unit."""
        return noise.ridges(self.rng, self.shape, cells * max(self.shape) / self.scale, octaves=octaves)

    def stretched_noise(self, cells_u: float, cells_v: float) -> np.ndarray:
        """Noise (h, w) in about [-1, 1] with its own number of cells per unit along u and v."""
        lattice = self.rng.uniform(-1, 1, (32, 32)).astype(np.float32)
        smooth = cv2.resize(lattice, (128, 128), interpolation=cv2.INTER_CUBIC)
        map_x, map_y = self.u * (4 * cells_u) + 64, self.v * (4 * cells_v) + 64
        return cv2.remap(smooth, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)

    def crumple(self, facets: float, steepness: float) -> None:
        """Fold the whole surface into about ``facets`` flat pieces per square unit."""
        count = round(facets * self.shape[0] * self.shape[1] / self.scale**2)
        self.slope += noise.crumple_slopes(self.rng, self.shape, max(count, 4), steepness)

    def tilt(self, mask: np.ndarray, slope_u: float, slope_v: float) -> None:
        """Lean the part under ``mask``: the surface rises by ``slope_u`` per unit along u, and so on."""
        along_x, along_y = np.linalg.inv(self.turn).T @ np.array([slope_u, slope_v]) * self.scale
        self.slope += mask[..., None] * np.array([along_x, along_y], np.float32)

    def texture(self, image: np.ndarray, box: Sequence[float], *, v: np.ndarray | None = None) -> np.ndarray:
        """Spread a small picture over a box.

        Args:
            image: (rows, cols, 3) float32, its columns along u, its rows along v.
            box: (u0, v0, u1, v1) in local units.
            v: Coordinates to use instead of v, for instance around a cylinder.

        Returns:
            (h, w, 3) float32; beyond the box the picture's edge goes on.
        """
        u0, v0, u1, v1 = box
        wanted = [
            max(2, min(side, round(abs(span) * self.scale)))
            for side, span in zip(image.shape[1::-1], (u1 - u0, v1 - v0), strict=True)
        ]
        image = cv2.resize(image, wanted, interpolation=cv2.INTER_AREA)
        map_x = (self.u - u0) * (wanted[0] / (u1 - u0)) - 0.5
        map_y = ((self.v if v is None else v) - v0) * (wanted[1] / (v1 - v0)) - 0.5
        return cv2.remap(image, map_x, map_y.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

    def paint(
        self,
        mask: np.ndarray,
        color: np.ndarray,
        *,
        opacity: float | np.ndarray = 1.0,
        gloss: float | np.ndarray | None = None,
        height: float | np.ndarray | None = None,
    ) -> None:
        """Lay a colour over the part under ``mask``, which becomes part of the object.

        Args:
            mask: (h, w) coverage.
            color: (3,) or (h, w, 3) RGB.
            opacity: How much of the floor the part hides.
            gloss: Its highlights; unchanged when None.
            height: Its surface over the floor in local units; unchanged when None.
        """
        if self.color is None:
            self.color = np.empty((*self.shape, 3), np.float32)
            self.color[:] = color
        else:
            self.color = self.color + (color - self.color) * mask[..., None]
        self.opacity += (opacity - self.opacity) * mask
        if gloss is not None:
            self.gloss += (gloss - self.gloss) * mask
        if height is not None:
            self.height += (height - self.height) * mask
        np.maximum(self.cover, mask, out=self.cover)

    def darken(self, mask: np.ndarray, amount: float | np.ndarray) -> None:
        """Multiply the colour by ``1 - amount`` under ``mask``; negative amounts brighten."""
        assert self.color is not None, 'darken before paint'
        self.color = self.color * (1 - mask * amount)[..., None]

    def ink(self, mask: np.ndarray, color: np.ndarray, amount: float = 1.0) -> None:
        """Print ``color`` on what is already there, within the object's outline."""
        assert self.color is not None, 'ink before paint'
        self.color = self.color + (color - self.color) * (amount * mask * self.cover)[..., None]

    def sprite(self) -> Sprite:
        """Finish: the layers with the slopes of the height map added."""
        assert self.color is not None, 'nothing was painted'
        height = self.height * self.scale
        slope = self.slope + np.stack([difference(height, 1), difference(height, 0)], -1)
        return Sprite(
            np.clip(self.color, 0, 1),
            self.cover,
            np.clip(self.opacity, 0, 1) * (self.cover > 0),
            slope,
            self.gloss,
            self.lift,
        )


def difference(height: np.ndarray, axis: int) -> np.ndarray:
    """Slope of a height map along an axis (0: y, 1: x), (h, w) float32 per pixel."""
    kernel = np.array([[-0.5, 0, 0.5]], np.float32)
    return cv2.filter2D(height, -1, kernel if axis == 1 else kernel.T, borderType=cv2.BORDER_REPLICATE)
