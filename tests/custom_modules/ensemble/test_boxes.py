"""The four functions: equal to ensemble-boxes on thousands of random pictures, and where they are meant to differ."""

import contextlib
import io
import subprocess
import sys
import warnings

import ensemble_boxes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_modules import ensemble
from custom_modules.ensemble import fusion_kernels, nms, non_maximum_weighted, soft_nms, weighted_boxes_fusion
from tests.conftest import ROOT

BOX, FAR = [0.1, 0.1, 0.5, 0.5], [0.6, 0.6, 0.9, 0.9]
CONF_TYPES = ('avg', 'max', 'box_and_model_avg', 'absent_model_aware_avg')
ALL = [weighted_boxes_fusion, non_maximum_weighted, nms, soft_nms]
THRESHOLDS = st.sampled_from([-0.1, 0.0, 0.3, 1 / 3, 0.5, 0.55, 0.7, 1.0])
WEIGHTS = st.none() | st.lists(st.sampled_from([0.1, 0.5, 1, 2, 3.7]), min_size=5, max_size=5)


def _sizes(rng, kind, num_boxes):
    """Draw boxes (n, 4) that often overlap: noisy copies of few, a coarse grid, sloppy ones, or tiny ones."""
    if kind == 'grid':  # equal overlaps, overlaps of exactly the threshold, no area
        return rng.integers(0, 7, (num_boxes, 4)) / 6
    first = rng.random((3, 4))
    low = first[:, :2] * 0.6
    base = np.hstack([low, low + 0.1 + first[:, 2:] * 0.3])[rng.integers(0, 3, num_boxes)]
    if kind == 'tiny':
        return 0.5 + base * 1e-5 + rng.normal(0, 2e-7, (num_boxes, 4))
    noisy = base + rng.normal(0, 0.03, (num_boxes, 4))
    if kind == 'sloppy':  # corners exchanged, outside of the picture
        noisy = np.where(rng.random((num_boxes, 1)) < 0.3, noisy[:, [2, 1, 0, 3]], noisy * 1.3 - 0.15)
    return noisy


