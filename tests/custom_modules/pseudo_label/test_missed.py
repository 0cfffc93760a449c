"""Objects that labels leave out."""

import pytest

from custom_modules.pseudo_label import Calibration, ClassThreshold, select_labels
from custom_modules.pseudo_label.missed import missed_objects

BOX, LARGE = (10, 10, 20, 20), (0, 0, 100, 98)  # 98 * 100 px lie above 96 * 96
CALIBRATION = Calibration(
    (ClassThreshold('can', 0.5, 0.3, 'own'), ClassThreshold('bag', 0.5, 0.3, 'own')), (), {'confidence': 0.9}
)


@pytest.mark.fast
@pytest.mark.parametrize(
    ('found', 'missed'),
    [
        pytest.param([], (2, 1), id='nothing found'),
        pytest.param([(1, 1, BOX, 0.9)], (1, 1), id='a label'),
        pytest.param([(1, 2, BOX, 0.9)], (1, 1), id='of another class: no background at least'),
        pytest.param([(1, 1, BOX, 0.2)], (2, 1), id='below all thresholds'),
        pytest.param([(1, 1, (10, 10, 10, 15), 0.9)], (2, 1), id='a label around a part'),
        pytest.param([(1, 1, (10, 10, 60, 12), 0.4)], (1, 1), id='inside an ignore region'),
        pytest.param([(2, 1, LARGE, 0.4)], (1, 0), id='the large one'),
        pytest.param([(1, 1, LARGE, 0.9), (2, 1, BOX, 0.9)], (2, 1), id='other places'),
    ],
)
def test_missed_objects(coco_of, found_of, found, missed):
    coco = coco_of([(1, 1, BOX), (2, 2, LARGE), (2, 1, BOX, 'crowd')])
    counts = missed_objects(coco, select_labels(found_of(found), CALIBRATION, (1, 2)))
    assert (counts['objects'], counts['large']) == (2, 1)
    assert (counts['missed'], counts['missed_large']) == missed
