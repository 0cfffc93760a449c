import numpy as np
import pytest

from custom_modules.datasets.checks.boxes import clip_box, find_same_boxes


@pytest.mark.fast
@pytest.mark.parametrize(
    ('box_xywh', 'expected', 'was_cut'),
    [
        pytest.param([1.5, 2, 3, 4], [1.5, 2, 3, 4], False, id='inside'),
        pytest.param([0, 0, 64, 48], [0, 0, 64, 48], False, id='whole picture'),
        pytest.param([60, 40, 10, 10], [60, 40, 4, 8], True, id='lower right'),
        pytest.param([-3, -2, 10, 10], [0, 0, 7, 8], True, id='upper left'),
        pytest.param([-3, -2, 100, 100], [0, 0, 64, 48], True, id='all round'),
        pytest.param([70, 10, 5, 5], [64, 10, 0, 5], True, id='outside'),
        pytest.param([1e308, 1e308, 1e308, 1e308], [64, 48, 0, 0], True, id='far outside'),
        pytest.param([60, 10, 4.004, 5], [60, 10, 4, 5], False, id='rounding is cut but not said'),
    ],
)
def test_clip_box(box_xywh, expected, was_cut):
    box, cut = clip_box(box_xywh, 64, 48)
    assert box == pytest.approx(expected) and cut is was_cut


def record(box, image=1, label=1, **other):
    """Make an annotation with defaults."""
    return {'image_id': image, 'category_id': label, 'bbox': box, 'iscrowd': 0, **other}


# 100 x 100 against 100 x 99.5: IoU 0.995; against 100 x 95: 0.95.
@pytest.mark.fast
@pytest.mark.parametrize(
    ('annotations', 'groups', 'conflicts'),
    [
        pytest.param([], [], [], id='none'),
        pytest.param([record([0, 0, 9, 9])], [], [], id='one'),
        pytest.param([record([0, 0, 100, 100]), record([0, 0, 100, 99.5])], [[0, 1]], [], id='0.995'),
        pytest.param([record([0, 0, 100, 100]), record([0, 0, 100, 95])], [], [], id='0.95'),
        pytest.param([record([0, 0, 100, 100]), record([0, 0, 100, 95], label=2)], [], [(0, 1)], id='two classes'),
        pytest.param([record([0, 0, 100, 100]), record([0, 0, 100, 100], image=2)], [], [], id='two pictures'),
        pytest.param([record([0, 0, 9, 9]), record([0, 0, 9, 9], iscrowd=1)], [], [], id='crowd'),
        pytest.param([record([0, 0, 9, 9]), record([0, 0, 9, 9], ignore=1)], [], [], id='ignore region'),
        pytest.param([record([5, 5, 0, 0]), record([5, 5, 0, 0])], [], [], id='two empty boxes'),
        pytest.param([record([5, 5, 3, 3])] * 4, [[0, 1, 2, 3]], [], id='four times'),
        pytest.param(
            [record([5, 5, 30, 30]), record([5, 50, 30, 30]), record([5, 5, 30, 30])], [[0, 2]], [], id='one between'
        ),
    ],
)
def test_find_same_boxes(annotations, groups, conflicts):
    assert find_same_boxes(annotations) == (groups, conflicts)


def test_agrees_with_comparing_all_pairs():
    generator = np.random.default_rng(0)
    sides = generator.uniform(20, 22, (300, 2))
    boxes = np.concatenate([generator.uniform(0, 4, (300, 2)), sides], axis=1)
    annotations = [record(box.tolist(), image=i % 3, label=i) for i, box in enumerate(boxes)]
    expected = []
    for i in range(300):
        for j in range(i + 3, 300, 3):
            low, high = np.maximum(boxes[i, :2], boxes[j, :2]), np.minimum(*(boxes[[i, j], :2] + boxes[[i, j], 2:]))
            shared = np.prod(np.clip(high - low, 0, None))
            if shared / (sides[i].prod() + sides[j].prod() - shared) > 0.9:
                expected.append((i, j))
    assert len(expected) > 20
    assert find_same_boxes(annotations) == ([], expected)
