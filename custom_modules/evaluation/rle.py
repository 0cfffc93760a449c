"""Masks as COCO run-length encodings, by faster-coco-eval's checked functions.

pycocotools' own functions read past their buffers on a damaged RLE, so nothing
here uses them.
"""

from collections.abc import Sequence

import numpy as np
from faster_coco_eval.core import mask as mask_api


def encode_masks(masks: np.ndarray) -> list[dict]:
    """Encode bitmaps.

    Args:
        masks: (N, H, W), bool or 0/1 integers.

    Returns:
        N dicts with ``size`` [H, W] and ``counts`` (compressed, text), ready for json.
    """
    return [_as_text(mask_api.encode(np.asfortranarray(mask, dtype=np.uint8))) for mask in masks]


def decode_masks(rles: Sequence[dict]) -> np.ndarray:
    """Decode RLEs of one picture.

    Args:
        rles: N dicts of one ``size``; ``counts`` compressed (text or bytes) or a list of run lengths.

    Returns:
        (N, H, W) bool; (0, 0, 0) when there is none.

    Raises:
        ValueError: The runs of an RLE do not add up to its size.
    """
    if not rles:
        return np.zeros((0, 0, 0), dtype=bool)
    return np.stack([mask_api.decode(compress_rle(rle)) for rle in rles]).astype(bool)


def compress_rle(rle: dict) -> dict:
    """Return an RLE in the compressed text form, whichever form it came in.

    Args:
        rle: Dict with ``size`` [height, width] and ``counts`` (text, bytes or a list of run lengths).

    Returns:
        A new dict with ``counts`` as text.

    Raises:
        ValueError: The runs exceed the size or are malformed.
    """
    height, width = rle['size']
    if isinstance(rle['counts'], list | tuple):
        rle = mask_api.frPyObjects({'size': [height, width], 'counts': list(rle['counts'])}, height, width)
    return _as_text(rle)


def rle_error(rle: object) -> str | None:
    """Say what is wrong with an RLE.

    Args:
        rle: Anything that should be an RLE dict.

    Returns:
        A short reason, or None for a valid RLE.
    """
    if not isinstance(rle, dict) or 'size' not in rle or 'counts' not in rle:
        return 'is not an RLE with "size" and "counts"'
    size, counts = rle['size'], rle['counts']
    if not isinstance(size, list | tuple) or len(size) != 2 or any(type(side) is not int or side < 1 for side in size):
        return f'has the size {size!r}, not [height, width]'
    if isinstance(counts, list) and any(type(run) is not int or run < 0 for run in counts):
        return 'has run lengths that are not whole numbers'
    if not isinstance(counts, str | bytes | list):
        return 'has "counts" that are neither text nor run lengths'
    try:
        mask_api.area(compress_rle(rle))
    except (ValueError, RuntimeError, UnicodeError) as error:
        return f'is damaged ({str(error).rstrip(".")})'
    return None


def _as_text(rle: dict) -> dict:
    counts = rle['counts']
    counts = counts.decode('ascii') if isinstance(counts, bytes) else counts
    return {'size': [int(side) for side in rle['size']], 'counts': counts}
