import pytest

from custom_modules.datasets.palette import TRASH_COLOURS, class_palette


@pytest.mark.fast
def test_trash_classes_have_fixed_colours_in_any_order():
    names = list(TRASH_COLOURS)
    assert class_palette(names[::-1]) == [TRASH_COLOURS[name] for name in names[::-1]]


@pytest.mark.fast
@pytest.mark.parametrize('names', [['UNKNOWN', *TRASH_COLOURS], [f'class {i}' for i in range(300)]], ids=['11', '300'])
def test_colours_are_distinct_and_in_range(names):
    palette = class_palette(names)
    assert len(set(palette)) == len(names)
    assert all(0 <= value <= 255 for colour in palette for value in colour)
    assert palette == class_palette(names)


@pytest.mark.fast
def test_trash_colours_stay_apart():
    colours = list(TRASH_COLOURS.values())
    distances = [
        sum((a - b) ** 2 for a, b in zip(first, second, strict=True)) ** 0.5
        for i, first in enumerate(colours)
        for second in colours[:i]
    ]
    assert min(distances) > 60
