"""Masks of mirrored and turned pictures come back pixel by pixel."""

import numpy as np
import pytest
from faster_coco_eval.core import mask as coco_mask

from custom_modules.structures.turned_rle import turn_back_rle

pytestmark = pytest.mark.fast

NOISE = (np.random.RandomState(0).rand(31, 47) > 0.6).astype(np.uint8)
# An L in the lower left of a wide picture: no two of its eight orientations are alike.
ELL = np.zeros((5, 8), np.uint8)
ELL[1:5, 1] = ELL[4, 1:3] = 1


def encode(bitmap: np.ndarray) -> dict:
    rle = coco_mask.encode(np.asfortranarray(bitmap))
    return {'size': list(rle['size']), 'counts': rle['counts'].decode()}


@pytest.mark.parametrize('bitmap', [ELL, NOISE, np.zeros((3, 4), np.uint8)], ids=['ell', 'noise', 'empty'])
@pytest.mark.parametrize('quarters', range(4))
@pytest.mark.parametrize('mirrored', [False, True], ids=['plain', 'mirrored'])
def test_what_was_mirrored_and_turned_comes_back(bitmap, mirrored, quarters):
    seen = np.rot90(bitmap[:, ::-1] if mirrored else bitmap, quarters)
    assert turn_back_rle(encode(seen), mirrored=mirrored, quarters=quarters) == encode(bitmap)


def test_a_quarter_turn_worked_out_by_hand():
    """The lower left pixel of 2 x 3 was the upper left one before the picture was turned counter-clockwise."""
    seen = encode(np.array([[0, 0], [0, 0], [1, 0]], np.uint8))
    before = turn_back_rle(seen, mirrored=False, quarters=1)
    np.testing.assert_array_equal(coco_mask.decode(before), [[1, 0, 0], [0, 0, 0]])


def test_a_malformed_mask_is_refused():
    with pytest.raises(ValueError, match='do not add up'):
        turn_back_rle({'size': [3, 2], 'counts': [5]}, mirrored=True, quarters=0)
