"""Which of several boxes around an object stays."""

import numpy as np
import pytest

from custom_modules.pseudo_label.overlaps import (
    DOUBT,
    DROP,
    KEEP,
    first_of_object,
    pairwise_iou,
    settle_classes,
    settle_regions,
)

BOX, NEAR, FAR = (10, 10, 20, 20), (14, 10, 20, 20), (60, 60, 20, 20)  # IoU of the first two: 16 / 24


@pytest.mark.parametrize(
    ('rows', 'keep'),
    [
        pytest.param([(1, 1, BOX, 0.5), (1, 1, NEAR, 0.9)], [False, True], id='better-score'),
        pytest.param([(1, 1, BOX, 0.5), (1, 1, NEAR, 0.5)], [True, False], id='tie-by-order'),
        pytest.param([(1, 1, BOX, 0.5), (1, 2, NEAR, 0.9)], [True, True], id='other-class'),
        pytest.param([(1, 1, BOX, 0.5), (2, 1, BOX, 0.9)], [True, True], id='other-picture'),
        pytest.param([(1, 1, BOX, 0.9), (1, 1, (10, 10, 20, 7.9), 0.5)], [True, True], id='below-two-fifths'),
        pytest.param(
            [(1, 1, BOX, 0.9), (1, 1, NEAR, 0.8), (1, 1, (26, 10, 20, 20), 0.7)], [True, False, True], id='chain'
        ),
        pytest.param([], [], id='nothing'),
    ],
)
def test_one_box_of_a_class_per_object(found_of, rows, keep):
    assert first_of_object(found_of(rows)).tolist() == keep


@pytest.mark.parametrize(
    ('boxes', 'precision', 'verdicts'),
    [
        # 0.9 x 0.5 / (0.45 + 0.05 + 0.05) = 0.82
        pytest.param([BOX, NEAR], [0.5, 0.9], [DROP, KEEP], id='clear'),
        # 0.9 x 0.2 / (0.18 + 0.08 + 0.02) = 0.64
        pytest.param([BOX, NEAR], [0.9, 0.8], [DOUBT, DROP], id='unclear'),
        pytest.param([BOX, NEAR], [1.0, 1.0], [DOUBT, DROP], id='both-certain'),
        pytest.param([BOX, FAR], [0.9, 0.8], [KEEP, KEEP], id='apart'),
        pytest.param([BOX, (20, 10, 20, 20)], [0.9, 0.8], [KEEP, KEEP], id='a-third-shared'),
        pytest.param([BOX], [0.9], [KEEP], id='alone'),
    ],
)
def test_two_classes_for_one_object(boxes, precision, verdicts):
    assert settle_classes(np.array(boxes, float), np.array(precision), 0.7).tolist() == verdicts


@pytest.mark.parametrize(
    ('regions', 'precision', 'sure', 'keep'),
    [
        pytest.param([BOX], [0.5], [], [True], id='alone'),
        pytest.param([BOX], [0.5], [NEAR], [False], id='same-object-as-a-label'),
        pytest.param([(0, 0, 100, 100)], [0.5], [BOX], [False], id='around-a-label'),
        pytest.param([(12, 12, 8, 8)], [0.5], [BOX], [True], id='small-part-of-a-label'),
        pytest.param([(10, 10, 20, 10)], [0.5], [BOX], [False], id='half-of-a-label'),
        pytest.param([BOX, NEAR, FAR], [0.3, 0.4, 0.2], [], [False, True, True], id='likelier-region'),
        pytest.param([BOX, NEAR], [0.3, 0.4], [(21, 10, 20, 20)], [True, False], id='a-dropped-one-drops-no-other'),
    ],
)
def test_regions(regions, precision, sure, keep):
    sure = np.array(sure, float).reshape(-1, 4)
    assert settle_regions(np.array(regions, float), np.array(precision), sure).tolist() == keep


def test_boxes_without_area_overlap_nothing():
    assert pairwise_iou(np.array([[5, 5, 0, 0], [0, 0, 10, 10]], float)).tolist() == [[0, 0], [0, 1]]
