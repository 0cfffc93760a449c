"""Pictures that look alike are found, others are not."""

import cv2
import numpy as np
import pytest

from custom_modules.datasets.near_duplicates import close_pairs, hash_pictures, near_duplicates, perceptual_hash
from custom_modules.utils import UserError


def bits(first, second):
    """How many bits two hashes differ in."""
    return (int(first) ^ int(second)).bit_count()


@pytest.fixture(scope='module')
def scene(synthetic_root):
    """A synthetic picture, grey."""
    return cv2.imread(str(sorted((synthetic_root / 'images').rglob('*.jpg'))[0]), cv2.IMREAD_GRAYSCALE)


def recompressed(picture):
    """The picture as a JPEG of quality 40."""
    return cv2.imdecode(cv2.imencode('.jpg', picture, [cv2.IMWRITE_JPEG_QUALITY, 40])[1], cv2.IMREAD_GRAYSCALE)


@pytest.mark.fast
@pytest.mark.parametrize(
    'change',
    [
        pytest.param(recompressed, id='another compression'),
        pytest.param(lambda picture: cv2.resize(picture, None, fx=0.6, fy=0.6), id='another size'),
        pytest.param(lambda picture: cv2.convertScaleAbs(picture, alpha=0.8, beta=20), id='another exposure'),
        pytest.param(lambda picture: cv2.GaussianBlur(picture, (5, 5), 0), id='out of focus'),
    ],
)
def test_the_same_scene_has_nearly_the_same_hash(scene, change):
    assert bits(perceptual_hash(change(scene)), perceptual_hash(scene)) <= 8


@pytest.mark.fast
def test_a_turned_picture_is_another_one(scene):
    assert bits(perceptual_hash(np.rot90(scene)), perceptual_hash(scene)) > 16


@pytest.mark.fast
def test_half_of_the_bits_are_set():
    """The hash compares with the median of 64 different numbers."""
    noise = np.random.default_rng(0).integers(0, 256, (100, 80), dtype=np.uint8)
    assert perceptual_hash(noise).bit_count() == 32


@pytest.mark.fast
@pytest.mark.parametrize(
    ('max_bits', 'expected'),
    [(0, [(0, 3)]), (1, [(0, 1), (0, 3), (1, 2), (1, 3)]), (2, [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)])],
)
def test_close_pairs(max_bits, expected):
    """Numbers 0, 1, 3, 0: one bit between 0 and 1 and between 1 and 3, two between 0 and 3."""
    assert close_pairs(np.array([0b00, 0b01, 0b11, 0b00], dtype=np.uint64), max_bits=max_bits) == expected


@pytest.mark.fast
def test_pairs_across_blocks_are_found_once(monkeypatch):
    monkeypatch.setattr('custom_modules.datasets.near_duplicates._BLOCK', 3)
    hashes = np.random.default_rng(1).integers(0, 16, 20).astype(np.uint64)
    expected = [(i, j) for i in range(20) for j in range(i + 1, 20) if bits(hashes[i], hashes[j]) <= 1]
    assert sorted(close_pairs(hashes, max_bits=1)) == expected


def test_copies_are_found_among_the_pictures_of_a_set(synthetic_root, tmp_path, scene):
    paths = sorted((synthetic_root / 'images').rglob('*.jpg'))[:6]
    copy = tmp_path / 'copy.png'
    cv2.imwrite(str(copy), cv2.resize(cv2.imread(str(paths[2])), (100, 100)))
    assert near_duplicates([*paths, copy], max_bits=8) == [(2, 6)]


@pytest.mark.fast
def test_small_pictures_are_read_whole(tmp_path):
    """Read at an eighth of its size, a picture of 40 px would be five pixels wide."""
    noise = np.random.default_rng(2).integers(0, 256, (40, 40), dtype=np.uint8)
    cv2.imwrite(str(tmp_path / 'noise.png'), noise)
    assert hash_pictures([tmp_path / 'noise.png']).tolist() == [perceptual_hash(noise)]


@pytest.mark.fast
def test_an_unreadable_picture_is_named(tmp_path):
    (tmp_path / 'bad.jpg').write_bytes(b'no picture')
    with pytest.raises(UserError, match=r'bad\.jpg: cannot be decoded'):
        hash_pictures([tmp_path / 'bad.jpg'])


@pytest.mark.slow
def test_real_photographs_hold_one_copy(shared_data):
    paths = sorted((shared_data / 'taco416' / 'images').glob('*.jpg'))
    found = [(paths[first].stem, paths[second].stem) for first, second in near_duplicates(paths, max_bits=8)]
    assert ('batch_7_000000', 'batch_8_000005') in found
