"""Pixels are counted like everyone else counts them, only faster."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmseg.evaluation import IoUMetric

from custom_modules.evaluation import count_confusion
from custom_modules.evaluation.confusion import as_label_map


def literal(labels, truth, num_classes):
    """Count one pair of classes after the other."""
    return np.array([[((truth == t) & (labels == p)).sum() for p in range(num_classes)] for t in range(num_classes)])


def maps(seed, height, width, num_classes, block=1, ignored=0.1):
    """Draw a prediction and a truth of square patches, some of them ignored."""
    rng = np.random.default_rng(seed)
    shape = (-(-height // block), -(-width // block))
    truth = np.where(rng.random(shape) < ignored, 255, rng.integers(0, num_classes, shape))
    labels = np.where(rng.random(shape) < 0.6, truth % num_classes, rng.integers(0, num_classes, shape))
    return [np.kron(one, np.ones((block, block)))[:height, :width].astype(np.uint8) for one in (labels, truth)]


@pytest.mark.fast
def test_a_small_picture():
    truth = np.array([[0, 0, 1], [2, 255, 1]])
    labels = np.array([[0, 1, 1], [2, 2, 0]])
    assert count_confusion(labels, truth, 3).tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 1]]


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    num_classes=st.sampled_from([1, 2, 11, 255]),
    block=st.sampled_from([1, 3, 16]),
    ignored=st.sampled_from([0, 0.2, 1]),
)
def test_equals_a_literal_count(seed, size, num_classes, block, ignored):
    labels, truth = maps(seed, *size, num_classes, block, ignored)
    counts = count_confusion(labels, truth, num_classes)
    assert counts.dtype == np.int64
    if num_classes < 255:
        np.testing.assert_array_equal(counts, literal(labels, truth, num_classes))
    assert counts.sum() == (truth != 255).sum()
    counted = truth != 255
    flat = np.bincount(truth[counted].astype(int) * num_classes + labels[counted], minlength=num_classes**2)
    np.testing.assert_array_equal(counts.ravel(), flat)


@pytest.mark.parametrize('block', [1, 7, 40])
def test_equals_upstream(block):
    labels, truth = maps(block, 200, 150, 11, block)
    upstream = IoUMetric.intersect_and_union(*(torch.from_numpy(one).long() for one in (labels, truth)), 11, 255)
    counts = count_confusion(labels, truth, 11)
    both, predicted, true = counts.diagonal(), counts.sum(axis=0), counts.sum(axis=1)
    for ours, theirs in zip((both, predicted + true - both, predicted, true), upstream, strict=True):
        assert ours.tolist() == theirs.tolist()


def test_parts_of_pictures_are_counted_where_they_lie():
    """Neither order nor beginning in memory is what words are read from."""
    labels, truth = maps(0, 60, 70, 5)
    expected = literal(labels[3:50, 5:64], truth[3:50, 5:64], 5).tolist()
    assert count_confusion(labels[3:50, 5:64], truth[3:50, 5:64], 5).tolist() == expected
    assert (
        count_confusion(np.asfortranarray(labels), np.asfortranarray(truth), 5).tolist()
        == literal(labels, truth, 5).tolist()
    )
    start = np.frombuffer(bytes(1) + truth.tobytes(), np.uint8)[1:].reshape(truth.shape)  # begins at an odd address
    assert count_confusion(truth % 5, start, 5).trace() == (truth != 255).sum()


FITTING = np.zeros((2, 9), dtype=np.uint8)


def with_value(value, dtype=np.uint8, at=(1, 8)):
    changed = FITTING.astype(dtype)
    changed[at] = value
    return changed


@pytest.mark.parametrize(
    ('labels', 'truth', 'message'),
    [
        (with_value(3), FITTING, 'the prediction holds 3, the 3 classes are 0 to 2'),
        (np.full((1, 8), 7, np.uint8), np.zeros((1, 8), np.uint8), 'the prediction holds 7'),
        (with_value(255), with_value(255), 'the prediction holds 255'),
        (FITTING, with_value(3), 'the truth holds 3, the 3 classes are 0 to 2 and 255 for pixels'),
        (FITTING, with_value(254, at=(0, 0)), 'the truth holds 254'),
        (with_value(-1, np.int64), FITTING, 'the prediction holds -1, labels are from 0 to 255'),
        (FITTING, with_value(256, np.int64), 'the truth holds 256'),
        (FITTING, FITTING.T, 'the prediction is 9 x 2 pixels, the truth 2 x 9'),
        (FITTING.astype(float), FITTING, r'the prediction must be \(height, width\) integers'),
        (FITTING[None], FITTING, r'must be \(height, width\) integers'),
    ],
    ids='prediction,word,under ignored,truth,truth first,negative,large,shapes,floats,three'.split(','),
)
def test_what_is_no_class_is_named(labels, truth, message):
    with pytest.raises(ValueError, match=message):
        count_confusion(labels, truth, 3)


def test_other_integers_become_bytes():
    assert as_label_map(np.array([[True, False]]), 'truth').tolist() == [[1, 0]]
    assert as_label_map(np.zeros((0, 4), dtype=np.int64), 'truth').dtype == np.uint8
    assert as_label_map(FITTING, 'truth') is FITTING
    assert count_confusion(np.zeros((0, 4), np.uint8), np.zeros((0, 4), np.uint8), 2).sum() == 0
