"""Votes worked out by hand, and against plain numpy on whatever comes."""

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_modules.ensemble.voting import Layer, vote, vote_each, vote_labels, vote_probs, vote_stored

pytestmark = pytest.mark.fast


def pixel(*probs: float) -> Layer:
    """One pixel with the probabilities of its classes, in steps of 1/100."""
    return Layer(np.array(probs, np.float32).reshape(-1, 1, 1).__mul__(100).round().astype(np.uint8), 1 / 100)


def label(value: int) -> Layer:
    return Layer(np.array([[value]], np.uint8))


def vote_of(layers, weights, method):
    return int(vote_labels(layers, (1, 1), np.array(weights, float), method)[0, 0])


A, B, C = pixel(0.6, 0.4, 0), pixel(0.1, 0.8, 0.1), pixel(0.5, 0.1, 0.4)
EQUAL = [[1, 1, 1]] * 3


@pytest.mark.parametrize(
    ('layers', 'weights', 'soft', 'hard'),
    [
        # Sums 1.2, 1.3, 0.5: soft takes 1; two of three are for 0: hard takes 0.
        pytest.param([A, B, C], EQUAL, 1, 0, id='equal weights'),
        # 0.6 * 2 + 0.1 + 0.5 = 1.8 against 0.8 + 0.8 + 0.1 = 1.7.
        pytest.param([A, B, C], [[2] * 3, [1] * 3, [1] * 3], 0, 0, id='a weight of one member'),
        # Votes 1 + 1 against 3.
        pytest.param([A, B, C], [[1] * 3, [3] * 3, [1] * 3], 1, 1, id='another one outvotes two'),
        pytest.param([A, B, C], [[0] * 3, [0] * 3, [1] * 3], 0, 0, id='one member alone'),
        # Means of class 0: (0.6 + 0.1 * 9 + 0.5) / 11 = 0.18; of 1: 1.3 / 3 = 0.43; of 2: 0.5 / 3.  Votes: 2 against 1.
        pytest.param(
            [A, B, C], [[1, 1, 1], [9, 1, 1], [1, 1, 1]], 1, 0, id='a class weight of who does not vote for it'
        ),
        # Means of 2: (0 + 0.1 * 0 + 0.4 * 1) / 1 = 0.4, of 1: 0.43.  Votes for 0: 0.5 + 0.4 = 0.9, for 1: 1.
        pytest.param([A, B, C], [[0.5, 1, 0], [1, 1, 0], [0.4, 1, 1]], 1, 1, id='class weights'),
        # A class nobody has a weight for is never taken.
        pytest.param([A, B, C], [[1, 0, 1]] * 3, 0, 0, id='a class without weights'),
        pytest.param([label(2), label(1), label(2)], EQUAL, 2, 2, id='labels'),
        pytest.param([label(2), label(1)], EQUAL[:2], 1, 1, id='labels, a tie: the lower one'),
        pytest.param([label(2), label(1)], [[3] * 3, [2] * 3], 2, 2, id='labels with weights'),
        # 0.1 + 0.2 is as many as 0.3, though not in floating point; scores are tied, too, and the lower label wins.
        pytest.param([label(2), label(2), label(1)], [[0.1] * 3, [0.2] * 3, [0.3] * 3], None, 1, id='fractions tied'),
        # One vote each; scores 0.6 + 0.3 against 0.4 + 0.7: the soft score decides.
        pytest.param([pixel(0.6, 0.4), pixel(0.3, 0.7)], [[1, 1]] * 2, 1, 1, id='a tie of votes'),
        pytest.param([pixel(0.6, 0.4), pixel(0.4, 0.6)], [[1, 1]] * 2, 0, 0, id='a tie of all: the lower label'),
        # One vote each for 0, 1 and 2; scores 0.6, 0.8, 1.
        pytest.param([pixel(0.6, 0.4, 0), pixel(0, 0.4, 0.6)], [[1, 1, 1]] * 2, 1, 0, id='a tie over 0 and 2'),
        # Class 1 with the largest score has no vote and is out; of 0 with 0.5 and 2 with 0.6 the latter wins.
        pytest.param([pixel(0.5, 0.45, 0.05), pixel(0, 0.45, 0.55)], EQUAL[:2], 1, 2, id='the best without a vote'),
        # Scores 0.4 + 0 and 0.6 + 1: a label counts as a probability of 1.
        pytest.param([pixel(0.4, 0.6), label(0)], [[1, 1]] * 2, 0, 0, id='mixed, the label decides'),
        pytest.param([pixel(0.4, 0.6), label(0)], [[6, 6], [1, 1]], 1, 1, id='mixed, with weights'),
    ],
)
def test_votes_by_hand(layers, weights, soft, hard):
    if soft is not None:
        assert vote_of(layers, weights, 'soft') == soft
    assert vote_of(layers, weights, 'hard') == hard


