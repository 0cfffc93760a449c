"""What is told about a round of pseudo labels."""

import json
import re

import numpy as np
import pytest

from custom_modules.datasets import load_coco
from custom_modules.pseudo_label import (
    Calibration,
    ClassThreshold,
    doubts,
    format_report,
    make_report,
    right_by_class,
    select_labels,
)

BOX, FAR = (10, 10, 20, 20), (60, 60, 20, 20)


@pytest.fixture
def read(coco_of, tmp_path):
    """Make a data set of rows (image id, category id, box xywh)."""

    def make(name, rows):
        path = tmp_path / name
        path.write_text(json.dumps(coco_of(rows, images=3)))
        return load_coco(path, check_images=False)

    return make


@pytest.fixture
def report(read, found_of):
    """One right can, one wrong can, a bag that stays an ignore region; the third picture has nothing."""
    real, empty = read('train.json', [(1, 1, BOX), (1, 1, FAR), (2, 2, BOX)]), read('test.json', [])
    answers = read('answers.json', [(1, 1, BOX), (1, 2, FAR), (2, 1, FAR)])
    calibration = Calibration(
        (ClassThreshold('can', 0.5, 0.3, 'pooled', 4, 3, 0.71), ClassThreshold('bag', None, 0.4, 'none')),
        (),
        {'target_precision': 0.7, 'confidence': 0.9},
    )
    found = found_of([(1, 1, BOX, 0.9), (1, 1, FAR, 0.8), (2, 2, BOX, 0.45)])
    labels = select_labels(found, calibration, real.cat_ids)
    checked = np.array([10, 0]), np.array([8, 0])
    skipped, missed = {'in train.json': 2}, {'objects': 20, 'missed': 6, 'large': 3, 'missed_large': 1}
    return make_report(
        real, empty, labels, calibration, checked=checked, missed=missed, answers=answers, skipped=skipped
    )


def test_counts_and_precisions(report):
    assert report['pictures'] == {
        'unlabelled': 5,
        'labelled': 1,
        'only_ignore_regions': 1,
        'left_out': {'in train.json': 2},
        'none': 1,
    }
    assert (report['labels'], report['ignore_regions']) == (2, 1)
    assert (report['expected_precision'], report['expected_from_boxes']) == (0.8, 10)
    assert (report['real_precision'], report['real_recall']) == (0.5, pytest.approx(1 / 3))
    can, bag = report['classes']
    assert (can['real'], can['labels'], can['ignore_regions'], can['sure_from']) == (2, 2, 0, 0.5)
    assert (can['expected_precision'], can['real_precision'], can['real_recall']) == (0.8, 0.5, 0.5)
    assert (bag['real'], bag['labels'], bag['ignore_regions'], bag['sure_from']) == (1, 0, 1, None)
    assert (bag['expected_precision'], bag['real_precision'], bag['real_recall']) == (None, None, 0.0)
    json.dumps(report, allow_nan=False)


def test_the_table_says_what_fell_back(report):
    text = format_report(report)
    assert text.splitlines()[2].split() == 'can 2 2 0 0.50 0.30 all classes 0.80 of 10 0.50 0.50'.split()
    assert text.splitlines()[3].split() == 'bag 1 0 1 - 0.40 out of reach - - 0.00'.split()
    assert '1 of 5 pictures got labels, 1 ignore regions only, 1 nothing' in text
    assert '2 pictures left out: in train.json' in text
    assert 'too few boxes of their own, judged with all classes: can' in text
    assert 'a precision of 0.7 is out of reach, no labels: bag' in text
    missed = '6 of 20 objects in the pictures with answers, 1 of 3 large ones, get neither label nor ignore region'
    assert f'{missed}; such objects become background' in text


def test_right_boxes_are_counted_by_class(read, found_of):
    answers = read('answers.json', [(1, 1, BOX), (2, 2, BOX)])
    calibration = Calibration(
        (ClassThreshold('can', 0.5, None, 'own'), ClassThreshold('bag', 0.5, None, 'own')), (), {'confidence': 0.9}
    )
    found = found_of([(1, 1, BOX, 0.9), (2, 1, BOX, 0.9), (2, 2, BOX, 0.8), (2, 2, FAR, 0.1)])
    total, right = right_by_class(answers, select_labels(found, calibration, answers.cat_ids))
    assert (total.tolist(), right.tolist()) == ([2, 0], [1, 0])  # the surer can took the bag's place


@pytest.mark.fast
@pytest.mark.parametrize(
    ('target', 'classes', 'message'),
    [
        pytest.param(0.7, [(10, 8), (10, 7)], None, id='as wanted'),
        pytest.param(0.7, [(10, 8), (10, 5)], None, id='a little below: chance'),
        pytest.param(0.7, [(20, 0), (0, 0)], 'only 0% are likely to be right, far below the target of 0.7', id='none'),
        pytest.param(
            0.7, [(90, 80), (6, 1)], 'some classes are likely to be wrong .bag 0.17 of 6.: train', id='a class'
        ),
        pytest.param(0.7, [(90, 80), (4, 0)], None, id='a class of few boxes'),
        pytest.param(0.7, [(0, 0), (0, 0)], 'nothing tells how many labels are right', id='no box to judge by'),
        pytest.param(None, [(20, 12), (9, 4)], None, id='fixed, more than half'),
        pytest.param(None, [(20, 5), (9, 4)], 'only 31% .* below one half: raise --score-thr, or leave it', id='fixed'),
    ],
)
def test_what_is_warned_of(target, classes, message):
    rows = [
        {
            'class': name,
            'labels': 3,
            'expected_from_boxes': total,
            'expected_precision': right / total if total else None,
        }
        for name, (total, right) in zip(('can', 'bag'), classes, strict=True)
    ]
    total, right = (sum(column) for column in zip(*classes, strict=True))
    report = {
        'labels': 6,
        'has_answers': True,
        'settings': {'target_precision': target} if target else {'score_thr': 0.3},
        'expected_from_boxes': total,
        'expected_precision': right / total if total else None,
        'classes': rows,
    }
    found = doubts(report)
    assert len(found) == (message is not None)
    if message:
        assert re.search(message, found[0])
    assert 'only 20% are right by --answers' in doubts({**report, 'has_answers': False, 'real_precision': 0.2})[0]
    assert doubts({**report, 'labels': 0}) == doubts({**report, 'has_answers': False}) == []


@pytest.mark.parametrize(('found', 'is_told'), [(None, False), (0.5, False), (0.42, True), (0.0, True)])
def test_few_labelled_objects_are_warned_of(found, is_told):
    report = {
        'labels': 6,
        'has_answers': True,
        'settings': {'target_precision': 0.7},
        'expected_from_boxes': 20,
        'expected_precision': 0.8,
        'expected_recall': found,
        'classes': [],
    }
    told = doubts(report)
    assert len(told) == is_told
    assert not told or told[0].startswith(f'only {found:.0%} of the objects are likely to get a right label')
