"""Scores against cases worked out by hand, pycocotools, and a second literal implementation."""

import contextlib
import copy
import io

import numpy as np
import pytest

from custom_modules.evaluation import encode_masks, evaluate_boxes
from custom_modules.utils import UserError

BOX, FAR = (10, 10, 10, 10), (60, 60, 20, 20)

# Precision is read at the 101 recalls 0.00, 0.01, ..., 1.00; half the objects found covers 51 of them.
HAND_WORKED = [
    pytest.param([(1, 1, BOX)], [(1, 1, BOX, 0.5)], 1.0, 1.0, id='perfect'),
    pytest.param([(1, 1, BOX), (2, 1, BOX)], [(1, 1, BOX, 0.5)], 51 / 101, 51 / 101, id='one of two missed'),
    pytest.param([(1, 1, BOX)], [(1, 1, BOX, 0.5), (1, 1, BOX, 0.4)], 1.0, 1.0, id='duplicate after the last object'),
    pytest.param(
        [(1, 1, BOX), (2, 1, BOX)],
        [(1, 1, BOX, 0.9), (1, 1, BOX, 0.8), (2, 1, BOX, 0.7)],
        (51 + 50 * 2 / 3) / 101,  # precision 1 up to recall 0.5, then 2 of 3
        (51 + 50 * 2 / 3) / 101,
        id='duplicate in between lowers precision',
    ),
    pytest.param([(1, 1, BOX)], [(1, 1, BOX, 0.5), (1, 1, FAR, 0.9)], 0.5, 0.5, id='false alarm first'),
    pytest.param([(1, 1, BOX)], [(1, 1, (10, 10, 10, 7.2), 0.5)], 1.0, 0.5, id='IoU 0.72 passes 5 of 10 thresholds'),
    pytest.param([(1, 1, BOX)], [(1, 2, BOX, 0.5)], 0.0, 0.0, id='wrong class'),
    pytest.param([(1, 1, BOX)], [(2, 1, BOX, 0.5)], 0.0, 0.0, id='wrong image'),
    pytest.param([(1, 1, BOX)], [], 0.0, 0.0, id='no predictions at all'),
    pytest.param(
        [(1, 1, BOX), (1, 2, BOX)], [(1, 1, BOX, 0.5)], 0.5, 0.5, id='mean over two classes, one without predictions'
    ),
    pytest.param(
        [(1, 1, BOX), (1, 1, FAR, {'iscrowd': 1})],
        [(1, 1, BOX, 0.5), (1, 1, FAR, 0.9), (1, 1, (62, 62, 4, 4), 0.8)],
        1.0,
        1.0,
        id='predictions inside a crowd count neither way, however many',
    ),
    pytest.param(
        [(1, 1, BOX), (1, 1, FAR, {'ignore': 1})],
        [(1, 1, BOX, 0.5), (1, 1, (62, 62, 4, 4), 0.9)],
        1.0,
        1.0,
        id='a region marked ignore is treated as a crowd',
    ),
    pytest.param(
        [(1, 1, BOX), (1, 2, FAR, {'iscrowd': 1})],
        [(1, 1, BOX, 0.5), (1, 1, FAR, 0.9)],
        0.5,
        0.5,
        id='a crowd of another class excuses nothing',
    ),
]


@pytest.mark.fast
@pytest.mark.parametrize(('objects', 'rows', 'map50', 'mean_ap'), HAND_WORKED)
def test_hand_worked(make_coco, make_predictions, objects, rows, map50, mean_ap):
    result = evaluate_boxes(make_coco(objects), make_predictions(rows))
    assert result.mAP50 == pytest.approx(map50, abs=1e-12)
    assert result.mAP == pytest.approx(mean_ap, abs=1e-12)


@pytest.mark.fast
def test_nothing_is_rounded(make_coco, make_predictions):
    objects = [(1, 1, BOX), (2, 1, BOX), (3, 1, BOX)]
    result = evaluate_boxes(make_coco(objects), make_predictions([(1, 1, BOX, 0.5)]))
    assert result.mAP50 == pytest.approx(34 / 101, abs=1e-14)  # recall 1/3 covers 0.00 to 0.33
    assert result.mAP50 != round(result.mAP50, 3)


