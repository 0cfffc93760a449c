"""Colours of classes and of the text upon them."""

from collections.abc import Sequence

from custom_modules.datasets.palette import class_palette

Color = tuple[int, int, int]


def class_colors(classes: Sequence[str], palette: Sequence[Color] | None = None) -> list[Color]:
    """Return one colour per class.

    Args:
        classes: Names in label order.
        palette: RGB colours, at least as many as classes; the data sets' palette by default.

    Returns:
        RGB tuples, 0 to 255.
    """
    colors = class_palette(tuple(classes)) if palette is None else palette
    assert len(colors) >= len(classes), 'every class needs a colour'
    return [tuple(int(channel) for channel in color) for color in colors[: len(classes)]]


def to_bgr(rgb: Color) -> Color:
    """Turn RGB into OpenCV's channel order."""
    return rgb[2], rgb[1], rgb[0]


def text_color_on(rgb: Color) -> Color:
    """Return black or white, whichever reads better on a colour (luma of ITU-R BT.601)."""
    luma = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]
    return (0, 0, 0) if luma > 140 else (255, 255, 255)


def to_unit(rgb: Color) -> tuple[float, float, float]:
    """Scale RGB to [0, 1], as matplotlib wants it."""
    return rgb[0] / 255, rgb[1] / 255, rgb[2] / 255
