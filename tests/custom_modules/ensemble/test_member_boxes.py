"""Fusion of whole data sets: the same as picture by picture, with clusters, masks, scales and limits."""

from dataclasses import replace

import numpy as np
import pytest

from custom_modules import ensemble
from custom_modules.ensemble import CONF_TYPES, MemberBoxes, fuse_predictions
from custom_modules.evaluation import Predictions, decode_masks, encode_masks
from custom_modules.utils import UserError

SIZES = {1: (100, 200), 4: (50, 80), 9: (64, 64)}
FUNCTIONS = {
    'wbf': ensemble.weighted_boxes_fusion,
    'nmw': ensemble.non_maximum_weighted,
    'nms': ensemble.nms,
    'soft_nms': ensemble.soft_nms,
}


def make_predictions(rows, masks=None):
    """Build predictions from rows (image_id, category_id, box xywh, score)."""
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    kinds = (np.int64, np.int64, np.float64, np.float64)
    ids, categories, boxes, scores = (np.array(column, kind) for column, kind in zip(columns, kinds, strict=True))
    return Predictions(ids, categories, boxes.reshape(-1, 4), scores, masks)


@pytest.fixture
def members():
    """Three members that find much the same; pictures come in no order, picture 9 has no boxes."""
    rng = np.random.default_rng(2)
    base = rng.random((40, 2)) * 30, rng.uniform(5, 18, (40, 2))
    kinds, pictures = rng.choice([3, 5, 11], 40), rng.choice([1, 4], 40)
    found = []
    for _ in range(3):
        corners, sides = (part + rng.normal(0, 0.7, (40, 2)) for part in base)
        order = rng.permutation(40)
        found.append(Predictions(pictures, kinds, np.hstack([corners, sides]), rng.random(40)).select(order))
    return found


def _picture(members, image_id, classes):
    """Give boxes in fractions, scores and labels of each member on a picture."""
    height, width = SIZES[image_id]
    parts = [part.select(part.image_ids == image_id) for part in members]
    boxes = [np.hstack([part.boxes_xywh[:, :2], part.boxes_xywh[:, :2] + part.boxes_xywh[:, 2:]]) for part in parts]
    labels = [np.searchsorted(classes, part.category_ids) for part in parts]
    return [each / [width, height, width, height] for each in boxes], [part.scores for part in parts], labels


@pytest.mark.parametrize('weights', [None, [2.0, 0.0, 0.5]])
@pytest.mark.parametrize(
    ('method', 'conf_type'), [('nmw', 'avg'), ('nms', 'avg'), *(('wbf', kind) for kind in CONF_TYPES)]
)
def test_data_set_is_fused_picture_by_picture(members, method, conf_type, weights):
    boxes = MemberBoxes.from_predictions(members, SIZES)
    fused = boxes.fuse(method=method, conf_type=conf_type, weights=weights, iou_thr=0.4)
    assert fused.image_starts[-1] == len(fused) > 20
    assert np.diff(fused.image_starts)[2] == 0
    for index, image_id in enumerate(boxes.image_ids[:2].tolist()):
        options = {'conf_type': conf_type} if method == 'wbf' else {}
        picture = _picture(members, image_id, boxes.category_ids)
        expected = FUNCTIONS[method](*picture, weights=weights, iou_thr=0.4, **options)
        order = np.argsort(-expected[1], kind='stable')
        mine = slice(*fused.image_starts[index : index + 2])
        for found, wanted in zip((fused.boxes_norm, fused.scores, fused.labels), expected, strict=True):
            np.testing.assert_allclose(found[mine], wanted[order], atol=1e-12)


def test_soft_nms_gives_the_lowered_scores():
    # IoU of equal boxes is 1: 0.8 falls to 0.8 * exp(-1 / 0.5) = 0.108.
    twice = make_predictions([(1, 3, (0, 0, 10, 10), 0.9), (1, 3, (0, 0, 10, 10), 0.8)])
    fused = MemberBoxes.from_predictions([twice], SIZES).fuse(method='soft_nms')
    np.testing.assert_allclose(fused.scores, [0.9, 0.8 * np.exp(-2)])