def test_shares_by_hand():
    size, weights = (1, 1), np.array([[2.0, 2, 2], [1, 1, 1], [1, 1, 1]])
    # (2 * 0.6 + 0.1 + 0.5) / 4 and so on; votes: 3 of 4 for class 0, 1 for class 1.
    np.testing.assert_allclose(vote_probs([A, B, C], size, weights).ravel(), [0.45, 0.425, 0.125], atol=1e-6)
    np.testing.assert_allclose(vote_probs([A, B, C], size, weights, 'hard').ravel(), [0.75, 0.25, 0], atol=1e-6)
    assert vote_stored([A, B, C], size, weights).ravel().tolist() == [115, 108, 32]  # 114.75, 108.375, 31.875
    assert vote_stored([A, B, C], size, weights, 'hard', 'uint16').ravel().tolist() == [49151, 16384, 0]
    # Half of the votes each: the soft score decides for 1, which is stored a step higher.
    tied = [pixel(0.6, 0.4), pixel(0.3, 0.7)]
    assert vote_stored(tied, size, np.ones((2, 2)), 'hard').ravel().tolist() == [128, 129]
    # Neither has a weight for what it says: all classes alike.
    nothing = vote_probs([label(0), label(1)], size, np.array([[0, 1.0], [1, 0]]))
    np.testing.assert_allclose(nothing.ravel(), [0.5, 0.5])


def plain_layer(layer: Layer, num_classes: int, size) -> np.ndarray:
    """Do what a layer says with arrays of float64: (C, H, W)."""
    if layer.is_labels:
        probs = (np.arange(num_classes)[:, None, None] == layer.values).astype(np.float64)
    else:
        probs = layer.values * np.float64(layer.scale)
    if probs.shape[1:] == size:
        return probs
    tensor = torch.from_numpy(probs)[None]
    return torch.nn.functional.interpolate(tensor, size, mode='bilinear', align_corners=False)[0].numpy()


def plain_scores(maps, weights, method):
    """Return what decides, (C, H, W), and what decides between those that are tied."""
    maps = np.stack(maps)
    sums = weights.sum(axis=0)
    scores = np.einsum('mc,mchw->chw', weights, maps) / np.where(sums > 0, sums, np.inf)[:, None, None]
    if method == 'soft':
        return scores, scores
    winners = maps.argmax(axis=1)
    one_hot = np.arange(maps.shape[1])[None, :, None, None] == winners[:, None]
    return np.einsum('mc,mchw->chw', weights, one_hot), scores


def check_labels(labels, deciding, scores):
    """A label is the best but for rounding, of tied ones the one with the best score."""

    def at(values):
        return np.take_along_axis(values, labels[None].astype(int), 0)[0]

    most = deciding.max(axis=0)
    assert (at(deciding) >= most - 1e-5 * max(1, most.max())).all()
    tied = np.where(deciding >= most - 1e-7 * max(1, most.max()), scores, -1).max(axis=0)
    assert (at(scores) >= tied - 1e-5).all()


