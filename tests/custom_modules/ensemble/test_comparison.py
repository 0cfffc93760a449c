import numpy as np
import pytest

from custom_modules.ensemble.comparison import compare
from custom_modules.ensemble.search import FusionParams
from custom_modules.evaluation import Predictions
from custom_modules.utils import UserError

BOXES = np.array([[10, 10, 20, 20], [60, 20, 30, 20]])
SIZES = {1: (50, 100), 2: (50, 100)}
HALF = 51 / 101  # one of two objects found: precision 1 at the recalls 0.00 to 0.50


@pytest.fixture
def coco():
    """Two pictures with one object each, of one class."""
    annotations = [
        {'id': i, 'image_id': i, 'category_id': 4, 'bbox': box.tolist(), 'area': 600, 'iscrowd': 0}
        for i, box in enumerate(BOXES, start=1)
    ]
    images = [{'id': i, 'width': 100, 'height': 50} for i in SIZES]
    return {'images': images, 'annotations': annotations, 'categories': [{'id': 4, 'name': 'Glass'}]}


def found(*pictures):
    """Make predictions that find the objects of these pictures."""
    ids = np.array(pictures, dtype=np.int64)
    scores = np.full(len(ids), 0.8)
    return Predictions(ids, np.full(len(ids), 4), BOXES[ids - 1].astype(np.float64).reshape(-1, 4), scores)


def test_members_that_complete_each_other(coco):
    members = {'a': found(1), 'b': found(2), 'c': found()}
    params = FusionParams(tuple(members), (4,), (1.0, 1.0, 1.0))
    steps = []
    comparison = compare(
        coco, members, params.fuse(members, SIZES), params, SIZES, progress=lambda *step: steps.append(step)
    )
    assert comparison.members == pytest.approx({'a': HALF, 'b': HALF, 'c': 0})
    assert comparison.fusion == pytest.approx(1)
    assert comparison.without == pytest.approx({'a': HALF, 'b': HALF, 'c': 1})
    assert comparison.best == 'a'
    assert comparison.gain == pytest.approx(1 - HALF)
    assert 0 < comparison.interval[0] <= comparison.gain <= comparison.interval[1] < 1
    assert steps == [(number, 7) for number in range(1, 8)]


def test_only_members_with_a_part_in_it_are_left_out(coco):
    members = {'a': found(1), 'b': found(1, 2), 'c': found(2)}
    params = FusionParams(('c', 'a'), (4,), (1.0, 0.5))
    comparison = compare(coco, members, params.fuse(members, SIZES), params, SIZES)
    assert comparison.without == pytest.approx({'c': HALF, 'a': HALF})
    assert comparison.gain == pytest.approx(0)  # b finds all by itself


def test_a_member_alone(coco):
    params = FusionParams(('a',), (4,), (1.0,))
    comparison = compare(coco, {'a': found(1)}, found(1), params, SIZES)
    assert (comparison.without, comparison.gain, comparison.interval) == ({}, 0, (0, 0))


def test_without_answers(coco):
    params = FusionParams(('a',), (4,), (1.0,))
    with pytest.raises(UserError, match='nothing to score'):
        compare({**coco, 'annotations': []}, {'a': found(1)}, found(1), params, SIZES)