@pytest.mark.fast
def test_clusters_tell_where_each_box_went():
    one = make_predictions([(4, 5, (0, 0, 10, 10), 0.5), (1, 3, (0, 0, 20, 20), 0.9), (1, 3, (0, 0, 0, 20), 0.9)])
    other = make_predictions([(1, 3, (0, 0, 21, 20), 0.8), (1, 5, (0, 0, 20, 20), 0.05), (1, 5, (50, 0, 20, 20), 0.95)])
    boxes = MemberBoxes.from_predictions([one, other], SIZES)
    fused = boxes.fuse(skip_box_thr=0.1)
    # Picture 1: two that overlap, one without area, one below the threshold, one alone (0.95 / 2); picture 4: one.
    assert boxes.members.tolist() == [0, 0, 1, 1, 1, 0]
    assert fused.clusters.tolist() == [0, -1, 0, -1, 1, 2]
    assert fused.image_starts.tolist() == [0, 2, 3, 3]
    np.testing.assert_allclose(fused.scores, [0.85, 0.475, 0.25], atol=1e-6)
    assert fused.labels.tolist() == [0, 1, 1]


@pytest.mark.parametrize('method', ['wbf', 'nmw', 'nms', 'soft_nms'])
def test_predictions_are_pixels_and_file_numbers(method):
    alone = make_predictions([(1, 11, (12.345678, 2, 30.1, 40), 0.123), (4, 3, (0.1, 0, 79.9, 50), 0.4)])
    again = fuse_predictions([alone], SIZES, method=method)
    assert again.image_ids.tolist() == [1, 4]
    assert again.category_ids.tolist() == [11, 3]
    np.testing.assert_allclose(again.boxes_xywh, alone.boxes_xywh, rtol=1e-6)
    np.testing.assert_allclose(again.scores, alone.scores, rtol=1e-6)
    if method == 'nms':
        assert list(again.records()) == list(alone.records())


def test_boxes_reach_no_further_than_the_picture():
    wide = make_predictions([(9, 3, (-5, 60, 80, 30), 0.5)])
    assert fuse_predictions([wide], SIZES).boxes_xywh.tolist() == [[0, 60, 64, 4]]


def test_score_scale_comes_before_the_threshold():
    one, other = make_predictions([(1, 3, (0, 0, 9, 9), 0.4)]), make_predictions([(1, 5, (0, 0, 9, 9), 0.4)])
    boxes = MemberBoxes.from_predictions([one, other], SIZES, category_ids=[3, 5, 11])
    fused = boxes.fuse(method='nms', score_scale=[[2, 9, 9], [9, 0.5, 9]], skip_box_thr=0.3)
    assert fused.scores.tolist() == [0.8]
    assert fused.to_predictions().category_ids.tolist() == [3]


@pytest.mark.parametrize('method', ['wbf', 'nmw', 'nms', 'soft_nms'])
def test_limit_keeps_the_best_of_each_picture(members, method):
    boxes = MemberBoxes.from_predictions(members, SIZES)
    everything, some = (boxes.fuse(method=method, max_per_image=most) for most in (None, 4))
    assert np.diff(some.image_starts).tolist() == [4, 4, 0]
    for start in everything.image_starts[:2]:
        assert np.all(np.diff(everything.scores[start : start + 4]) <= 0)
    kept = np.concatenate([everything.scores[start : start + 4] for start in everything.image_starts[:2]])
    np.testing.assert_array_equal(some.scores, kept)
    rows = some.clusters >= 0
    np.testing.assert_array_equal(some.scores[some.clusters[rows]], everything.scores[everything.clusters[rows]])
    assert set(some.clusters[rows].tolist()) == set(range(8))


def _strip(first, last):
    mask = np.zeros((1, 64, 64), bool)
    mask[0, :, first:last] = True
    return encode_masks(mask)


