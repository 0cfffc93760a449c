"""Anti-aliased text on OpenCV pictures, in any script the font has.

OpenCV's own fonts are ASCII only and hard to read below 12 pixels; the DejaVu font that comes with matplotlib is used
instead.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np

from .colors import Color, to_bgr


def printable_name(name: str, label: int) -> str:
    """Return a class name, or ``#label`` when the font lacks one of its characters."""
    return name if name and all(ord(character) in _characters() for character in name) else f'#{label}'


def text_size(text: str, height: int) -> tuple[int, int]:
    """Measure a line of text.

    Args:
        text: One line.
        height: Font size in pixels.

    Returns:
        Width and height in pixels of what :func:`draw_text` covers.
    """
    bitmap = _render(text, height)
    return bitmap.shape[1], bitmap.shape[0]


def shorten(text: str, height: int, max_width: int) -> str:
    """Cut a line at its end, with an ellipsis, until it fits.

    Args:
        text: One line.
        height: Font size in pixels.
        max_width: Pixels there are.

    Returns:
        ``text``, its beginning, or an empty string when not even one character fits.
    """
    for length in range(len(text), 0, -1):
        shortened = text if length == len(text) else f'{text[:length].rstrip()}…'
        if text_size(shortened, height)[0] <= max_width:
            return shortened
    return ''


def draw_text(image_bgr: np.ndarray, text: str, left: int, top: int, height: int, color: Color) -> None:
    """Draw a line of text in place; what lies outside the picture is cut off.

    Args:
        image_bgr: (H, W, 3) uint8, changed.
        text: One line.
        left: Left edge in pixels.
        top: Top edge in pixels.
        height: Font size in pixels.
        color: RGB.
    """
    alpha = _render(text, height)
    x1, y1 = max(left, 0), max(top, 0)
    x2, y2 = min(left + alpha.shape[1], image_bgr.shape[1]), min(top + alpha.shape[0], image_bgr.shape[0])
    if x1 >= x2 or y1 >= y2:
        return
    alpha = alpha[y1 - top : y2 - top, x1 - left : x2 - left, None] / 255.0
    region = image_bgr[y1:y2, x1:x2]
    region[:] = np.rint(region * (1 - alpha) + np.array(to_bgr(color)) * alpha).astype(np.uint8)


@lru_cache(maxsize=2048)
def _render(text: str, height: int) -> np.ndarray:
    """Return the coverage of a line of text, (ascent + descent, advance) uint8."""
    from PIL import Image, ImageDraw

    font = _font(height)
    ascent, descent = font.getmetrics()
    canvas = Image.new('L', (max(1, round(font.getlength(text))), ascent + descent))
    ImageDraw.Draw(canvas).text((0, 0), text, font=font, fill=255)
    return np.asarray(canvas)


@lru_cache(maxsize=64)
def _font(height: int):
    from PIL import ImageFont

    return ImageFont.truetype(_font_path(), height)


@lru_cache(maxsize=1)
def _characters() -> frozenset[int]:
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(_font_path()).get_charmap())


@lru_cache(maxsize=1)
def _font_path() -> str:
    from matplotlib import get_data_path

    return str(Path(get_data_path()) / 'fonts' / 'ttf' / 'DejaVuSans.ttf')
