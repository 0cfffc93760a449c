"""Colours of things: broad mixtures that overlap, so that no class is given away by its colour.

A colour is (3,) float32, RGB in [0, 1].
"""

import colorsys

import numpy as np

_HUE_SHARE = 0.97


def rgb(red: float, green: float, blue: float) -> np.ndarray:
    """Make a colour from its three parts in [0, 1]."""
    return np.array([red, green, blue], np.float32)


def vivid(rng: np.random.Generator, hue: float | None = None) -> np.ndarray:
    """Draw a printed or dyed colour: of any hue, or mostly one near ``hue`` (0 red, 1/3 green, 2/3 blue)."""
    near = hue is not None and rng.random() < _HUE_SHARE
    drawn = (hue + rng.normal(0, 0.025)) % 1 if near else rng.random()
    return rgb(*colorsys.hsv_to_rgb(drawn, rng.uniform(0.35, 0.85), rng.uniform(0.35, 0.92)))


def pale(rng: np.random.Generator) -> np.ndarray:
    """Draw a white, cream or light grey."""
    return rng.uniform(0.72, 0.95) * (1 - rng.uniform(0, 0.1, 3) * rgb(0.3, 0.5, 1)).astype(np.float32)


def cool_white(rng: np.random.Generator) -> np.ndarray:
    """Draw a bright white with a touch of blue, as foamed plastic has."""
    return rng.uniform(0.88, 1.0) * (1 - rng.uniform(0, 0.08) * rgb(1, 0.4, 0))


def warm_white(rng: np.random.Generator) -> np.ndarray:
    """Draw an ivory or cream, as uncoated paper has."""
    return rng.uniform(0.76, 0.94) * (1 - rng.uniform(0.08, 0.3) * rgb(0.1, 0.35, 1))


def dark(rng: np.random.Generator) -> np.ndarray:
    """Draw a near black of any cast."""
    return rng.uniform(0.08, 0.28) * (1 + rng.uniform(-0.2, 0.2, 3)).astype(np.float32)


def drab(rng: np.random.Generator) -> np.ndarray:
    """Draw a grey or a brown of middle brightness, as dirt, wood fibre and concrete have."""
    warmth = rng.uniform(0, 0.4)
    return rng.uniform(0.35, 0.7) * rgb(1, 1 - 0.4 * warmth, 1 - warmth)


def body_color(
    rng: np.random.Generator, *, light: float = 0.4, gloom: float = 0.12, dull: float = 0.12, hue: float | None = None
) -> np.ndarray:
    """Draw the main colour of an object.

    Args:
        rng: Source of all randomness.
        light: Share of pale colours.
        gloom: Share of dark ones.
        dull: Share of greys and browns; the rest is vivid.
        hue: Favoured hue of the vivid ones.
    """
    draw = rng.random()
    if draw < light:
        return pale(rng)
    if draw < light + gloom:
        return dark(rng)
    return drab(rng) if draw < light + gloom + dull else vivid(rng, hue)


def contrast_color(rng: np.random.Generator, base: np.ndarray) -> np.ndarray:
    """Draw a colour that stands out from ``base`` by at least 0.3 in brightness or hue distance."""
    for _ in range(8):
        color = body_color(rng, light=0.3, gloom=0.25, dull=0.0)
        if np.abs(color - base).max() > 0.4:
            return color
    return 1 - base
