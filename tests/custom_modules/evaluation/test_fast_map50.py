"""The fast mAP50 against `evaluate_boxes`, pycocotools, hand-worked cases, and images that are really copied."""

import contextlib
import copy
import io

import numpy as np
import pytest

from custom_modules.evaluation import FastMap50, Predictions, evaluate_boxes
from custom_modules.utils import UserError

BOX, FAR = (10, 10, 10, 10), (60, 60, 20, 20)


@pytest.mark.fast
@pytest.mark.parametrize(
    ('objects', 'rows', 'expected'),
    [
        pytest.param([(1, 1, BOX)], [(1, 1, BOX, 0.5)], 1.0, id='perfect'),
        pytest.param([(1, 1, BOX)], [(1, 1, FAR, 0.9), (1, 1, BOX, 0.5)], 0.5, id='false alarm first'),
        pytest.param([(1, 1, BOX)], [], 0.0, id='no predictions'),
        pytest.param([(1, 1, BOX)], [(1, 1, (10, 10, 10, 5), 0.5)], 1.0, id='IoU of exactly one half counts'),
        pytest.param(  # recall 1/2 covers 51 of 101 recalls
            [(1, 1, BOX), (2, 1, BOX)], [(1, 1, BOX, 0.5)], 51 / 101, id='one of two missed'
        ),
        pytest.param(
            [(1, 1, BOX), (1, 1, FAR, {'iscrowd': 1})],
            [(1, 1, BOX, 0.5), (1, 1, FAR, 0.9), (1, 1, (62, 62, 4, 4), 0.8)],
            1.0,
            id='boxes inside a crowd count neither way, however many',
        ),
        pytest.param(
            [(1, 1, FAR, {'ignore': 1}), (1, 1, BOX)],
            [(1, 1, (62, 62, 4, 4), 0.9), (1, 1, BOX, 0.5)],
            1.0,
            id='a region marked ignore is a crowd, wherever it is in the file',
        ),
        pytest.param(
            [(1, 1, BOX, {'iscrowd': 1}), (1, 1, BOX)], [(1, 1, BOX, 0.5)], 1.0, id='an object goes before a crowd'
        ),
        pytest.param(
            [(1, 1, BOX), (1, 2, FAR)], [(1, 1, BOX, 0.5)], 0.5, id='a class without predictions is in the mean'
        ),
        pytest.param(
            [(1, 1, BOX)], [(1, 2, BOX, 0.9), (1, 1, BOX, 0.5)], 1.0, id='a class without objects is not in the mean'
        ),
    ],
)
def test_hand_worked(make_coco, make_predictions, objects, rows, expected):
    score = FastMap50(make_coco(objects))(make_predictions(rows)).map50()
    assert score == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ('order', 'expected'), [([0, 1], 1.0), ([1, 0], 0.5)], ids=['hit first in the file', 'false alarm first']
)
def test_equal_scores_keep_the_order_of_the_file(make_coco, make_predictions, order, expected):
    rows = [(1, 1, BOX, 0.5), (1, 1, FAR, 0.5)]
    predictions = make_predictions([rows[index] for index in order])
    assert FastMap50(make_coco([(1, 1, BOX)]))(predictions).map50() == pytest.approx(expected)


@pytest.mark.parametrize('images', [(1, 2), (2, 1)], ids=['hit in the first image', 'hit in the second image'])
def test_equal_scores_of_two_images_go_by_image_id(make_coco, make_predictions, images):
    hit, miss = images
    predictions = make_predictions([(hit, 1, BOX, 0.5), (miss, 1, FAR, 0.5)])
    score = FastMap50(make_coco([(hit, 1, BOX)]))(predictions).map50()
    assert score == pytest.approx(1.0 if hit == 1 else 0.5)