@st.composite
def pictures(draw):
    """Draw boxes, scores and labels of some members, as arrays or lists; no two scores are equal."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    kind = draw(st.sampled_from(['noisy', 'grid', 'sloppy', 'tiny']))
    counts = draw(st.lists(st.integers(1, 12), min_size=1, max_size=5))
    single, as_lists = draw(st.booleans()), draw(st.booleans())
    labels_from = draw(st.sampled_from([[0], [0, 1], [3, -7, 100_000]]))
    total = sum(counts)
    scores = (rng.permutation(total) + rng.uniform(0.1, 0.9, total)) / total
    columns = [_sizes(rng, kind, total), scores, rng.choice(labels_from, total)]
    if single:
        columns[:2] = [column.astype(np.float32) for column in columns[:2]]
    parts = [np.split(column, np.cumsum(counts)[:-1]) for column in columns]
    return [[part.tolist() for part in each] for each in parts] if as_lists else parts


def _theirs(name, picture, **options):
    """Run the original on a copy (it overwrites scores) and in silence; empty where it cannot join nothing."""
    copies = [[part.copy() if isinstance(part, np.ndarray) else list(part) for part in parts] for parts in picture]
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter('ignore')
        try:
            return getattr(ensemble_boxes, name)(*copies, **options)
        except ValueError as error:
            assert 'need at least one array' in str(error)
            return np.zeros((0, 4)), np.zeros(0), np.zeros(0)


def _check(name, picture, weights=None, **options):
    weights = None if weights is None else weights[: len(picture[0])]
    ours = getattr(ensemble, name)(*picture, weights=weights, **options)
    theirs = _theirs(name, picture, weights=weights, **options)
    for mine, original in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, original, atol=1e-5, rtol=0)


@settings(max_examples=1200, deadline=None, derandomize=True, database=None)
@given(
    picture=pictures(),
    weights=WEIGHTS,
    iou_thr=THRESHOLDS,
    skip_box_thr=st.sampled_from([0.0, 0.2, 0.5]),
    conf_type=st.sampled_from(CONF_TYPES),
    allows_overflow=st.booleans(),
)
def test_weighted_boxes_fusion_is_the_original(picture, **options):
    _check('weighted_boxes_fusion', picture, **options)


@settings(max_examples=500, deadline=None, derandomize=True, database=None)
@given(picture=pictures(), weights=WEIGHTS, iou_thr=THRESHOLDS, skip_box_thr=st.sampled_from([0.0, 0.2, 0.5]))
def test_non_maximum_weighted_is_the_original(picture, **options):
    _check('non_maximum_weighted', picture, **options)


@settings(max_examples=500, deadline=None, derandomize=True, database=None)
@given(picture=pictures(), weights=WEIGHTS, iou_thr=THRESHOLDS)
def test_nms_is_the_original(picture, **options):
    _check('nms', picture, **options)


@settings(max_examples=700, deadline=None, derandomize=True, database=None)
@given(
    picture=pictures(),
    weights=WEIGHTS,
    iou_thr=THRESHOLDS,
    method=st.sampled_from([1, 2, 3]),
    sigma=st.sampled_from([0.05, 0.5, 2.0]),
    thresh=st.sampled_from([0.0, 0.001, 0.1, 0.3]),
)
def test_soft_nms_is_the_original(picture, **options):
    _check('soft_nms', picture, **options)


@pytest.mark.fast
@pytest.mark.parametrize('conf_type', CONF_TYPES)
@pytest.mark.parametrize('weights', [None, [2, 1, 0.5, 3]])
def test_a_crowded_picture_is_the_original(conf_type, weights):
    rng = np.random.default_rng(5)
    boxes = [_sizes(rng, 'sloppy', 80) for _ in range(4)]
    picture = boxes, [rng.random(80) for _ in boxes], [rng.integers(0, 3, 80) for _ in boxes]
    _check('weighted_boxes_fusion', picture, weights, conf_type=conf_type)


@pytest.mark.fast
def test_worked_by_hand():
    # 0.8 and 0.4 of two members: (0.8 * 0.1 + 0.4 * 0.13) / 1.2 = 0.11, score (0.8 + 0.4) / 2; a box of one: 0.5 / 2.
    picture = [[BOX], [[0.13, 0.1, 0.53, 0.5], FAR]], [[0.8], [0.4, 0.5]], [[1], [1, 2]]
    boxes, scores, labels = weighted_boxes_fusion(*picture)
    np.testing.assert_allclose(boxes, [[0.11, 0.1, 0.51, 0.5], FAR], atol=1e-6)
    np.testing.assert_allclose(scores, [0.6, 0.25], atol=1e-6)
    assert labels.tolist() == [1, 2]


def test_scores_above_one_are_part_of_the_result():
    # Three boxes of one of two members: 0.9 * 3 / 2.
    picture = [[BOX] * 3, []], [[0.9] * 3, []], [[0] * 3, []]
    assert weighted_boxes_fusion(*picture, allows_overflow=True)[1] == pytest.approx([1.35])
    assert weighted_boxes_fusion(*picture)[1] == pytest.approx([0.9])
    # With weights 0.5 and 0.25 the score 0.9 * 0.5 is multiplied by 2 boxes / 0.75.
    assert weighted_boxes_fusion(*picture, weights=[0.5, 0.25])[1] == pytest.approx([1.2])


@pytest.mark.parametrize('function', ALL)
@pytest.mark.parametrize(
    ('change', 'message'),
    [
        pytest.param({'boxes': [[[0.1, np.nan, 0.5, 0.5]], [FAR]]}, 'finite', id='NaN coordinate'),
        pytest.param({'boxes': [[[0.1, 0.1, np.inf, 0.5]], [FAR]]}, 'finite', id='infinite coordinate'),
        pytest.param({'scores': [[np.nan], [0.5]]}, 'finite', id='NaN score'),
        pytest.param({'labels': [[np.nan], [0]]}, 'labels must be finite', id='NaN label'),
        pytest.param({'boxes': [[[10, 10, 50, 50]], [FAR]]}, r'not pixels: there is a coordinate 50', id='pixels'),
        pytest.param({'scores': [[0.5, 0.4], [0.5]]}, r'unlike lengths: \[1, 1\], \[2, 1\], \[1, 1\]', id='scores'),
        pytest.param({'labels': [[0], []]}, 'unlike lengths', id='labels'),
        pytest.param({'labels': [[0]]}, 'unlike lengths', id='a member without labels'),
        pytest.param({'weights': [1]}, '1 weights for 2 members', id='too few weights'),
        pytest.param({'weights': [1, 2, 3]}, '3 weights for 2 members', id='too many weights'),
        pytest.param({'weights': [0, 0]}, 'weights must be', id='all weights 0'),
        pytest.param({'weights': [1, np.nan]}, 'weights must be', id='NaN weight'),
        pytest.param({'weights': [1, -1]}, 'weights must be', id='negative weight'),
    ],
)
def test_what_the_original_exits_prints_or_gives_nan_for_is_an_error(function, change, message):
    picture = {'boxes': [[BOX], [FAR]], 'scores': [[0.5], [0.5]], 'labels': [[0], [0]], 'weights': None} | change
    with pytest.raises(ValueError, match=message) as error:
        function(picture['boxes'], picture['scores'], picture['labels'], weights=picture['weights'])
    assert '\n' not in str(error.value)


@pytest.mark.parametrize(
    ('function', 'option', 'message'),
    [
        (weighted_boxes_fusion, {'conf_type': 'mean'}, "conf_type 'mean'; choose one of avg, max, box"),
        (soft_nms, {'method': 4}, 'method 4; choose 1'),
        (soft_nms, {'sigma': 0}, 'sigma'),
    ],
)
def test_unknown_options_name_the_valid_ones(function, option, message):
    with pytest.raises(ValueError, match=message):
        function([[BOX]], [[0.5]], [[0]], **option)


@pytest.mark.parametrize('function', ALL)
def test_weight_zero_leaves_the_member_out(function):
    members = [BOX], [FAR], [[0.12, 0.1, 0.5, 0.5]]
    with_it = function(members, [[0.9], [0.8], [0.7]], [[0], [0], [0]], weights=[2, 0, 1])
    without = function(members[::2], [[0.9], [0.7]], [[0], [0]], weights=[2, 1])
    for one, other in zip(with_it, without, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize('function', ALL)
@pytest.mark.parametrize('parts', [[], [[]], [[], []]], ids=['no member', 'one', 'two'])
def test_no_boxes(function, parts):
    boxes, scores, labels = function(parts, parts, parts)
    assert boxes.shape == (0, 4)
    assert scores.shape == labels.shape == (0,)


@pytest.mark.parametrize('function', ALL)
def test_equal_scores_keep_their_input_order(function):
    boxes = [[x, x, x + 0.05, x + 0.05] for x in np.arange(18) / 20]
    picture = [boxes[:9], boxes[9:]], [[0.5] * 9, [0.5] * 9], [[0] * 9, [0] * 9]
    np.testing.assert_allclose(function(*picture)[0], boxes, atol=1e-6)


@pytest.mark.parametrize('function', [weighted_boxes_fusion, non_maximum_weighted])
def test_equal_scores_of_different_labels_keep_their_input_order(function):
    picture = [[FAR, BOX, FAR]], [[0.5] * 3], [[7, 2, 1]]
    assert function(*picture)[2].tolist() == [7, 2, 1]


@pytest.mark.parametrize('function', [weighted_boxes_fusion, non_maximum_weighted])
def test_scores_of_zero_keep_the_first_box(function):
    boxes, scores, _ = function([[BOX], [[0.12, 0.1, 0.5, 0.5]]], [[0.0], [0.0]], [[0], [0]])
    np.testing.assert_allclose(boxes, [BOX], atol=1e-6)
    assert scores.tolist() == [0]


def test_labels_are_exact_and_whole():
    boxes, scores = [[BOX, BOX], [BOX]], [[0.9, 0.8], [0.7]]
    labels = [[2**24 + 1, 2**40], [2**24 + 1]]
    assert weighted_boxes_fusion(boxes, scores, labels)[2].tolist() == [2**24 + 1, 2**40]
    assert nms(boxes, scores, [[1.2, 0], [1.9]])[2].tolist() == [0, 1]


def test_input_is_never_changed():
    boxes, scores, labels = [np.array([BOX[::-1], FAR])], [np.array([0.5, 0.4])], [np.array([0, 1])]
    before = [[part.copy() for part in parts] for parts in (boxes, scores, labels)]
    for function in ALL:
        function(boxes, scores, labels, weights=[2.0])
    for parts, kept in zip((boxes, scores, labels), before, strict=True):
        np.testing.assert_array_equal(parts[0], kept[0])


def test_one_compiled_kernel_for_every_kind_of_input():
    picture = [[BOX], [FAR]], [[0.5], [0.4]], [[0], [1]]
    kinds = [lambda part, dtype=dtype: np.asarray(part, dtype) for dtype in (np.float32, np.float64)]
    kinds += [lambda part: part, lambda part: np.asfortranarray(part), lambda part: list(map(np.array, part))]
    for kind in kinds:
        weighted_boxes_fusion(*([kind(part) for part in parts] for parts in picture))
    weighted_boxes_fusion(*picture, weights=[1, 2], iou_thr=1, allows_overflow=1)
    assert len(fusion_kernels.weighted_boxes_fusion.signatures) == 1


def test_import_compiles_nothing_and_needs_no_torch():
    code = (
        'import sys; from tools._launch import light\n'
        'with light():\n'
        '    from custom_modules.ensemble import fusion_kernels, suppression_kernels\n'
        'kernels = [vars(module)[name] for module in (fusion_kernels, suppression_kernels) for name in vars(module)]\n'
        'assert not any(getattr(kernel, "signatures", None) for kernel in kernels)\n'
        'assert not {"torch", "mmengine", "mmdet"} & set(sys.modules), "heavy import"\n'
    )
    subprocess.run([sys.executable, '-c', code], cwd=ROOT, check=True)
