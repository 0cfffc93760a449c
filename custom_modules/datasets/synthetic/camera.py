"""What the camera adds: exposure, colour cast, vignetting, blur, noise, JPEG."""

import cv2
import numpy as np


def _vignette(rng: np.random.Generator, side: int) -> np.ndarray:
    axis = np.linspace(-1, 1, side, dtype=np.float32)
    shift = rng.uniform(-0.15, 0.15, 2).astype(np.float32)
    return 1 - rng.uniform(0, 0.22) * ((axis[None] - shift[0]) ** 2 + (axis[:, None] - shift[1]) ** 2)


def _blurred(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
    unit = picture.shape[0] / 256
    if rng.random() < 0.08:
        length, heading = rng.uniform(1.5, 4) * unit, rng.uniform(0, np.pi)
        reach = int(np.ceil(length / 2)) + 1
        kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
        step = length / 2 * np.array([np.cos(heading), np.sin(heading)])
        ends = [tuple(round(part * 16) for part in (reach + sign * step)) for sign in (-1, 1)]
        cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_AA, 4)
        return cv2.filter2D(picture, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT)
    sigma = rng.uniform(0, 0.75) * unit
    return picture if sigma < 0.25 else cv2.GaussianBlur(picture, (0, 0), sigma)


def expose(rng: np.random.Generator, scene: np.ndarray, side: int) -> np.ndarray:
    """Take the picture.

    Args:
        rng: Source of all randomness.
        scene: (n, n, 3) float32 RGB, n at least ``side``.
        side: Side of the picture in pixels.

    Returns:
        (side, side, 3) uint8 BGR.
    """
    picture = cv2.resize(scene, (side, side), interpolation=cv2.INTER_AREA)
    # Auto exposure goes half of the way towards a mean brightness in the middle.
    gain = rng.uniform(0.9, 1.15) * np.sqrt(np.clip(0.42 / max(float(picture.mean()), 0.05), 0.7, 2.2))
    gain = min(gain, 1.05 / max(float(np.percentile(picture[::4, ::4], 98.5)), 0.1))  # and no burnt-out whites
    picture = picture * (gain * _vignette(rng, side)[..., None] * (1 + rng.normal(0, 0.03, 3))).astype(np.float32)
    picture = 1.06 * picture / (1 + 0.06 * picture**4)  # soft shoulder: highlights fade to white
    picture = _blurred(rng, picture)
    noise = rng.standard_normal((side, side, 3), dtype=np.float32)
    noise += rng.standard_normal((side, side, 1), dtype=np.float32)
    strength = rng.uniform(0.003, 0.02)
    picture = picture + strength * noise * np.sqrt(0.15 + np.clip(picture, 0, 1))
    return (np.clip(picture, 0, 1)[..., ::-1] * 255 + 0.5).astype(np.uint8)


def to_jpeg(rng: np.random.Generator, picture: np.ndarray) -> bytes:
    """Encode a BGR uint8 picture at a random quality from 75 to 95."""
    done, data = cv2.imencode('.jpg', picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(75, 96))])
    assert done, 'cv2 could not encode a JPEG'
    return data.tobytes()
