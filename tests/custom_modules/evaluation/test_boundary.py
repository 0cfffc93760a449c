"""Boundary IoU: against a literal version of the paper's measure, and by hand."""

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_modules.evaluation import count_boundaries
from custom_modules.evaluation.boundary import boundary_region, boundary_width

SQUARE = np.ones((3, 3), dtype=np.uint8)


def literal_region(mask, distance):
    """Take away what is left after eroding a mask step by step; outside the picture is outside the mask."""
    padded = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    return mask & (cv2.erode(padded, SQUARE, iterations=distance)[1:-1, 1:-1] == 0)


def literal_counts(labels, truth, num_classes):
    distance, counted = boundary_width(*truth.shape), truth != 255
    pairs = [
        [literal_region((one == label) & counted, distance) for one in (truth, labels)] for label in range(num_classes)
    ]
    return np.array([[(a & b).sum() for a, b in pairs], [(a | b).sum() for a, b in pairs]])


@pytest.mark.fast
@pytest.mark.parametrize(
    ('height', 'width', 'expected'),
    [(512, 512, 14), (1, 1, 1), (300, 400, 10), (30, 40, 1), (75, 100, 2), (1080, 1920, 44)],
)
def test_width(height, width, expected):
    assert boundary_width(height, width) == expected  # 0.02 x sqrt(512^2 + 512^2) = 14.48
    assert abs(expected - 0.02 * math.hypot(height, width)) <= 0.5 or expected == 1


def test_region_by_hand():
    """A square of 5 in 9 x 9: within 1 of an outline lies all but its core and the ring around it that touches none."""
    labels = np.zeros((9, 9), dtype=np.uint8)
    labels[2:7, 2:7] = 1
    region = boundary_region(labels, 1)
    assert region[2:7, 2:7].sum() == 25 - 9
    assert not region[3:6, 3:6].any()
    assert region[:2].all() and region[:, :2].all()  # the picture's edge is an outline, too
    assert boundary_region(labels, 4).sum() == 81
    assert boundary_region(np.zeros((9, 9), dtype=np.uint8), 4).sum() == 80  # the middle alone is 4 away from it


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.tuples(st.integers(1, 130), st.integers(1, 130)),
    block=st.sampled_from([1, 4, 15, 60]),
    ignored=st.sampled_from([0, 0.2]),
)
def test_equals_a_literal_version(seed, size, block, ignored):
    rng = np.random.default_rng(seed)
    shape = tuple(-(-side // block) for side in size)
    truth = np.where(rng.random(shape) < ignored, 255, rng.integers(0, 4, shape))
    labels = np.where(rng.random(shape) < 0.6, truth % 4, rng.integers(0, 4, shape))
    truth, labels = (
        np.kron(one, np.ones((block,) * 2))[: size[0], : size[1]].astype(np.uint8) for one in (truth, labels)
    )
    labels = np.roll(labels, 1, axis=1)
    np.testing.assert_array_equal(count_boundaries(labels, truth, 4), literal_counts(labels, truth, 4))


def test_by_hand():
    """Two halves of a picture 10 x 40 (distance 1) whose border is predicted two columns too far to the right."""
    truth = np.zeros((10, 40), dtype=np.uint8)
    truth[:, 20:] = 1
    labels = np.roll(truth, 2, axis=1)
    labels[:, :2] = 0
    # Left half: a rim of 10 x 20 (56 pixels) and of 10 x 22 (60); they share top and bottom of 20 columns and the left
    # column, without the truth's right column, whose ends they share.
    shared = 20 * 2 + 8
    assert count_boundaries(labels, truth, 2).tolist() == [[shared, 18 * 2 + 8], [56 + 60 - 48, 56 + 52 - 44]]


def test_what_is_ignored_has_the_same_rim_on_both_sides():
    truth = np.zeros((64, 64), dtype=np.uint8)
    truth[20:40, 20:40] = 255
    labels = np.where(truth == 255, 1, truth)
    counts = count_boundaries(labels, truth, 2)
    assert counts[0].tolist() == counts[1].tolist() and counts[1, 1] == 0
    assert count_boundaries(labels, np.full_like(truth, 255), 2).sum() == 0