@st.composite
def elections(draw):
    """Draw members of all kinds and sizes, and weights."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    num_classes, size = draw(st.integers(1, 6)), (draw(st.integers(1, 24)), draw(st.integers(1, 24)))
    layers = []
    for _ in range(draw(st.integers(1, 5))):
        own = size if draw(st.booleans()) else (draw(st.integers(1, 30)), draw(st.integers(1, 30)))
        kind = draw(st.sampled_from(['uint8', 'uint16', 'labels']))
        if kind == 'labels':
            layers.append(Layer(rng.integers(0, num_classes, own, np.uint8)))
        else:
            steps = np.iinfo(kind).max
            probs = rng.dirichlet(np.full(num_classes, 0.5), own).transpose(2, 0, 1)
            layers.append(Layer(np.rint(probs * steps).astype(kind), 1 / steps))
    weights = rng.random((len(layers), num_classes)) * (rng.random((len(layers), num_classes)) < 0.9)
    if draw(st.booleans()):
        weights = np.repeat(rng.integers(0, 3, (len(layers), 1)), num_classes, axis=1).astype(float)
    weights[0] += not weights.any()
    return layers, size, weights


@settings(max_examples=60, deadline=None)
@given(elections(), st.sampled_from(['soft', 'hard']), st.integers(1, 3))
def test_the_same_as_plain_numpy(election, method, rows):
    layers, size, weights = election
    num_classes = weights.shape[1]
    maps = [plain_layer(layer, num_classes, size) for layer in layers]
    deciding, scores = plain_scores(maps, weights, method)
    with pytest.MonkeyPatch.context() as patch:  # bands of a few rows
        patch.setattr(vote, '_BAND_BYTES', 4 * num_classes * size[1] * rows)
        labels = vote_labels(layers, size, weights, method)
        probs = vote_probs(layers, size, weights, method)
        stored = vote_stored(layers, size, weights, method)
        each = vote_each(layers, size, weights, method)
    if method == 'hard':  # a member's two best classes may be as good: then numpy's choice is no measure
        sure = [np.sort(one, axis=0) for one in maps]
        clear = np.all([len(one) == 1 or (one[-1] - one[-2] > 1e-6) for one in sure], axis=0)
        deciding, scores = np.where(clear, deciding, 1), np.where(clear, scores, 1)
    check_labels(labels, deciding, scores)
    if method == 'soft':
        total = deciding.sum(axis=0)
        np.testing.assert_allclose(
            probs, np.where(total > 0, deciding / np.where(total > 0, total, 1), 1 / num_classes), atol=2e-5
        )
    np.testing.assert_allclose(probs.sum(axis=0), 1, atol=1e-5)
    np.testing.assert_array_equal(stored.argmax(axis=0), labels)
    assert np.abs(stored / 255 - probs).max() <= 1.6 / 255
    np.testing.assert_array_equal(each.labels, labels)
    for own, map_of in zip(each.members, maps, strict=True):
        check_labels(own, map_of, map_of)
    used = np.flatnonzero(weights.any(axis=1)).tolist()
    assert list(each.without) == (used if len(used) > 1 else [])
    for index, others in each.without.items():
        rest = weights.copy()
        rest[index] = 0
        direct = vote_labels(layers, size, rest, method)
        again, _ = plain_scores(maps, rest, 'soft')
        if method == 'soft':
            check_labels(others, again, again)
        else:
            assert (others != direct).mean() <= 0.1 or size[0] * size[1] < 30


@pytest.mark.parametrize('size', [(7, 9), (3, 5), (12, 4), (1, 1)])
def test_resized_like_opencv(size):
    probs = np.random.default_rng(0).dirichlet([1, 1, 1], (6, 5)).transpose(2, 0, 1).astype(np.float32)
    stored = Layer(np.rint(probs * 65535).astype(np.uint16), 1 / 65535)
    expected = [cv2.resize(plane, size[::-1], interpolation=cv2.INTER_LINEAR) for plane in probs]
    np.testing.assert_allclose(vote_probs([stored], size, np.ones((1, 3))), expected, atol=3e-5)
    labels = np.random.default_rng(1).integers(0, 3, (6, 5), np.uint8)
    expected = [
        cv2.resize((labels == label).astype(np.float32), size[::-1], interpolation=cv2.INTER_LINEAR)
        for label in range(3)
    ]
    np.testing.assert_allclose(vote_probs([Layer(labels)], size, np.ones((1, 3))), expected, atol=1e-6)


def test_resized_by_probability_not_by_label():
    """Between 0 and 2 lies no 1: half-way the lower one, of equal shares."""
    labels = vote_labels([Layer(np.array([[0, 2]], np.uint8))], (1, 6), np.ones((1, 3)))
    assert labels.tolist() == [[0, 0, 0, 2, 2, 2]]


def test_whole_numbers_are_added_exactly():
    """Sums of steps that are equal are equal, in 8 bits with 16 bits, too."""
    rng = np.random.default_rng(0)
    first = rng.integers(0, 256, (2, 20, 20), dtype=np.uint8)
    layers = [Layer(first, 1 / 255), Layer(first[::-1].astype(np.uint16) * 257, 1 / 65535)]
    assert not vote_labels(layers, (20, 20), np.ones((2, 2))).any()


@pytest.mark.parametrize(
    ('weights', 'method'),
    [
        pytest.param([[1, 1]], 'soft', id='of another number of members'),
        pytest.param([[-1, 1], [1, 1]], 'soft', id='negative'),
        pytest.param([[0, 0], [0, 0]], 'hard', id='none'),
        pytest.param([[np.nan, 1], [1, 1]], 'hard', id='not a number'),
        pytest.param([[1, 1], [1, 1]], 'loud', id='method'),
    ],
)
def test_refusals(weights, method):
    with pytest.raises(ValueError, match=r'weights of|method is'):
        vote_labels([label(0), label(1)], (1, 1), np.array(weights, float), method)


def test_memory_is_given_back_member_by_member(monkeypatch):
    calls = []
    layers = [Layer(np.zeros((2, 8, 8), np.uint8), 1 / 255, lambda name=name: calls.append(name)) for name in 'abc']
    weights = np.array([[1.0, 1], [0, 0], [1, 1]])
    vote_labels(layers, (8, 8), weights)
    assert calls == ['a', 'c']
    monkeypatch.setattr(vote, '_BAND_BYTES', 4 * 2 * 8 * 4)  # four rows
    calls.clear()
    vote_labels(layers, (8, 8), weights, 'hard')
    assert calls == ['a', 'c', 'a', 'c']


def test_bands_over_threads(two_threads, monkeypatch):
    monkeypatch.setattr('custom_modules.utils.jit._WORTH_A_THREAD', 1)
    rng = np.random.default_rng(0)
    layers = [Layer(rng.integers(0, 256, (3, 97, 64), dtype=np.uint8), 1 / 255) for _ in range(4)]
    labels = vote_labels(layers, (97, 64), np.ones((4, 3)))
    np.testing.assert_array_equal(labels, sum(layer.values.astype(int) for layer in layers).argmax(axis=0))
