"""Outlines in an object's own coordinates: plain geometry, no drawing."""

import numpy as np

Points = np.ndarray


def points(*pairs: tuple[float, float]) -> Points:
    """Collect (u, v) pairs into (n, 2) float32."""
    return np.array(pairs, np.float32)


def rounded(outline: Points, rounds: int = 2) -> Points:
    """Cut the corners of a closed outline (Chaikin 1974), each round doubling the points."""
    for _ in range(rounds):
        after = np.roll(outline, -1, axis=0)
        outline = np.stack([0.75 * outline + 0.25 * after, 0.25 * outline + 0.75 * after], 1).reshape(-1, 2)
    return outline


def resampled(outline: Points, count: int) -> Points:
    """Spread ``count`` points evenly along a closed outline, (count, 2)."""
    closed = np.vstack([outline, outline[:1]])
    steps = np.hypot(*np.diff(closed, axis=0).T)
    along = np.concatenate([[0], np.cumsum(steps)])
    at = np.linspace(0, along[-1], count, endpoint=False)
    return np.stack([np.interp(at, along, closed[:, axis]) for axis in (0, 1)], 1).astype(np.float32)


def periodic_noise(rng: np.random.Generator, count: int, waves: int) -> np.ndarray:
    """Draw a smooth closed curve of ``count`` values in about [-1, 1] with up to ``waves`` waves."""
    phase = np.linspace(0, 2 * np.pi, count, endpoint=False)
    orders = np.arange(1, waves + 1)
    amplitudes = rng.normal(0, 1, waves) / np.sqrt(waves)
    return (amplitudes[:, None] * np.cos(orders[:, None] * phase + rng.uniform(0, 2 * np.pi, (waves, 1)))).sum(0)


def wobbled(rng: np.random.Generator, outline: Points, amount: float, *, waves: int = 8, count: int = 72) -> Points:
    """Resample a closed outline and push its points about by ``amount`` (in local units), smoothly."""
    outline = resampled(outline, count)
    shifts = np.stack([periodic_noise(rng, count, waves) for _ in range(2)], 1)
    return (outline + amount * shifts).astype(np.float32)


def torn(rng: np.random.Generator, outline: Points, amount: float, *, count: int = 60) -> Points:
    """Resample a closed outline and displace every point on its own, as a torn or broken edge looks."""
    outline = resampled(outline, count)
    return (outline + rng.normal(0, amount, outline.shape)).astype(np.float32)


def ellipse(u: float, v: float, ru: float, rv: float, count: int = 40) -> Points:
    """Outline of an ellipse around (u, v)."""
    phase = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.stack([u + ru * np.cos(phase), v + rv * np.sin(phase)], 1).astype(np.float32)


def blob(rng: np.random.Generator, ru: float, rv: float, *, rough: float = 0.12, waves: int = 5) -> Points:
    """Outline of a lump that reaches about ``ru`` along u and ``rv`` along v."""
    outline = ellipse(0, 0, ru, rv, 64)
    return outline * (1 + rough * periodic_noise(rng, 64, waves))[:, None].astype(np.float32)


def angular(rng: np.random.Generator, ru: float, rv: float, corners: int) -> Points:
    """Outline of a splinter: ``corners`` points on a ragged ellipse, joined by straight lines."""
    phase = (np.arange(corners) + rng.uniform(-0.35, 0.35, corners)) * 2 * np.pi / corners
    reach = rng.uniform(0.6, 1.0, corners)
    return np.stack([ru * reach * np.cos(phase), rv * reach * np.sin(phase)], 1).astype(np.float32)


def rectangle(u0: float, v0: float, u1: float, v1: float) -> Points:
    """Outline of a rectangle from one corner to the opposite one."""
    return points((u0, v0), (u1, v0), (u1, v1), (u0, v1))


def round_rectangle(half_u: float, half_v: float, radius: float) -> Points:
    """Outline of a rectangle around the origin whose corners are quarter circles."""
    quarter = np.linspace(0, np.pi / 2, 7)
    corners = [
        np.stack(
            [
                su * (half_u - radius) + radius * np.cos(turn + quarter),
                sv * (half_v - radius) + radius * np.sin(turn + quarter),
            ],
            1,
        )
        for su, sv, turn in ((1, 1, 0.0), (-1, 1, np.pi / 2), (-1, -1, np.pi), (1, -1, 1.5 * np.pi))
    ]
    return np.vstack(corners).astype(np.float32)


def capsule(start: tuple[float, float], end: tuple[float, float], radius: float) -> Points:
    """Outline of a thick stroke with round ends."""
    a, b = np.array(start), np.array(end)
    heading = np.arctan2(*(b - a)[::-1])
    half = np.linspace(-np.pi / 2, np.pi / 2, 9)
    caps = [
        centre + radius * np.stack([np.cos(heading + turn + half), np.sin(heading + turn + half)], 1)
        for centre, turn in ((b, 0.0), (a, np.pi))
    ]
    return np.vstack(caps).astype(np.float32)
