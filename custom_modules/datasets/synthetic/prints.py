"""Small flat pictures that are printed on objects: text, labels, newspaper pages.

All are (rows, cols, 3) float32, RGB in [0, 1].  The words are random letters.
"""

import string

import cv2
import numpy as np

from . import palette

_FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX, cv2.FONT_HERSHEY_SCRIPT_SIMPLEX)


def blank(rows: int, cols: int, color: np.ndarray) -> np.ndarray:
    """Make a picture of one colour."""
    return np.full((rows, cols, 3), color, np.float32)


def _tuple(color: np.ndarray) -> tuple[float, ...]:
    return tuple(float(part) for part in color)


def _letters(rng: np.random.Generator, low: int, high: int) -> str:
    return ''.join(rng.choice(list(string.ascii_uppercase), rng.integers(low, high + 1)))


def text_lines(
    rng: np.random.Generator, page: np.ndarray, ink: np.ndarray, box: tuple[int, int, int, int], pitch: int = 5
) -> None:
    """Fill a box (left, top, right, bottom) of ``page`` with lines of word-like dashes, in place."""
    left, top, right, bottom = box
    for y in range(top, bottom - 1, pitch):
        x = left
        end = right if rng.random() < 0.8 else left + int((right - left) * rng.uniform(0.3, 0.9))
        while x < end:
            stop = min(x + int(rng.integers(3, 12)), end)
            page[y : y + max(2, pitch // 2), x:stop] = ink
            x = stop + 2


def word(rng: np.random.Generator, page: np.ndarray, ink: np.ndarray, box: tuple[int, int, int, int]) -> None:
    """Write one large random word into a box (left, top, right, bottom) of ``page``, in place."""
    left, top, right, bottom = box
    text, font = _letters(rng, 3, 6), int(rng.choice(_FONTS))
    (width, height), _ = cv2.getTextSize(text, font, 1.0, 2)
    scale = min((right - left) / width, (bottom - top) / height)
    cv2.putText(page, text, (left, bottom - 1), font, scale, _tuple(ink), max(1, round(scale * 3)), cv2.LINE_AA)


def document(rng: np.random.Generator, paper: np.ndarray) -> np.ndarray:
    """Draw a printed page: heading, paragraphs, sometimes a table or a picture."""
    page = blank(96, 132, paper)
    ink = paper * rng.uniform(0.15, 0.45)
    page_top = 10
    if rng.random() < 0.7:
        word(rng, page, ink, (10, 8, 10 + int(rng.integers(40, 100)), 20))
        page_top = 28
    if rng.random() < 0.3:
        page[page_top : page_top + 26, 84:124] = palette.body_color(rng, light=0.1)
        text_lines(rng, page, ink, (10, page_top, 80, 88), 6)
    else:
        text_lines(rng, page, ink, (10, page_top, 122, 88), 6)
    return page


def newspaper(rng: np.random.Generator, paper: np.ndarray) -> np.ndarray:
    """Draw a newspaper page: title, columns of dense text, grey photographs."""
    page = blank(128, 160, paper)
    ink = paper * rng.uniform(0.12, 0.3)
    word(rng, page, ink, (8, 6, 150, 26))
    page[29:31, 6:154] = ink
    columns = int(rng.integers(3, 5))
    width = 148 // columns
    for column in range(columns):
        left = 6 + column * width
        text_lines(rng, page, ink, (left, 36, left + width - 6, 122), 4)
    for _ in range(rng.integers(1, 3)):
        left, top = 6 + width * int(rng.integers(0, columns - 1)), int(rng.integers(36, 80))
        tone = palette.vivid(rng) if rng.random() < 0.3 else palette.rgb(0.4, 0.4, 0.4)
        texture = rng.uniform(0.5, 1.4, (5, 7, 1)).astype(np.float32)
        page[top : top + 36, left : left + 2 * width - 8] = tone * cv2.resize(texture, (2 * width - 8, 36))[..., None]
    return page


def receipt(rng: np.random.Generator, paper: np.ndarray) -> np.ndarray:
    """Draw a till slip: item names at one edge, prices at the other, a bar code."""
    page = blank(48, 160, paper)
    ink = paper * rng.uniform(0.2, 0.45)
    word(rng, page, ink, (4, 12, 22, 40)[0:4] if rng.random() < 0.3 else (4, 16, 20, 30))
    for x in range(26, 132, 5):
        page[4 : 4 + int(rng.integers(10, 26)), x : x + 2] = ink
        page[38:45, x : x + 2] = ink
    bars = np.repeat(rng.random(18) < 0.5, 2)[:, None]
    page[6:42, 138:152] = np.where(bars[..., None], ink, paper)
    return page


def _decoration(rng: np.random.Generator, page: np.ndarray, color: np.ndarray) -> None:
    rows, cols = page.shape[:2]
    kind = rng.integers(0, 4)
    if kind == 0:
        start, width = rng.integers(0, rows * 3 // 4), rng.integers(rows // 8, rows // 3)
        page[start : start + width] = color
    elif kind == 1:
        start, width = rng.integers(0, cols * 3 // 4), rng.integers(cols // 8, cols // 3)
        page[:, start : start + width] = color
    elif kind == 2:
        centre = (int(rng.integers(0, cols)), int(rng.integers(0, rows)))
        cv2.circle(page, centre, int(rng.integers(rows // 6, rows // 2)), _tuple(color), -1, cv2.LINE_AA)
    else:
        corners = (rng.random((4, 2)) * (cols, rows)).astype(np.int32)
        cv2.fillConvexPoly(page, cv2.convexHull(corners), _tuple(color), cv2.LINE_AA)


def label(rng: np.random.Generator, base: np.ndarray, *, rows: int = 64, cols: int = 96) -> np.ndarray:
    """Draw the print of a package: shapes in one or two colours, a name, small text."""
    page = blank(rows, cols, base)
    accent = palette.contrast_color(rng, base)
    for _ in range(rng.integers(1, 3)):
        _decoration(rng, page, accent if rng.random() < 0.75 else palette.vivid(rng))
    ink = palette.contrast_color(rng, page[rows // 2, cols // 2])
    top = int(rng.integers(rows // 8, rows // 3))
    word(rng, page, ink, (cols // 8, top, cols * 7 // 8, top + rows // 3))
    if rng.random() < 0.7:
        text_lines(rng, page, ink, (cols // 8, rows * 3 // 4, cols * 7 // 8, rows - 3), 5)
    return page


def stripes(rng: np.random.Generator, base: np.ndarray, *, along_u: bool, count: int | None = None) -> np.ndarray:
    """Draw even stripes of ``base`` and a contrasting colour, running along u or across it."""
    count = count or int(rng.integers(4, 10))
    other = palette.contrast_color(rng, base)
    duty = rng.uniform(0.25, 0.55)
    phase = np.linspace(0, count, 96, endpoint=False) % 1 < duty
    line = np.where(phase[:, None], other, base).astype(np.float32)
    return np.repeat(line[:, None] if along_u else line[None], 96, axis=1 if along_u else 0)


def checks(rng: np.random.Generator, base: np.ndarray) -> np.ndarray:
    """Draw a checked cloth: two sets of stripes laid over each other."""
    first = stripes(rng, base, along_u=True)
    second = stripes(rng, base, along_u=False)
    return (first + second) / 2
