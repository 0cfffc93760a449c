"""Scores of label maps: worked out by hand, against upstream, over several ranks."""

import math

import numpy as np
import pytest
import torch
from mmseg.evaluation import IoUMetric

from custom_modules.evaluation import SegmentationScorer
from custom_modules.evaluation.segmentation_scorer import count_picture
from custom_modules.utils import UserError

CLASSES = ('Background', 'Can', 'Paper', 'Bag')


def score(*pictures, classes=CLASSES):
    scorer = SegmentationScorer(classes)
    for number, (labels, truth) in enumerate(pictures, start=1):
        scorer.add(number, np.array(labels), np.array(truth))
    return scorer.result()


FIRST = ([[0, 0, 1, 1]], [[0, 0, 0, 1]])  # IoU of Background 2/3, of Can 1/2
SECOND = ([[0, 0, 0, 2]], [[0, 0, 0, 0]])  # IoU of Background 3/4, of Paper 0


@pytest.mark.fast
def test_by_hand():
    result = score(FIRST, SECOND)
    assert result.confusion.tolist() == [[5, 1, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert result.per_class_iou[:3].tolist() == [5 / 7, 1 / 2, 0.0] and math.isnan(result.per_class_iou[3])
    assert result.per_class_acc[:2].tolist() == [5 / 7, 1.0] and np.isnan(result.per_class_acc[2:]).all()
    assert result.mIoU == pytest.approx((5 / 7 + 1 / 2 + 0) / 3, abs=1e-15)
    assert result.mAcc == pytest.approx((5 / 7 + 1) / 2, abs=1e-15)
    assert result.aAcc == 6 / 8
    assert result.image_ious.tolist() == [(2 / 3 + 1 / 2) / 2, 3 / 8]
    assert result.mIoU_per_image == pytest.approx((7 / 12 + 3 / 8) / 2, abs=1e-15)
    assert result.image_ids.tolist() == [1, 2]
    assert result.class_scores() == {'Background': 5 / 7, 'Can': 1 / 2, 'Paper': 0.0}
    assert list(result.summary().values()) == [
        *(result.mIoU, result.mIoU_per_image, result.mAcc, result.aAcc, result.boundary_IoU)
    ]


def test_all_of_a_tiny_picture_is_boundary():
    """Where every pixel is near an outline, Boundary IoU is IoU."""
    result = score(FIRST, SECOND)
    np.testing.assert_array_equal(result.per_class_boundary_iou, result.per_class_iou)
    assert result.boundary_IoU == result.mIoU


def test_a_perfect_prediction():
    truth = np.kron(np.array([[0, 1], [255, 2]]), np.ones((40, 40), dtype=int))
    result = score((np.where(truth == 255, 3, truth), truth))
    assert set(result.summary().values()) == {1.0}
    assert result.per_class_iou[:3].tolist() == [1, 1, 1] and math.isnan(result.per_class_iou[3])


def test_a_picture_without_a_pixel_that_counts_is_left_out():
    result = score(FIRST, ([[1, 1]], [[255, 255]]))
    assert (result.num_images, result.num_ignored_images) == (1, 1)
    assert result.mIoU_per_image == result.mIoU == (2 / 3 + 1 / 2) / 2
    assert 'mean IoU of a picture 0.5833 (1 pictures, 1 left out: no pixel counts)' in result.remarks()[0]


def test_nothing_to_score():
    with pytest.raises(UserError, match='no picture was predicted'):
        score()
    with pytest.raises(UserError, match='no pixel of the 1 pictures counts'):
        score(([[1, 1]], [[255, 255]]))


@pytest.mark.parametrize('num_classes', [2, 11, 255])
def test_equals_upstream(num_classes):
    rng = np.random.default_rng(num_classes)
    truths = rng.integers(0, num_classes, (5, 40, 50))
    labels = np.where(rng.random(truths.shape) < 0.7, truths, rng.integers(0, num_classes, truths.shape))
    truths[rng.random(truths.shape) < 0.1] = 255
    labels[:, 0] = 0
    result = score(*zip(labels, truths, strict=True), classes=[f'class {index}' for index in range(num_classes)])
    areas = [
        IoUMetric.intersect_and_union(torch.from_numpy(one), torch.from_numpy(truth), num_classes, 255)
        for one, truth in zip(labels, truths, strict=True)
    ]
    upstream = IoUMetric.total_area_to_metrics(*(sum(area).double() for area in zip(*areas, strict=True)))
    np.testing.assert_allclose(result.per_class_iou, upstream['IoU'], rtol=1e-14)
    np.testing.assert_allclose(result.per_class_acc, upstream['Acc'], rtol=1e-14)
    assert result.aAcc == pytest.approx(float(upstream['aAcc']), rel=1e-14)
    assert result.mIoU == pytest.approx(np.nanmean(upstream['IoU']), rel=1e-14)
    assert result.mAcc == pytest.approx(np.nanmean(upstream['Acc']), rel=1e-14)
    one_by_one = [[both / union for both, union in zip(*area[:2], strict=True)] for area in areas]
    np.testing.assert_allclose(result.image_ious, np.nanmean(np.array(one_by_one), axis=1), rtol=1e-6)


def test_scorers_of_ranks_count_each_picture_once():
    pictures = [FIRST, SECOND, FIRST]
    together, ranks = SegmentationScorer(CLASSES), [SegmentationScorer(CLASSES) for _ in range(2)]
    for number, (labels, truth) in enumerate(pictures):
        together.add(number, np.array(labels), np.array(truth))
        ranks[number % 2].add(number, np.array(labels), np.array(truth))
    ranks[1].add(0, np.array([[3, 3, 3, 3]]), np.array([[0, 0, 0, 1]]))  # a sampler fills the last batch
    together.add(0, np.array([[9]]), np.array([[9]]))  # is not looked at: there is a picture 0 already
    ranks[0].merge(ranks[1])
    merged, expected = ranks[0].result(), together.result()
    assert merged.confusion.tolist() == expected.confusion.tolist() and merged.image_ids.tolist() == [0, 1, 2]
    assert merged.summary() == expected.summary()
    with pytest.raises(ValueError, match='other classes'):
        ranks[0].merge(SegmentationScorer(CLASSES[:2]))


def test_mistakes_name_the_picture():
    with pytest.raises(ValueError, match='picture 1: the prediction holds 4, the 4 classes are 0 to 3'):
        score(([[4]], [[0]]))
    with pytest.raises(ValueError, match='picture 1: the truth holds 9'):
        score(([[0]], [[9]]))
    for classes in ((), ['class'] * 256):
        with pytest.raises(ValueError, match=f'{len(classes)} classes: a label map has 1 to 255'):
            SegmentationScorer(classes)


def test_a_picture_takes_up_less_than_a_kilobyte():
    truth = np.kron(np.arange(9).reshape(3, 3), np.ones((300, 300), dtype=np.uint8))
    counts = count_picture(np.roll(truth, 5), truth, 11)
    assert sum(array.nbytes for array in counts) < 1000
