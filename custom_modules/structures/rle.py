"""COCO run-length masks to and from tight crops: a picture-sized bitmap per instance is never made."""

import numpy as np

from custom_modules.utils.jit import kernel


def crop_from_rle(rle: dict, height: int, width: int) -> tuple[int, int, np.ndarray]:
    """Decode the foreground of a run-length mask.

    Args:
        rle: ``size`` (height, width) and ``counts``, the runs down the columns as a list or compressed as COCO does.
        height: Of the picture, in pixels.
        width: Of the picture, in pixels.

    Returns:
        x and y of the crop, and the crop, uint8 in {0, 1}; of shape (0, 0) when the mask is empty.

    Raises:
        ValueError: The mask has another size, or its runs do not add up to it.
    """
    runs = runs_from_rle(rle, height, width)
    top, bottom, left, right = _bounds(runs, height)
    if bottom <= top:
        return 0, 0, np.zeros((0, 0), np.uint8)
    return left, top, _fill(runs, height, top, left, np.zeros((bottom - top, right - left), np.uint8))


def runs_from_rle(rle: dict, height: int, width: int) -> np.ndarray:
    """Read and check the runs of a run-length mask.

    Args:
        rle: ``size`` (height, width) and ``counts``, the runs down the columns as a list or compressed as COCO does.
        height: Of the picture, in pixels.
        width: Of the picture, in pixels.

    Returns:
        (n,) int64, background and foreground in turns, background first.

    Raises:
        ValueError: The mask has another size, or its runs do not add up to it.
    """
    if list(rle['size']) != [height, width]:
        raise ValueError(f'the RLE mask has size {list(rle["size"])}, its picture [{height}, {width}]')
    counts = rle['counts']
    if isinstance(counts, str | bytes):
        text = counts.encode('ascii', 'replace') if isinstance(counts, str) else counts
        runs = _uncompress(np.frombuffer(text, np.uint8))
    else:
        runs = np.asarray(counts, np.int64)
    if (runs < 0).any() or runs.sum() != height * width:
        raise ValueError(f'the runs of the RLE mask do not add up to {height} x {width} pixels')
    return runs


def crop_to_rle(crop: np.ndarray, left: int, top: int, height: int, width: int) -> dict:
    """Encode a crop of a mask; around it all is background.

    Args:
        crop: (h, w) uint8 or bool, not 0 for foreground; inside the picture.
        left: Of the crop in the picture, in pixels.
        top: Of the crop in the picture, in pixels.
        height: Of the picture, in pixels.
        width: Of the picture, in pixels.

    Returns:
        ``size`` and ``counts``, compressed as COCO does, as text.
    """
    runs = _runs_of(np.ascontiguousarray(crop).view(np.uint8), left, top, height, width)
    return {'size': [int(height), int(width)], 'counts': compress_runs(runs).tobytes().decode('ascii')}


@kernel
def _uncompress(text):
    """Read COCO's compressed counts: 5 bits a character, low ones first, each run from the third on relative.

    Returns:
        (n,) int64 runs; a text that ends in the middle of a number, or holds other characters, gives a negative one.
    """
    runs = np.zeros(len(text) + 1, np.int64)
    count, position = 0, 0
    while position < len(text):
        value, shift, more = np.int64(0), np.int64(0), True
        while more:
            if position == len(text) or shift > 55 or not 48 <= text[position] < 112:
                return np.full(1, -1, np.int64)
            bits = np.int64(text[position]) - 48
            value |= (bits & 31) << shift
            more = (bits & 32) != 0
            shift += 5
            position += 1
            if not more and bits & 16:
                value |= np.int64(-1) << shift
        runs[count] = value + runs[count - 2] if count > 2 else value
        count += 1
    return runs[:count]


@kernel
def _bounds(runs, height):
    """Give rows and columns (from, to) of the foreground of runs (n,)."""
    top, bottom, left, right = height, np.int64(0), np.int64(-1), np.int64(0)
    end = np.int64(0)
    for k in range(len(runs)):
        start, end = end, end + runs[k]
        if k % 2 == 0 or start == end:
            continue
        first, last = start // height, (end - 1) // height
        left, right = first if left < 0 else left, last + 1
        if first == last:
            top, bottom = min(top, start - first * height), max(bottom, end - first * height)
        else:
            top, bottom = np.int64(0), height
    return top, bottom, left, right


@kernel
def _fill(runs, height, top, left, crop):
    """Set the foreground of runs (n,) in ``crop``, whose corner is at (left, top) of the picture."""
    end = np.int64(0)
    for k in range(len(runs)):
        start, end = end, end + runs[k]
        if k % 2:
            row, column = start % height, start // height
            for _ in range(start, end):
                crop[row - top, column - left] = 1
                row += 1
                if row == height:
                    row, column = 0, column + 1
    return crop


@kernel
def _runs_of(crop, left, top, height, width):
    """Count the runs (n,) int64 down the columns of a picture whose foreground is in ``crop``."""
    runs = np.empty((crop.shape[0] + 1) * crop.shape[1] + 1, np.int64)
    count, begin, value = 0, np.int64(0), 0
    for column in range(crop.shape[1]):
        place = np.int64(left + column) * height + top
        for row in range(crop.shape[0] + 1):
            inside = row < crop.shape[0]
            # Below the crop is background, unless the next column goes on right there.
            if not inside and crop.shape[0] == height and column + 1 < crop.shape[1]:
                continue
            pixel = 1 if inside and crop[row, column] else 0
            if pixel != value:
                runs[count] = place + row - begin
                count, begin, value = count + 1, place + row, pixel
    runs[count] = np.int64(height) * width - begin
    return runs[: count + 1] if runs[count] or not count else runs[:count]


@kernel
def compress_runs(runs):
    """Write runs (n,) as COCO does: the inverse of :func:`_uncompress`, (m,) uint8."""
    text = np.empty(len(runs) * 13, np.uint8)
    length = 0
    for k in range(len(runs)):
        value = runs[k] - runs[k - 2] if k > 2 else runs[k]
        more = True
        while more:
            bits = value & 31
            value >>= 5
            more = value != -1 if bits & 16 else value != 0
            text[length] = bits + 48 + (32 if more else 0)
            length += 1
    return text[:length]