@pytest.mark.parametrize(
    ('rank', 'expected'), [(99, 1 / 100), (100, 0.0)], ids=['one hundredth is seen', 'one hundred and first is not']
)
def test_one_hundred_boxes_per_image_and_class(make_coco, make_predictions, rank, expected):
    wrong = [(1, 1, FAR, 0.9 - index / 1000) for index in range(rank)]
    predictions = make_predictions([*wrong, *[(1, 2, FAR, 0.95)] * 100, (1, 1, BOX, 0.1)])
    assert FastMap50(make_coco([(1, 1, BOX)]))(predictions).map50() == pytest.approx(expected, abs=1e-12)


@pytest.mark.fast
@pytest.mark.parametrize('seed', range(4))
def test_agrees_with_pycocotools_and_evaluate_boxes(make_scene, seed):
    coco, predictions, _ = make_scene(seed, num_predictions=2500)  # about 50 a class and image
    coco['annotations'][3]['area'] = 2e10  # beyond COCO's range: nothing to find
    predictions = _crowded(predictions)
    matched = FastMap50(coco)(predictions)
    theirs = _pycocotools(coco, predictions)
    reference = evaluate_boxes(coco, predictions)
    assert 0.05 < matched.map50() < 0.95
    assert matched.map50() == pytest.approx(theirs.mean(), abs=1e-9)
    np.testing.assert_allclose(matched.ap50(), reference.ap50, atol=1e-9)


def _crowded(predictions):
    """Copy the fullest image's rows three times, shifted: more than 100 a class, with equal scores."""
    image_id = np.bincount(predictions.image_ids).argmax()
    rows = predictions.select(predictions.image_ids == image_id)
    parts = [predictions]
    for shift in (2.0, 5.0, 9.0):
        boxes = rows.boxes_xywh + [shift, 0, 0, 0]
        parts.append(Predictions(rows.image_ids, rows.category_ids, boxes, rows.scores))
    crowded = Predictions.concatenate(parts)
    here = crowded.category_ids[crowded.image_ids == image_id]
    assert np.bincount(here).max() > 100
    return crowded


def _pycocotools(coco, predictions):
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = copy.deepcopy(coco)
        truth.createIndex()
        evaluator = COCOeval(truth, truth.loadRes(list(predictions.records())), 'bbox')
        evaluator.params.iouThrs = np.array([0.5])
        evaluator.evaluate()
        evaluator.accumulate()
    precision = evaluator.eval['precision'][0, :, :, 0, -1]
    return precision[precision > -1]


@pytest.mark.parametrize('seed', [0, 1])
def test_any_subset_of_images_without_matching_again(make_scene, seed):
    coco, predictions, _ = make_scene(seed)
    scorer = FastMap50(coco)
    matched = scorer(predictions)
    for ids in ([1, 2, 3], [2, 5, 7, 11, 12], list(range(1, 12))):
        reference = evaluate_boxes(coco, predictions, image_ids=ids)
        weights = scorer.weights_of(ids)
        np.testing.assert_allclose(matched.ap50(weights), reference.ap50, atol=1e-9)
        assert matched.map50(weights) == pytest.approx(reference.mAP50, abs=1e-9)
        assert FastMap50(coco, ids)(predictions).map50() == pytest.approx(reference.mAP50, abs=1e-9)


def test_a_resample_scores_like_a_data_set_of_copies(make_scene):
    coco, predictions, _ = make_scene(2)
    distinct = np.random.default_rng(0).permutation(len(predictions)) / len(predictions)
    predictions = Predictions(predictions.image_ids, predictions.category_ids, predictions.boxes_xywh, distinct)
    drawn = np.random.default_rng(1).integers(1, 13, 12)
    copies = _copies(coco, predictions, drawn)
    counts = np.bincount(drawn, minlength=13)[1:]
    expected = evaluate_boxes(*copies)
    matched = FastMap50(coco)(predictions)
    np.testing.assert_allclose(matched.ap50(counts), expected.ap50, atol=1e-9)
    assert matched.map50(counts) == pytest.approx(expected.mAP50, abs=1e-9)


