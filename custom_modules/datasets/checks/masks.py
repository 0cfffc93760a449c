"""Checks of polygon and RLE masks, before any C code sees them.

Mask code in C trusts its input: run lengths that do not add up, or a picture
of size zero, have ended whole processes.  So runs are counted here first.
"""

import numpy as np

from .values import whole_number

Mask = list | dict
"""Polygons (lists x1, y1, x2, y2, ... in px) or a compressed RLE (``size``: [height, width], ``counts``: text)."""


def check_mask(segmentation: object, height: int, width: int) -> tuple[Mask | None, int, int]:
    """Check one ``segmentation`` of a COCO file.

    Args:
        segmentation: Polygons, uncompressed or compressed RLE, or anything else json can hold.
        height: Height of the picture, px.
        width: Width of the picture, px.

    Returns:
        The usable mask (RLE in compressed form) or None; the number of masks
        given but unusable (0 or 1); the number of unusable polygons left out
        of a usable mask.  Nothing given (absent, null, an empty list) is no mask.
    """
    if segmentation is None or segmentation == [] or segmentation == {}:
        return None, 0, 0
    if isinstance(segmentation, list):
        polygons = [part for part in segmentation if is_polygon(part, height, width)]
        return (polygons, 0, len(segmentation) - len(polygons)) if polygons else (None, 1, 0)
    runs = rle_runs(segmentation, height, width) if isinstance(segmentation, dict) else None
    if runs is None or not runs[1::2].any():
        return None, 1, 0
    if isinstance(segmentation['counts'], list):
        return compress(runs, height, width), 0, 0
    return {'size': [height, width], 'counts': segmentation['counts']}, 0, 0


def is_polygon(points: object, height: int, width: int) -> bool:
    """Tell whether a value is a polygon with an area, near the picture.

    Args:
        points: Should be a list x1, y1, x2, y2, ... of at least three points, px.
        height: Height of the picture, px.
        width: Width of the picture, px.

    Returns:
        False also where a point is more than a picture's size outside: drawing
        such an edge takes memory in proportion to its length.
    """
    if not isinstance(points, list) or len(points) < 6 or len(points) % 2:
        return False
    if not set(map(type, points)) <= {int, float}:
        return False
    try:
        array = np.array(points, dtype=np.float64).reshape(-1, 2)
    except OverflowError:  # an integer beyond the range of floats
        return False
    size = np.array([width, height])
    return bool(((array >= -size) & (array <= 2 * size)).all()) and polygon_area(points) > 0


def polygon_area(points: list) -> float:
    """Compute the area of a polygon by the shoelace formula.

    Args:
        points: x1, y1, x2, y2, ... in px.

    Returns:
        The area, px2.
    """
    array = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    xs, ys = array.T - array[:1].T  # near 0, where differences of products keep their digits
    return abs(float(xs[:-1] @ ys[1:] - xs[1:] @ ys[:-1])) / 2


def rle_runs(rle: dict, height: int, width: int) -> np.ndarray | None:
    """Read the run lengths of an RLE.

    Args:
        rle: ``size`` and ``counts``, unchecked.
        height: Height of the picture, px.
        width: Width of the picture, px.

    Returns:
        int64 run lengths, background first, that add up to the picture, or
        None where the RLE is damaged or of another size.
    """
    size, counts = rle.get('size'), rle.get('counts')
    if not isinstance(size, list) or [whole_number(side) for side in size] != [height, width]:
        return None
    runs = _listed_runs(counts) if isinstance(counts, list) else _compressed_runs(counts)
    if runs is None or not len(runs) or runs.min() < 0 or runs.max() > height * width:
        return None
    return runs if runs.sum() == height * width else None


def _listed_runs(counts: list) -> np.ndarray | None:
    runs = [whole_number(count) for count in counts]
    return None if None in runs else np.array(runs, dtype=np.int64)


def _compressed_runs(counts: object) -> np.ndarray | None:
    """Decode COCO's text form.

    A number has 5 bits a character, lowest first, and a sixth for 'more
    follows'; its highest bit is the sign.  From the fourth on, numbers are
    differences to the last run but one.
    """
    if not isinstance(counts, str) or not counts.isascii():
        return None
    symbols = np.frombuffer(counts.encode('ascii'), dtype=np.uint8).astype(np.int64) - 48
    if not len(symbols) or symbols.min() < 0 or symbols.max() > 63 or symbols[-1] & 32:
        return None
    ends = np.flatnonzero(symbols & 32 == 0)
    starts = np.concatenate(([0], ends[:-1] + 1))
    lengths = ends - starts + 1
    if lengths.max() > 7:  # 35 bits: more than any picture has pixels
        return None
    shifts = 5 * (np.arange(len(symbols)) - np.repeat(starts, lengths))
    values = np.add.reduceat((symbols & 31) << shifts, starts)
    values -= np.where(symbols[ends] & 16, np.int64(1) << (5 * lengths), 0)
    values[1::2] = np.cumsum(values[1::2])
    values[2::2] = np.cumsum(values[2::2])
    return values


def compress(runs: np.ndarray, height: int, width: int) -> dict:
    """Bring checked run lengths into COCO's compressed form.

    Args:
        runs: Run lengths that add up to the picture.
        height: Height of the picture, px.
        width: Width of the picture, px.

    Returns:
        ``size`` and ``counts`` as text.
    """
    from faster_coco_eval.core import mask as mask_api

    rle = mask_api.frPyObjects({'size': [height, width], 'counts': runs.tolist()}, height, width)
    counts = rle['counts']
    return {'size': [height, width], 'counts': counts.decode('ascii') if isinstance(counts, bytes) else counts}


def mask_area(mask: Mask) -> float:
    """Compute the area of a checked mask.

    Args:
        mask: Polygons (overlaps between them count twice) or RLE.

    Returns:
        The area, px2.
    """
    if isinstance(mask, list):
        return sum(polygon_area(polygon) for polygon in mask)
    return float(rle_runs(mask, *mask['size'])[1::2].sum())


def mask_box(mask: Mask) -> list[float]:
    """Compute the smallest box around a checked mask.

    Args:
        mask: Polygons or RLE.

    Returns:
        x, y, width, height in px.
    """
    if isinstance(mask, list):
        xs = [x for polygon in mask for x in polygon[0::2]]
        ys = [y for polygon in mask for y in polygon[1::2]]
        return [min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)]
    height, _ = mask['size']
    runs = rle_runs(mask, *mask['size'])
    ends = np.cumsum(runs)
    starts, lasts = ends[0:-1:2], ends[1::2] - 1  # first and last pixel of each foreground run, column by column
    kept = lasts >= starts[: len(lasts)]
    starts, lasts = starts[: len(lasts)][kept], lasts[kept]
    columns, last_columns = starts // height, lasts // height
    whole = last_columns > columns  # such a run reaches the lower edge and the upper edge of the next column
    top = 0 if whole.any() else int((starts % height).min())
    bottom = height - 1 if whole.any() else int((lasts % height).max())
    left, right = int(columns.min()), int(last_columns.max())
    return [float(left), float(top), float(right - left + 1), float(bottom - top + 1)]