@pytest.mark.parametrize(
    ('rank', 'expected'), [(99, 1 / 100), (100, 0.0)], ids=['one hundredth is seen', 'one hundred and first is not']
)
def test_one_hundred_boxes_per_image_and_class(make_coco, make_predictions, rank, expected):
    wrong = [(1, 1, FAR, 0.9 - index / 1000) for index in range(rank)]
    other_class = [(1, 2, FAR, 0.95)] * 100  # must not take places
    predictions = make_predictions([*wrong, *other_class, (1, 1, BOX, 0.1)])
    assert evaluate_boxes(make_coco([(1, 1, BOX)]), predictions).mAP50 == pytest.approx(expected, abs=1e-12)


def test_per_class_table(make_coco, make_predictions):
    coco = make_coco([(1, 3, BOX), (2, 3, BOX), (3, 9, FAR)], classes=('can',))
    coco['categories'] = [{'id': 9, 'name': 'bag'}, {'id': 3, 'name': 'can'}, {'id': 5, 'name': 'battery'}]
    result = evaluate_boxes(coco, make_predictions([(1, 3, BOX, 0.9), (1, 5, BOX, 0.8)]))
    assert result.classes == ('can', 'battery', 'bag')
    assert result.cat_ids == (3, 5, 9)
    assert result.num_objects.tolist() == [2, 0, 1]
    assert result.num_predictions.tolist() == [1, 1, 0]
    np.testing.assert_allclose(result.ap50, [51 / 101, np.nan, 0.0], atol=1e-12)
    np.testing.assert_allclose(result.recall50, [0.5, np.nan, 0.0])
    assert result.mAP50 == pytest.approx(51 / 101 / 2)  # the absent class is not in the mean


def test_precision_recall_curve(make_coco, make_predictions):
    rows = [(1, 1, BOX, 0.9), (1, 1, FAR, 0.8), (2, 1, BOX, 0.7)]
    result = evaluate_boxes(make_coco([(1, 1, BOX), (2, 1, BOX)]), make_predictions(rows))
    np.testing.assert_allclose(result.precision50[0], [1.0] * 51 + [2 / 3] * 50)
    np.testing.assert_allclose(result.scores50[0], [0.9] * 51 + [0.7] * 50)
    assert np.isnan(result.precision50[1]).all()


def test_sizes(make_coco, make_predictions):
    small, medium = (0, 0, 20, 20), (0, 0, 50, 50)
    coco = make_coco([(1, 1, small), (2, 1, medium)], size=(200, 200))
    result = evaluate_boxes(coco, make_predictions([(2, 1, medium, 0.5)]))
    assert (result.mAP_small, result.mAP_medium) == (0.0, 1.0)
    assert np.isnan(result.mAP_large)


def test_only_the_images_asked_for(make_coco, make_predictions):
    coco = make_coco([(1, 1, BOX), (2, 1, BOX)])
    rows = [(1, 1, BOX, 0.5), (2, 1, FAR, 0.9)]
    assert evaluate_boxes(coco, make_predictions(rows), image_ids=[1]).mAP50 == 1.0


def test_neither_input_changes_nor_anything_is_printed(make_scene, capfd):
    coco, predictions, _ = make_scene(0)
    before = copy.deepcopy(coco)
    first = evaluate_boxes(coco, predictions)
    assert coco == before
    assert evaluate_boxes(coco, predictions).mAP == first.mAP
    assert capfd.readouterr() == ('', '')


def test_order_of_images_does_not_matter(make_scene):
    coco, predictions, _ = make_scene(1)
    shuffled = [rows for _, rows in sorted(predictions.per_image().items(), reverse=True)]
    expected = evaluate_boxes(coco, predictions).mAP
    assert evaluate_boxes(coco, type(predictions).concatenate(shuffled)).mAP == expected


@pytest.mark.parametrize(
    ('objects', 'rows', 'iou_type', 'message'),
    [
        pytest.param([], [(1, 1, BOX, 0.5)], 'bbox', 'nothing to score', id='no annotations'),
        pytest.param([(1, 1, BOX, {'iscrowd': 1})], [], 'bbox', 'nothing to score', id='only crowds'),
        pytest.param([(1, 1, BOX)], [], 'segm', 'boxes only', id='masks wanted, none in the data'),
        pytest.param(
            [(1, 1, BOX, {'segmentation': [[10, 10, 20, 10, 20, 20]]})],
            [(1, 1, BOX, 0.5)],
            'segm',
            'no masks',
            id='masks wanted, none predicted',
        ),
        pytest.param([(1, 1, BOX)], [(77, 1, BOX, 0.5)], 'bbox', 'image_id 77', id='unknown image'),
        pytest.param([(1, 1, BOX)], [(1, 0, BOX, 0.5)], 'bbox', 'category_id 0', id='unknown category'),
    ],
)
def test_refusals(make_coco, make_predictions, objects, rows, iou_type, message):
    with pytest.raises(UserError, match=message):
        evaluate_boxes(make_coco(objects), make_predictions(rows), iou_type)