def _copies(coco, predictions, drawn):
    images, annotations, parts = [], [], []
    for new_id, old_id in enumerate(drawn.tolist(), start=1):
        images.append({**coco['images'][old_id - 1], 'id': new_id})
        annotations += [{**a, 'image_id': new_id} for a in coco['annotations'] if a['image_id'] == old_id]
        rows = predictions.select(predictions.image_ids == old_id)
        ids = np.full(len(rows), new_id)
        parts.append(Predictions(ids, rows.category_ids, rows.boxes_xywh, rows.scores))
    return {**coco, 'images': images, 'annotations': annotations}, Predictions.concatenate(parts)


def test_many_weightings_at_once_are_those_one_by_one(make_scene, two_threads):
    coco, predictions, _ = make_scene(3, num_predictions=20_000)
    matched = FastMap50(coco)(predictions)
    weights = np.random.default_rng(0).exponential(size=(150, 12))
    together = matched.ap50(weights)
    assert together.shape == (150, 5)
    np.testing.assert_array_equal(together, [matched.ap50(row) for row in weights])
    np.testing.assert_array_equal(matched.map50(weights), np.nanmean(together, axis=1))


def test_all_classes_and_images_in_order(make_coco, make_predictions):
    coco = make_coco([(1, 3, BOX), (2, 3, BOX), (3, 9, FAR)], classes=('can',))
    coco['categories'] = [{'id': 9, 'name': 'bag'}, {'id': 3, 'name': 'can'}, {'id': 5, 'name': 'battery'}]
    coco['images'].reverse()
    scorer = FastMap50(coco)
    assert (scorer.image_ids.tolist(), scorer.cat_ids.tolist()) == ([1, 2, 3], [3, 5, 9])
    assert scorer.num_objects.tolist() == [[1, 0, 0], [1, 0, 0], [0, 0, 1]]
    ap50 = scorer(make_predictions([(1, 3, BOX, 0.9), (1, 5, BOX, 0.8)])).ap50()
    np.testing.assert_allclose(ap50, [51 / 101, np.nan, 0.0], atol=1e-12)


def test_nothing_to_find_in_a_part(make_coco, make_predictions):
    scorer = FastMap50(make_coco([(1, 1, BOX)]))
    assert np.isnan(scorer(make_predictions([(1, 1, BOX, 0.5)])).map50(scorer.weights_of([2])))


def test_refusals_of_unusable_data(make_coco, make_predictions):
    with pytest.raises(UserError, match='nothing to score'):
        FastMap50(make_coco([]))
    with pytest.raises(UserError, match='category_id 7'):
        FastMap50(make_coco([(1, 1, BOX)]))(make_predictions([(1, 7, BOX, 0.5)]))


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        pytest.param({'image_offsets': [0, 1]}, 'image_offsets', id='too few offsets'),
        pytest.param({'image_offsets': [0, 2, 1, 2]}, 'image_offsets', id='falling offsets'),
        pytest.param({'labels': [0, 2]}, '0..1', id='label out of range'),
        pytest.param({'scores': [0.5, np.nan]}, 'finite', id='score not a number'),
        pytest.param({'scores': [0.5]}, '1 scores', id='a score is missing'),
    ],
)
def test_refusals_of_arrays(make_coco, change, message):
    arrays = {'image_offsets': [0, 1, 2, 2], 'boxes_xywh': [BOX, BOX], 'labels': [0, 0], 'scores': [0.5, 0.5]}
    with pytest.raises(ValueError, match=message):
        FastMap50(make_coco([(1, 1, BOX)])).match(**{**arrays, **change})


def test_weights_of_another_data_set_are_refused(make_coco, make_predictions):
    with pytest.raises(ValueError, match=r'\(3,\)'):
        FastMap50(make_coco([(1, 1, BOX)]))(make_predictions()).ap50(np.ones(4))
