"""Moving pictures together with their ground truth: what the mixing transforms are made of.

A picture is a pipeline's dict with ``img`` ((H, W, 3) uint8), ``gt_bboxes`` (HorizontalBoxes, xyxy in px),
``gt_bboxes_labels`` ((N,) int64), ``gt_ignore_flags`` ((N,) bool) and, unless masks were not loaded, ``gt_masks``
(InstanceMasks).  Nothing here changes the pictures it is given.
"""

from collections.abc import Sequence

import mmcv
import numpy as np
import torch
from mmdet.structures.bbox import HorizontalBoxes

from custom_modules.structures.instance_masks import InstanceMasks

KEYS = ('gt_bboxes', 'gt_bboxes_labels', 'gt_ignore_flags', 'gt_masks')
MIN_SIDE = 1.0  # px; what training itself asks of a box


def select_objects(picture: dict, index: np.ndarray) -> dict:
    """Take some objects of a picture.

    Args:
        picture: With ground truth.
        index: (n,) int, or (N,) bool.

    Returns:
        Their ground truth alone.
    """
    return {key: picture[key][index] for key in KEYS if key in picture}


def join_objects(pictures: Sequence[dict]) -> dict:
    """Put the objects of several pictures, already in common coordinates, into one list.

    Args:
        pictures: With ground truth; if one has masks, all have.

    Returns:
        The ground truth of all, in their order.
    """
    joined = {
        'gt_bboxes': HorizontalBoxes(torch.cat([picture['gt_bboxes'].tensor for picture in pictures])),
        'gt_bboxes_labels': np.concatenate([picture['gt_bboxes_labels'] for picture in pictures]),
        'gt_ignore_flags': np.concatenate([picture['gt_ignore_flags'] for picture in pictures]),
    }
    if 'gt_masks' in pictures[0]:
        joined['gt_masks'] = InstanceMasks.cat([picture['gt_masks'] for picture in pictures])
    return joined


def resize_picture(picture: dict, height: int, width: int) -> dict:
    """Resize a picture and its objects.

    Args:
        picture: With ground truth.
        height: New height, px; at least 1 is taken.
        width: New width, px; at least 1 is taken.

    Returns:
        Picture and ground truth.
    """
    height, width = max(int(height), 1), max(int(width), 1)
    old_height, old_width = picture['img'].shape[:2]
    resized = {key: picture[key] for key in KEYS if key in picture}
    resized['img'] = mmcv.imresize(picture['img'], (width, height))
    resized['gt_bboxes'] = picture['gt_bboxes'].clone()
    resized['gt_bboxes'].rescale_((width / old_width, height / old_height))
    if 'gt_masks' in picture:
        resized['gt_masks'] = picture['gt_masks'].resize((height, width))
    return resized


def flip_picture(picture: dict) -> dict:
    """Mirror a picture and its objects left to right.

    Args:
        picture: With ground truth.

    Returns:
        Picture and ground truth.
    """
    flipped = {key: picture[key] for key in KEYS if key in picture}
    flipped['img'] = picture['img'][:, ::-1]
    flipped['gt_bboxes'] = picture['gt_bboxes'].clone()
    flipped['gt_bboxes'].flip_(picture['img'].shape[:2])
    if 'gt_masks' in picture:
        flipped['gt_masks'] = picture['gt_masks'].flip()
    return flipped


def place_picture(picture: dict, canvas: np.ndarray, x: int, y: int) -> dict:
    """Copy a picture onto a canvas, which cuts off what is outside.

    Args:
        picture: With ground truth.
        canvas: (H, W, 3) uint8; drawn on.
        x: Column of the canvas where the picture's left edge goes; may be negative.
        y: Row of the canvas where its upper edge goes; may be negative.

    Returns:
        The ground truth in the canvas' coordinates, masks cut at its border, boxes not yet
        (:func:`keep_visible` does that).
    """
    height, width = picture['img'].shape[:2]
    left, top = max(x, 0), max(y, 0)
    right, bottom = min(x + width, canvas.shape[1]), min(y + height, canvas.shape[0])
    if right <= left or bottom <= top:
        picture, left, top, right, bottom = {**picture, **select_objects(picture, np.zeros(0, int))}, 0, 0, 0, 0
    canvas[top:bottom, left:right] = picture['img'][top - y : bottom - y, left - x : right - x]
    placed = {key: picture[key] for key in KEYS if key in picture}
    placed['gt_bboxes'] = picture['gt_bboxes'].clone()
    placed['gt_bboxes'].translate_((x, y))
    if 'gt_masks' in picture:
        part = picture['gt_masks'].crop(np.array([left - x, top - y, right - x, bottom - y]))
        placed['gt_masks'] = part.expand(canvas.shape[0], canvas.shape[1], top, left)
    return placed


def keep_visible(objects: dict, height: int, width: int, *, min_visible: float) -> dict:
    """Clip boxes to the canvas and drop the objects of which too little is left.

    A box that the border cuts becomes that of the visible part of its mask, where it has one.  Ignore regions stay
    as long as anything of them is on the canvas.

    Args:
        objects: Ground truth in the canvas' coordinates; its masks are cut already.
        height: Of the canvas, px.
        width: Of the canvas, px.
        min_visible: Least share of its box's area that an object keeps, 0 to 1.

    Returns:
        The ground truth of those that stay.
    """
    boxes = objects['gt_bboxes'].clone()
    boxes.clip_((height, width))
    cut = (boxes.tensor != objects['gt_bboxes'].tensor).any(dim=1).numpy()
    if 'gt_masks' in objects:
        cut &= objects['gt_masks'].has_mask
        boxes.tensor[torch.from_numpy(cut)] = objects['gt_masks'][cut].get_bboxes().tensor
    visible = boxes.areas / objects['gt_bboxes'].areas.clamp(min=1e-6)
    sides = torch.minimum(boxes.widths, boxes.heights).numpy()
    ignored = objects['gt_ignore_flags']
    keep = np.where(ignored, sides > 0, (visible.numpy() >= min_visible) & (sides >= MIN_SIDE))
    return select_objects({**objects, 'gt_bboxes': boxes}, np.flatnonzero(keep))


def box_around(bitmap: np.ndarray) -> np.ndarray:
    """Find the smallest box around the set pixels.

    Args:
        bitmap: (h, w), any type.

    Returns:
        (4,) float32 xyxy in px; zeros where no pixel is set.
    """
    rows, columns = np.flatnonzero(bitmap.any(axis=1)), np.flatnonzero(bitmap.any(axis=0))
    if not len(rows):
        return np.zeros(4, np.float32)
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], np.float32)