@pytest.mark.parametrize(
    ('method', 'weights', 'columns'),
    [
        ('wbf', None, (10, 30)),  # the scores decide the vote
        ('wbf', [1, 3], (12, 33)),
        ('nmw', None, (10, 30)),
        ('nms', None, (10, 30)),
        ('nms', [1, 3], (12, 33)),  # the best box is the other one
    ],
)
def test_masks_vote_or_stay_with_their_box(method, weights, columns):
    one = make_predictions([(9, 3, (10, 0, 20, 64), 0.8)], _strip(10, 30))
    other = make_predictions([(9, 3, (12, 0, 21, 64), 0.6)], _strip(12, 33))
    fused = fuse_predictions([one, other], SIZES, method=method, weights=weights)
    assert np.flatnonzero(decode_masks(fused.segmentations)[0, 0])[[0, -1]].tolist() == [columns[0], columns[1] - 1]


def test_soft_nms_keeps_each_mask_with_its_box():
    masks = _strip(10, 30) + _strip(0, 64) + _strip(12, 33)
    boxes = [(10, 0, 20, 64), (0, 0, 64, 64), (12, 0, 21, 64)]
    alone = make_predictions([(9, 3, box, score) for box, score in zip(boxes, (0.5, 0.9, 0.4), strict=True)], masks)
    fused = fuse_predictions([alone], SIZES, method='soft_nms')
    assert sorted(map(str, fused.segmentations)) == sorted(map(str, masks))
    assert [masks.index(mask) for mask in fused.segmentations] == [boxes.index(tuple(b)) for b in fused.boxes_xywh]


def test_without_masks_of_all_there_are_none(members):
    masked = make_predictions([(9, 3, (10, 0, 20, 64), 0.8)], _strip(10, 30))
    assert fuse_predictions([masked, members[0]], SIZES).segmentations is None


def test_members_without_boxes_count():
    found, nothing = make_predictions([(1, 3, (0, 0, 9, 9), 0.8)]), make_predictions([])
    assert fuse_predictions([found, nothing], SIZES).scores.tolist() == [0.4]
    empty = fuse_predictions([nothing, nothing], SIZES)
    assert len(empty) == 0
    assert empty.boxes_xywh.shape == (0, 4)


def test_threads_do_not_change_the_result(members, two_threads):
    many = []
    for member in members:
        copies = [replace(member, image_ids=member.image_ids + 10 * number) for number in range(400)]
        many.append(Predictions.concatenate(copies))
    sizes = {key + 10 * number: size for number in range(400) for key, size in SIZES.items()}
    fused = MemberBoxes.from_predictions(many, sizes).fuse()
    single = MemberBoxes.from_predictions(members, SIZES).fuse()
    np.testing.assert_array_equal(fused.scores, np.tile(single.scores, 400))
    np.testing.assert_array_equal(fused.boxes_norm, np.tile(single.boxes_norm, (400, 1)))


@pytest.mark.parametrize(
    ('row', 'options', 'message'),
    [
        ((2, 3, (0, 0, 9, 9), 0.8), {}, 'image_id 2 is not in the data set'),
        ((1, 4, (0, 0, 9, 9), 0.8), {}, 'category_id 4 is not in the data set'),
    ],
)
def test_other_pictures_and_categories_are_refused(row, options, message):
    with pytest.raises(UserError, match=message):
        MemberBoxes.from_predictions([make_predictions([row])], SIZES, category_ids=[3, 5])


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'method': 'wfb'}, "unknown method 'wfb'; choose one of wbf, nmw, nms, soft_nms"),
        ({'conf_type': 'mean'}, "unknown conf_type 'mean'"),
        ({'weights': [1]}, '1 weights for 3 members'),
        ({'weights': [0, 0, 0]}, 'not all 0'),
    ],
)
def test_options_without_a_meaning_are_refused(members, options, message):
    with pytest.raises(ValueError, match=message):
        MemberBoxes.from_predictions(members, SIZES).fuse(**options)
