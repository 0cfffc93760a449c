"""Read COCO run-length masks straight into a tight crop: a picture-sized bitmap per instance is never made."""

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
    top, bottom, left, right = _bounds(runs, height)
    if bottom <= top:
        return 0, 0, np.zeros((0, 0), np.uint8)
    return left, top, _fill(runs, height, top, left, np.zeros((bottom - top, right - left), np.uint8))


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
