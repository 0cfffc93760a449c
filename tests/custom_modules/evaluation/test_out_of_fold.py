"""Out-of-fold predictions are merged by picture and scored as a whole."""

import numpy as np
import pytest

from custom_modules.evaluation import Predictions, merge_folds, score_folds
from custom_modules.utils import UserError

FOLD_OF = {1: 0, 2: 1, 3: 0, 4: 2}
COCO = {
    'images': [{'id': image_id, 'width': 100, 'height': 100} for image_id in FOLD_OF],
    'categories': [{'id': 5, 'name': 'Glass'}],
    'annotations': [
        {'id': number, 'image_id': number, 'category_id': 5, 'bbox': [10, 10, 20, 20], 'area': 400, 'iscrowd': 0}
        for number in (1, 2, 3)
    ],
}


def rows(*image_ids, score=0.5, offset=0):
    """One box for each image, by default exactly the object."""
    count = len(image_ids)
    boxes_xywh = np.tile([10.0 + offset, 10, 20, 20], (count, 1))
    return Predictions(np.array(image_ids), np.full(count, 5), boxes_xywh, np.full(count, score))


@pytest.mark.fast
def test_rows_of_all_folds_are_together():
    merged = merge_folds({1: rows(2), 0: rows(3, 1), 2: rows()}, FOLD_OF)
    assert merged.image_ids.tolist() == [3, 1, 2]


@pytest.mark.fast
@pytest.mark.parametrize('image_id', [2, 99], ids=['of another fold', 'unknown'])
def test_a_picture_that_the_model_may_know_is_refused(image_id):
    with pytest.raises(UserError, match=f'fold 0 are about image {image_id}, .* val_0.json'):
        merge_folds({0: rows(1, image_id)}, FOLD_OF)


@pytest.mark.fast
def test_scores_by_fold_and_as_a_whole():
    """Fold 0 finds both objects, fold 1 misses its own, fold 2 has none; a miss of greater score costs precision.

    As a whole: ranks 1 (wrong), 2 and 3 (right) of 3 objects; precision is 2/3 up to recall 2/3: 67 of 101 points.
    """
    merged = merge_folds({0: rows(1, 3), 1: rows(2, score=0.9, offset=60)}, FOLD_OF)
    overall, by_fold = score_folds(COCO, merged, FOLD_OF)
    assert (by_fold[0].mAP50, by_fold[1].mAP50, by_fold[2]) == (pytest.approx(1), 0, None)
    assert overall.mAP50 == pytest.approx(67 / 101 * 2 / 3)


@pytest.mark.fast
def test_nothing_to_score():
    with pytest.raises(UserError, match='nothing to score'):
        score_folds({**COCO, 'annotations': []}, rows(), FOLD_OF)
