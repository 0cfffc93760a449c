"""What is told about a round of pseudo labels."""

import json

import numpy as np
import pytest

from custom_modules.datasets import load_coco
from custom_modules.pseudo_label import (
    Calibration,
    ClassThreshold,
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
    skipped = {'in train.json': 2}
    return make_report(real, empty, labels, calibration, checked=checked, answers=answers, skipped=skipped)


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


def test_right_boxes_are_counted_by_class(read, found_of):
    answers = read('answers.json', [(1, 1, BOX), (2, 2, BOX)])
    calibration = Calibration(
        (ClassThreshold('can', 0.5, None, 'own'), ClassThreshold('bag', 0.5, None, 'own')), (), {'confidence': 0.9}
    )
    found = found_of([(1, 1, BOX, 0.9), (2, 1, BOX, 0.9), (2, 2, BOX, 0.8), (2, 2, FAR, 0.1)])
    total, right = right_by_class(answers, select_labels(found, calibration, answers.cat_ids))
    assert (total.tolist(), right.tolist()) == ([2, 0], [1, 0])  # the surer can took the bag's place
