"""Parts to fit on and to score on."""

import numpy as np
import pytest

from custom_modules.ensemble.search.splits import make_splits
from custom_modules.utils import UserError


def _objects(num_images=40):
    """Give every fifth image the rare class, others the common one, the last ten none."""
    objects = np.zeros((num_images, 3), dtype=int)
    objects[:, 0] = 2
    objects[::5, 2] = 1
    objects[-10:] = 0
    return objects


@pytest.mark.fast
def test_each_division_holds_every_image_out_once():
    splits = make_splits(_objects(), 4, 3, seed=0)
    assert splits.fit.shape == (13, 40) and splits.held_out.shape == (12, 40)
    assert splits.fit[0].all()
    np.testing.assert_array_equal(splits.fit[1:], ~splits.held_out)
    for division in splits.held_out.reshape(3, 4, 40):
        np.testing.assert_array_equal(division.sum(axis=0), 1)
    assert (splits.held_out[:4] != splits.held_out[4:8]).any()


def test_parts_have_their_share_of_rare_classes():
    objects = _objects()
    for part in make_splits(objects, 3, 4, seed=1).held_out:
        assert part.sum() in (13, 14)
        assert objects[part, 2].sum() == 2  # of six


def test_seed():
    first, same, other = (make_splits(_objects(), 4, 2, seed=seed).held_out for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, same)
    assert (first != other).any()


def test_too_few_images():
    with pytest.raises(UserError, match='7 pictures .* needs 8'):
        make_splits(np.ones((7, 2), dtype=int), 4, 1, seed=0)
