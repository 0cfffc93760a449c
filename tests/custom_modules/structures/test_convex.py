"""Windows against areas and extents worked out by hand."""

import numpy as np
import pytest

from custom_modules.structures.convex import contains, extent, intersect_convex, signed_area
from custom_modules.structures.mask_shapes import rectangle

SQUARE = rectangle(0, 0, 4, 4)
DIAMOND = np.array([[2.0, -2], [6, 2], [2, 6], [-2, 2]])

CUTS = {
    'inside': (rectangle(1, 1, 2, 3), 2.0),
    'around': (rectangle(-1, -1, 9, 9), 16.0),
    'corner': (rectangle(3, 2, 9, 9), 2.0),
    'apart': (rectangle(5, 5, 9, 9), 0.0),
    'touching': (rectangle(4, 0, 9, 9), 0.0),
    'diamond through the corners': (DIAMOND, 16.0),
    'no area': (rectangle(1, 1, 1, 3), 0.0),
}


@pytest.mark.fast
@pytest.mark.parametrize('window, area', CUTS.values(), ids=CUTS)
@pytest.mark.parametrize('turn', [1, -1])
def test_intersection(window, area, turn):
    common = intersect_convex(SQUARE, window[::turn])
    assert abs(signed_area(common)) == pytest.approx(area)


@pytest.mark.fast
def test_signed_area_turns_with_the_corners():
    assert signed_area(SQUARE) == 16
    assert signed_area(SQUARE[::-1]) == -16
    assert signed_area(np.zeros((0, 2))) == 0


@pytest.mark.fast
def test_contains_by_even_odd():
    np.testing.assert_array_equal(contains(DIAMOND, np.array([[2.0, 2], [5.9, 2], [5, 5], [-3, 2]])), [1, 1, 0, 0])


# an outline that enters the 4 x 4 window at the left only, but passes around its lower right corner on the outside
HOOK = np.array([[-1.0, 1], [1, 1], [1, 2], [-1, 2], [-1, 6], [6, 6], [6, -1], [7, -1], [7, 7], [-2, 7], [-2, 1]])

EXTENTS = {
    'no window': ([DIAMOND], None, [-2, -2, 6, 6]),
    'cut': ([DIAMOND], rectangle(3, 0, 9, 9), [3, 0, 6, 5]),
    'window inside': ([DIAMOND], rectangle(1, 1, 3, 2), [1, 1, 3, 2]),
    'apart': ([DIAMOND], rectangle(5.5, 5.5, 9, 9), None),
    'two parts': ([rectangle(0, 0, 1, 1), rectangle(3, 2, 9, 3)], SQUARE, [0, 0, 4, 3]),
    'around a corner': ([HOOK], SQUARE, [0, 1, 1, 2]),
    'empty window': ([DIAMOND], np.zeros((0, 2)), None),
}


@pytest.mark.fast
@pytest.mark.parametrize('parts, window, expected', EXTENTS.values(), ids=EXTENTS)
def test_extent(parts, window, expected):
    found = extent(parts, window)
    if expected is None:
        assert found is None
    else:
        np.testing.assert_allclose(found, expected)