def test_a_box_without_mask_is_an_ignore_region_for_masks(make_coco, make_predictions):
    square = [[10, 10, 20, 10, 20, 20, 10, 20]]
    coco = make_coco([(1, 1, BOX, {'segmentation': square}), (1, 1, FAR)])
    masks = np.zeros((2, 100, 100), dtype=bool)
    masks[0, 10:20, 10:20] = masks[1, 60:80, 60:80] = True
    rows = [(1, 1, BOX, 0.5), (1, 1, FAR, 0.9)]
    result = evaluate_boxes(coco, make_predictions(rows, encode_masks(masks)), 'segm')
    assert (result.mAP, result.num_objects.tolist()) == (1.0, [1, 0])


@pytest.mark.fast
@pytest.mark.parametrize('iou_type', ['bbox', 'segm'])
@pytest.mark.parametrize('seed', [0, 1])
def test_agrees_with_pycocotools(make_scene, seed, iou_type):
    coco, predictions, masks = make_scene(seed)
    if iou_type == 'segm':
        predictions = type(predictions)(**{**vars(predictions), 'segmentations': encode_masks(np.array(masks))})
    theirs = _pycocotools(coco, predictions, iou_type)
    ours = evaluate_boxes(coco, predictions, iou_type)
    assert 0.05 < ours.mAP < 0.95
    figures = [ours.mAP, ours.mAP50, ours.mAP75, ours.mAP_small, ours.mAP_medium, ours.mAP_large]
    np.testing.assert_allclose(figures, theirs.stats[:6], atol=1e-9)
    precision = theirs.eval['precision'][0, :, :, 0, -1].T
    np.testing.assert_allclose(np.nan_to_num(ours.precision50, nan=-1), precision, atol=1e-9)


def _pycocotools(coco, predictions, iou_type):
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = copy.deepcopy(coco)
        truth.createIndex()
        records = copy.deepcopy(list(predictions.records()))
        for record in records if iou_type == 'segm' else ():
            del record['bbox']  # else pycocotools takes the box's area for a mask's
        evaluator = COCOeval(truth, truth.loadRes(records), iou_type)
        evaluator.evaluate()
        evaluator.accumulate()
        evaluator.summarize()
    return evaluator


@pytest.mark.parametrize('seed', [2, 3])
def test_agrees_with_the_definition(make_scene, seed):
    coco, predictions, _ = make_scene(seed)
    for annotation in coco['annotations']:
        annotation['iscrowd'] = 0
    expected = [_literal_ap50(coco, predictions, category['id']) for category in coco['categories']]
    result = evaluate_boxes(coco, predictions)
    np.testing.assert_allclose(result.ap50, expected, atol=1e-9)
    assert result.mAP50 == pytest.approx(np.nanmean(expected), abs=1e-9)


def _literal_ap50(coco, predictions, category_id):
    """AP at IoU 0.50 as the text says it: greedy by score, each object once, best precision from each recall on."""
    truth = [a for a in coco['annotations'] if a['category_id'] == category_id]
    records = [r for r in predictions.records() if r['category_id'] == category_id]
    ranked = [
        record
        for image in coco['images']
        for record in sorted((r for r in records if r['image_id'] == image['id']), key=lambda r: -r['score'])[:100]
    ]
    free, hits = {a['id'] for a in truth}, []
    for record in sorted(ranked, key=lambda r: -r['score']):
        same_image = [a for a in truth if a['image_id'] == record['image_id'] and a['id'] in free]
        ious = [(_iou(a['bbox'], record['bbox']), a['id']) for a in same_image]
        best = max(ious, default=(0, None))
        hits.append(best[0] >= 0.5)
        free.discard(best[1] if hits[-1] else None)
    if not truth:
        return np.nan
    found = np.cumsum(hits)
    recall, precision = found / len(truth), found / np.arange(1, len(hits) + 1)
    return np.mean([max(precision[recall >= r], default=0) for r in np.linspace(0, 1, 101)])


def _iou(a, b):
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    overlap = max(width, 0) * max(height, 0)
    return overlap / (a[2] * a[3] + b[2] * b[3] - overlap)
