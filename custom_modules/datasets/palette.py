"""One colour per class, the same in every picture and table."""

import colorsys
from collections.abc import Sequence

Colour = tuple[int, int, int]
"""Red, green, blue from 0 to 255."""

TRASH_COLOURS: dict[str, Colour] = {
    'General trash': (127, 127, 127),
    'Paper': (255, 187, 84),
    'Paper pack': (166, 86, 40),
    'Metal': (69, 117, 180),
    'Glass': (23, 190, 170),
    'Plastic': (228, 26, 28),
    'Styrofoam': (247, 129, 191),
    'Plastic bag': (152, 78, 223),
    'Battery': (255, 237, 0),
    'Clothing': (60, 180, 60),
}
"""Chosen to stay apart from each other on photographs."""

_GOLDEN_RATIO = 0.618034


def class_palette(classes: Sequence[str]) -> list[Colour]:
    """Give each class a colour.

    Args:
        classes: Class names.

    Returns:
        The fixed colours of the trash classes; for other names colours made
        from their position, distinct from all others of the list.
    """
    taken = {TRASH_COLOURS[name] for name in classes if name in TRASH_COLOURS}
    palette = []
    for position, name in enumerate(classes):
        colour = TRASH_COLOURS.get(name) or _new_colour(position, taken)
        taken.add(colour)
        palette.append(colour)
    return palette


def segmentation_palette(classes: Sequence[str]) -> list[Colour]:
    """Give each class of a segmenter a colour.

    Args:
        classes: Background and the names of the categories.

    Returns:
        Black for the Background, then the colours the detectors' pictures have.
    """
    return [(0, 0, 0), *class_palette(classes[1:])]


def _new_colour(position: int, taken: set[Colour]) -> Colour:
    while True:
        hue = position * _GOLDEN_RATIO % 1.0
        strength = 1.0 - 0.2 * (position // 8 % 3)
        red, green, blue = colorsys.hsv_to_rgb(hue, 0.55 + 0.15 * (position % 3), strength)
        colour = (round(255 * red), round(255 * green), round(255 * blue))
        if colour not in taken:
            return colour
        position += 1
