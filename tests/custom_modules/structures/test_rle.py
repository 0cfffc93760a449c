"""Run-length masks against the reference decoder."""

import numpy as np
import pytest
from faster_coco_eval.core import mask as coco_mask

from custom_modules.structures.rle import crop_from_rle, crop_to_rle


def full(rle: dict, height: int, width: int) -> np.ndarray:
    """Decode through the crop into a whole picture."""
    x, y, crop = crop_from_rle(rle, height, width)
    bitmap = np.zeros((height, width), np.uint8)
    bitmap[y : y + crop.shape[0], x : x + crop.shape[1]] = crop
    if crop.size:  # tight on all sides
        assert crop[0].any() and crop[-1].any() and crop[:, 0].any() and crop[:, -1].any()
    return bitmap


BITMAPS = {
    'empty': np.zeros((5, 7), np.uint8),
    'full': np.ones((5, 7), np.uint8),
    'first pixel': np.eye(5, 7, dtype=np.uint8)[:1].repeat(5, 0) * np.array([[1], [0], [0], [0], [0]], np.uint8),
    'diagonal': np.eye(6, 9, dtype=np.uint8),
    'one column': np.array([[0, 1, 0]] * 4, np.uint8),
    'one row': np.array([[0] * 5, [1] * 5], np.uint8),
    'noise': (np.random.RandomState(0).rand(60, 83) > 0.7).astype(np.uint8),
    'long runs': np.kron(np.array([[0, 1], [1, 0]], np.uint8), np.ones((300, 400), np.uint8)),
}


@pytest.mark.fast
@pytest.mark.parametrize('bitmap', BITMAPS.values(), ids=BITMAPS)
def test_equals_the_reference(bitmap):
    height, width = bitmap.shape
    compressed = coco_mask.encode(np.asfortranarray(bitmap))
    np.testing.assert_array_equal(full(compressed, height, width), bitmap)
    text = {**compressed, 'counts': compressed['counts'].decode()}
    np.testing.assert_array_equal(full(text, height, width), bitmap)
    flat = np.concatenate([[0], bitmap.T.ravel(), [2]])
    edges = np.flatnonzero(np.diff(flat))
    runs = np.diff(np.concatenate([[0], edges])).tolist()
    np.testing.assert_array_equal(full({'size': [height, width], 'counts': runs}, height, width), bitmap)


@pytest.mark.fast
@pytest.mark.parametrize(
    'rle',
    [
        {'size': [7, 5], 'counts': [35]},
        {'size': [5, 7], 'counts': [34]},
        {'size': [5, 7], 'counts': [40, -5]},
        {'size': [5, 7], 'counts': []},
        {'size': [5, 7], 'counts': ''},
        {'size': [5, 7], 'counts': 'o'},
        {'size': [5, 7], 'counts': 'not an rle!'},
        {'size': [5, 7], 'counts': '\x7f\u00e4'},
        {'size': [5, 7], 'counts': b'P' * 40},
        {'size': [5, 7], 'counts': b'o' * 40},
    ],
    ids=['size', 'too few', 'negative', 'none', 'no text', 'cut off', 'words', 'not ascii', 'many', 'endless number'],
)
def test_malformed(rle):
    with pytest.raises(ValueError, match='RLE'):
        crop_from_rle(rle, 5, 7)


@pytest.mark.fast
@pytest.mark.parametrize('bitmap', BITMAPS.values(), ids=BITMAPS)
@pytest.mark.parametrize('margin', [0, 3], ids=['whole-picture', 'inside'])
def test_crops_are_encoded_as_the_reference_does(bitmap, margin):
    picture = np.pad(bitmap, ((2 * margin, margin), (margin, 0)))
    encoded = coco_mask.encode(np.asfortranarray(picture))
    expected = {'size': list(encoded['size']), 'counts': encoded['counts'].decode()}
    assert crop_to_rle(bitmap, margin, 2 * margin, *picture.shape) == expected
    assert crop_to_rle(bitmap.astype(bool), margin, 2 * margin, *picture.shape) == expected
    left, top, crop = crop_from_rle(expected, *picture.shape)
    assert crop_to_rle(crop, left, top, *picture.shape) == expected
