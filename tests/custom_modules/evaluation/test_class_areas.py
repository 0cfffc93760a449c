"""IoU over weighted pictures, by hand."""

import numpy as np
import pytest

from custom_modules.evaluation.class_areas import ClassAreas

pytestmark = pytest.mark.fast

# Two pictures, three classes, the last one nowhere.
CONFUSIONS = [np.array([[3, 1, 0], [0, 2, 0], [0, 0, 0]]), np.array([[4, 0, 0], [2, 0, 0], [0, 0, 0]])]


@pytest.mark.parametrize(
    ('weights', 'ious'),
    [
        pytest.param([1, 0], [3 / 4, 2 / 3], id='the first alone'),
        pytest.param([0, 1], [4 / 6, 0], id='the second alone'),
        pytest.param([1, 1], [7 / 10, 2 / 5], id='both'),
        pytest.param([1, 0.5], [5 / 7, 2 / 4], id='the second half'),
    ],
)
def test_ious_of_weighted_pictures(weights, ious):
    areas = ClassAreas.of_confusions(CONFUSIONS)
    found = areas.ious(np.array([weights], float))
    assert found[0, :2] == pytest.approx(ious) and np.isnan(found[0, 2])
    assert areas.miou(np.array([weights], float)) == pytest.approx([sum(ious) / 2])
