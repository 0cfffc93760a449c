"""Finding pictures that look alike: repeated shots, copies at another size or compression."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from custom_modules.utils import UserError

from .checks import shown

_SIDE = 32  # px of the small picture that is transformed
_BLOCK = 1024  # rows of the distance table that are in memory together
_REDUCED = {
    8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
    4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
    1: cv2.IMREAD_GRAYSCALE,
}


def near_duplicates(paths: Sequence[Path], *, max_bits: int, num_threads: int = 4) -> list[tuple[int, int]]:
    """Find pairs of pictures whose perceptual hashes differ in few bits.

    Args:
        paths: Picture files.
        max_bits: How many of the 64 bits may differ; of unrelated pictures about 32 do.
        num_threads: Pictures read at the same time.

    Returns:
        Pairs of positions (first < second).

    Raises:
        UserError: A picture cannot be read.
    """
    hashes = hash_pictures(paths, num_threads=num_threads)
    return close_pairs(hashes, max_bits=max_bits)


def hash_pictures(paths: Sequence[Path], *, num_threads: int = 4) -> np.ndarray:
    """Hash pictures, with progress and time left on a terminal.

    Args:
        paths: Picture files.
        num_threads: Pictures read at the same time.

    Returns:
        (N,) uint64, one :func:`perceptual_hash` each.

    Raises:
        UserError: A picture cannot be read.
    """
    with ThreadPoolExecutor(num_threads) as pool:
        hashes = pool.map(hash_file, paths)
        found = tqdm(hashes, 'looking for near duplicates', len(paths), unit=' pictures', disable=None)
        return np.fromiter(found, dtype=np.uint64, count=len(paths))


def hash_file(path: Path) -> int:
    """Return the :func:`perceptual_hash` of a picture file.

    Raises:
        UserError: It cannot be read.
    """
    picture = None
    # JPEG decodes at an eighth of the size in a fraction of the time; what is then too small is read again.
    for factor, flag in _REDUCED.items():
        picture = cv2.imread(str(path), flag)
        if picture is None:
            raise UserError(
                f'{shown(str(path))}: cannot be decoded; python tools/check_data.py --decode finds them all'
            )
        if factor == 1 or min(picture.shape) >= 2 * _SIDE:
            break
    return perceptual_hash(picture)


def perceptual_hash(picture: np.ndarray) -> int:
    """Hash what a picture looks like from afar.

    The DCT hash ("pHash") of Zauner, "Implementation and Benchmarking of
    Perceptual Image Hash Functions" (2010): which of 8 x 8 low frequencies,
    those constant along an axis left out, lie above their median.

    Args:
        picture: (H, W) uint8, grey.

    Returns:
        64 bits; pictures that look alike differ in few of them.
    """
    small = cv2.resize(picture, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = cv2.dct(small)[1:9, 1:9].ravel()
    return int(np.packbits(low > np.median(low)).view(np.uint64)[0])


def close_pairs(hashes: np.ndarray, *, max_bits: int) -> list[tuple[int, int]]:
    """Find pairs of hashes that differ in few bits, by comparing all with all (5,000: 0.3 s).

    Args:
        hashes: (N,) uint64.
        max_bits: How many bits may differ.

    Returns:
        Pairs of positions (first < second), ascending.
    """
    pairs = []
    for start in range(0, len(hashes), _BLOCK):
        rows = hashes[start : start + _BLOCK, None]
        distances = np.bitwise_count(rows ^ hashes[None, start:])
        first, second = np.nonzero(np.triu(distances <= max_bits, k=1))
        pairs += zip((first + start).tolist(), (second + start).tolist(), strict=True)
    return pairs
