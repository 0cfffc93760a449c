"""The picture of pseudo labels."""

import numpy as np
import pytest

from custom_modules.datasets import load_coco
from custom_modules.pseudo_label import fixed_thresholds, select_labels
from custom_modules.pseudo_label.sheet import label_sheet
from custom_modules.visualization import draw_ignore_regions


@pytest.fixture
def unlabelled(synthetic_root):
    return load_coco(synthetic_root / 'test.json')


def test_sheet_shows_labels_and_regions(unlabelled, found_of):
    ids, cat_id = [image['id'] for image in unlabelled.images], unlabelled.cat_ids[0]
    found = found_of([(ids[0], cat_id, (10, 10, 50, 50), 0.9), (ids[0], cat_id, (70, 70, 40, 40), 0.3)])
    sure = label_sheet(unlabelled, select_labels(found, fixed_thresholds(unlabelled.classes, 0.5), unlabelled.cat_ids))
    banded = fixed_thresholds(unlabelled.classes, 0.5, ignore_thr=0.2)
    both = label_sheet(unlabelled, select_labels(found, banded, unlabelled.cat_ids))
    assert sure.shape == both.shape  # one picture
    assert (sure != both).any(axis=2).sum() > 1000  # the hatching
    regions = select_labels(found, fixed_thresholds(unlabelled.classes, 0.95, ignore_thr=0.2), unlabelled.cat_ids)
    assert label_sheet(unlabelled, regions).shape[1] == both.shape[1]


def test_nothing_to_show(unlabelled, found_of):
    labels = select_labels(found_of([]), fixed_thresholds(unlabelled.classes, 0.5), unlabelled.cat_ids)
    assert label_sheet(unlabelled, labels) is None


def test_regions_change_only_their_inside():
    image = np.full((40, 50, 3), 120, dtype=np.uint8)
    drawn = draw_ignore_regions(image, np.array([[10, 5, 30, 25], [45, 35, 99, 99]]))
    changed = (drawn != image).any(axis=2)
    assert changed[5:26, 10:31].mean() > 0.3
    assert changed[35:, 45:].any()
    changed[5:26, 10:31] = changed[35:, 45:] = False
    assert not changed.any()
    assert (image == 120).all()
