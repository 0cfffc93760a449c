"""Labels and ignore regions out of detections."""

import numpy as np
import pytest

from custom_modules.pseudo_label import Calibration, ClassThreshold, fixed_thresholds, select_labels

BOX, NEAR, FAR = (10, 10, 20, 20), (14, 10, 20, 20), (60, 60, 20, 20)  # IoU of the first two: 16 / 24
THIRD, FOURTH = (60, 10, 20, 20), (10, 60, 20, 20)
BAND, PLAIN = fixed_thresholds(['can', 'bag'], 0.5, ignore_thr=0.2), fixed_thresholds(['can', 'bag'], 0.5)


def chosen(labels) -> list[tuple]:
    """Return (picture, class, score, 'label' or 'region') of each row."""
    found = labels.predictions
    kinds = ['region' if one else 'label' for one in labels.is_region]
    rows = zip(found.image_ids.tolist(), found.category_ids.tolist(), found.scores.tolist(), kinds, strict=True)
    return list(rows)


@pytest.mark.parametrize(
    ('rows', 'calibration', 'expected'),
    [
        pytest.param(
            [(1, 1, BOX, 0.5), (1, 1, FAR, 0.49), (2, 1, BOX, 0.2), (2, 1, FAR, 0.19)],
            BAND,
            [(1, 1, 0.5, 'label'), (1, 1, 0.49, 'region'), (2, 1, 0.2, 'region')],
            id='thresholds-are-included',
        ),
        pytest.param([(1, 1, BOX, 0.5), (1, 1, FAR, 0.4)], PLAIN, [(1, 1, 0.5, 'label')], id='no-band'),
        pytest.param([(1, 1, BOX, 0.8), (1, 1, NEAR, 0.7)], BAND, [(1, 1, 0.8, 'label')], id='second-box'),
        pytest.param([(1, 1, BOX, 0.8), (1, 2, NEAR, 0.3)], BAND, [(1, 1, 0.8, 'label')], id='uncertain-over-sure'),
        pytest.param([(1, 1, BOX, 0.9), (1, 2, NEAR, 0.6)], BAND, [(1, 1, 0.9, 'label')], id='clear-class'),
        # 0.61 x 0.4 / (0.244 + 0.234 + 0.156) = 0.38 is not enough
        pytest.param([(1, 1, BOX, 0.61), (1, 2, NEAR, 0.6)], BAND, [(1, 1, 0.61, 'region')], id='unclear-class'),
        pytest.param([(1, 1, BOX, 0.61), (1, 2, NEAR, 0.6)], PLAIN, [], id='unclear-class-without-band'),
        pytest.param([(1, 1, (5, 5, 0.5, 9), 0.9)], BAND, [], id='too-thin'),
        pytest.param([], BAND, [], id='nothing'),
    ],
)
def test_hand_worked(found_of, rows, calibration, expected):
    assert chosen(select_labels(found_of(rows), calibration, [1, 2])) == expected


def test_thresholds_are_those_of_the_class(found_of):
    calibration = Calibration((ClassThreshold('can', 0.9, 0.6, 'own'), ClassThreshold('bag', None, 0.3, 'none')))
    rows = [(1, 5, BOX, 0.8), (1, 9, FAR, 0.99), (2, 5, BOX, 0.95), (2, 5, FAR, 0.5)]
    labels = select_labels(found_of(rows), calibration, [5, 9])
    assert chosen(labels) == [(1, 9, 0.99, 'region'), (1, 5, 0.8, 'region'), (2, 5, 0.95, 'label')]


@pytest.mark.parametrize('calibration', [pytest.param(BAND, id='band'), pytest.param(PLAIN, id='no-band')])
def test_what_limits_cut_off_is_no_background(found_of, calibration):
    rows = [(1, 1, BOX, 0.9), (1, 1, FAR, 0.8), (1, 2, THIRD, 0.7), (2, 1, BOX, 0.6)]
    kinds = {'region'} if calibration is BAND else set()
    labels = select_labels(found_of(rows), calibration, [1, 2], max_per_image=2)
    assert {row[3] for row in chosen(labels) if row[2] == 0.7} == kinds
    assert labels.sure.scores.tolist() == [0.9, 0.8, 0.6]
    assert labels.left_out == {'beyond the limit per picture': 1}
    labels = select_labels(found_of(rows), calibration, [1, 2], class_limits=[2, 0])
    assert labels.sure.scores.tolist() == [0.9, 0.8]
    assert {row[3] for row in chosen(labels) if row[2] in (0.6, 0.7)} == kinds
    assert labels.left_out == {'beyond the limit per class': 2}


def test_boxes_without_agreement_become_regions(found_of):
    rows = [(1, 1, BOX, 0.9), (1, 1, FAR, 0.8)]
    labels = select_labels(found_of(rows), BAND, [1, 2], agreed=np.array([False, True]))
    assert chosen(labels) == [(1, 1, 0.9, 'region'), (1, 1, 0.8, 'label')]


def test_no_region_covers_a_label(found_of):
    """Random boxes: no region covers half of a label, labels of a class do not overlap much, limits are kept."""
    random = np.random.default_rng(2)
    boxes = np.hstack([random.uniform(0, 60, (4000, 2)), random.uniform(5, 40, (4000, 2))])
    rows = list(
        zip(random.integers(1, 101, 4000), random.integers(1, 3, 4000), boxes, random.random(4000), strict=True)
    )
    labels = select_labels(found_of(rows), BAND, [1, 2], max_per_image=5)
    assert labels.is_region.sum() > 100
    for part in np.unique(labels.predictions.image_ids):
        in_picture = labels.predictions.image_ids == part
        sure = labels.predictions.boxes_xywh[in_picture & ~labels.is_region]
        assert len(sure) <= 5
        for x, y, width, height in labels.predictions.boxes_xywh[in_picture & labels.is_region]:
            low = np.maximum(sure[:, :2], [x, y])
            high = np.minimum(sure[:, :2] + sure[:, 2:], [x + width, y + height])
            assert (np.prod(np.clip(high - low, 0, None), axis=1) < 0.5 * sure[:, 2] * sure[:, 3]).all()
