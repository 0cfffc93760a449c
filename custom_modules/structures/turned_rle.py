"""Run-length masks of a mirrored or turned picture, brought back without a bitmap of the picture."""

import numpy as np

from .rle import crop_from_rle, crop_to_rle


def turn_back_rle(rle: dict, *, mirrored: bool, quarters: int) -> dict:
    """Give the mask that, mirrored left to right and then turned counter-clockwise, is the one given.

    Only the box around the mask is drawn, so the cost is that of the object, not of the picture.

    Args:
        rle: ``size`` (height, width) and ``counts``, compressed or a list of runs.
        mirrored: Whether the picture was mirrored.
        quarters: How far the picture was turned after that.

    Returns:
        A compressed RLE (text) of the picture before; its sides are swapped after an odd number of quarters.

    Raises:
        ValueError: The RLE is malformed.
    """
    height, width = rle['size']
    left, top, crop = crop_from_rle(rle, height, width)
    for _ in range(quarters % 4):  # a quarter clockwise: the lower left corner comes to the upper left
        left, top = height - top - crop.shape[0], left
        crop = np.rot90(crop, -1)
        height, width = width, height
    if mirrored:
        left, crop = width - left - crop.shape[1], crop[:, ::-1]
    return crop_to_rle(np.ascontiguousarray(crop), left, top, height, width)
