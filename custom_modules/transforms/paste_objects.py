"""Cutting objects out of pictures and pasting them into others: the one core behind every kind of copy-paste."""

from collections.abc import Sequence
from dataclasses import dataclass

import mmcv
import numpy as np
import torch

from custom_modules.structures.instance_masks import InstanceMasks

from .ground_truth import box_around, join_objects, select_objects


@dataclass(frozen=True, eq=False)
class CutObject:
    """An object without its picture.

    Attributes:
        pixels: (h, w, 3) uint8, the smallest rectangle around it.
        mask: InstanceMasks of one instance on that rectangle.
        label: Its class.
    """

    pixels: np.ndarray
    mask: InstanceMasks
    label: int

    def resized(self, factor: float) -> 'CutObject':
        """Give the object at ``factor`` times its size, each side at least 1 px."""
        height, width = (max(round(side * factor), 1) for side in self.pixels.shape[:2])
        smaller = 'area' if factor < 1 else 'bilinear'
        pixels = mmcv.imresize(self.pixels, (width, height), interpolation=smaller)
        return CutObject(pixels, self.mask.resize((height, width)), self.label)


def cut_object(picture: dict, instance: int) -> CutObject | None:
    """Cut an object out.

    Args:
        picture: With ground truth and masks.
        instance: Position of the object, which has a mask.

    Returns:
        The object; None when nothing of it can be seen.
    """
    mask = picture['gt_masks'][instance]
    x1, y1, x2, y2 = mask.get_bboxes().tensor[0].tolist()
    left, top, right, bottom = int(x1), int(y1), int(np.ceil(x2)), int(np.ceil(y2))
    if right <= left or bottom <= top:
        return None
    mask = mask.crop(np.array([left, top, right, bottom]))
    pixels = picture['img'][top : top + mask.height, left : left + mask.width]
    return CutObject(pixels, mask, int(picture['gt_bboxes_labels'][instance]))


def paste_objects(
    picture: dict, objects: Sequence[CutObject], corners_xy: Sequence[tuple[int, int]], *, max_hidden: float
) -> tuple[dict, np.ndarray]:
    """Paste objects into a picture, one over the other.

    What they hide is cut from the masks below, and the boxes there become those of what is left.  An object of which
    more than ``max_hidden`` is hidden is dropped, an ignore region only when all of it is.  An object without a mask
    counts as filling its box.  (Simple Copy-Paste is a Strong Data Augmentation Method for Instance Segmentation,
    2021, section 3.)

    Args:
        picture: With ground truth and masks; not changed.
        objects: What to paste, from below to above.
        corners_xy: Upper left corner of each in the picture, px; the objects lie inside it.
        max_hidden: Largest share of its visible pixels that an object may lose, 0 to 1.

    Returns:
        The picture with its new ground truth, and which of the old and then the pasted objects it holds, (n,) int.
    """
    height, width = picture['img'].shape[:2]
    image = picture['img'].copy()
    top_layer = np.zeros((height, width), np.int32)  # 0: the picture itself, k: the k-th pasted object
    placed = []
    for layer, (item, (x, y)) in enumerate(zip(objects, corners_xy, strict=True), start=1):
        alpha = item.mask.to_ndarray()[0].astype(bool)
        region = np.s_[y : y + alpha.shape[0], x : x + alpha.shape[1]]
        image[region][alpha] = item.pixels[alpha]
        top_layer[region][alpha] = layer
        placed.append(_as_ground_truth(item, item.mask.expand(height, width, y, x)))
    joined = join_objects([picture, *placed])
    layers = np.concatenate([np.zeros(len(picture['gt_bboxes_labels']), int), np.arange(len(objects)) + 1])
    visible, kept = _cut_hidden(joined, layers, top_layer, max_hidden)
    return {**picture, **visible, 'img': image}, kept


def _as_ground_truth(item: CutObject, mask: InstanceMasks) -> dict:
    return {
        'gt_bboxes': mask.get_bboxes(),
        'gt_bboxes_labels': np.array([item.label], np.int64),
        'gt_ignore_flags': np.zeros(1, bool),
        'gt_masks': mask,
    }


def _cut_hidden(objects: dict, layers: np.ndarray, top_layer: np.ndarray, max_hidden: float) -> tuple[dict, np.ndarray]:
    """Take away what lies below other objects.

    Args:
        objects: Ground truth of N objects.
        layers: (N,) int, the layer each is in.
        top_layer: (H, W) int, the layer that is seen at each pixel.
        max_hidden: See :func:`paste_objects`.

    Returns:
        The ground truth of those that stay, and their positions, (n,) int.
    """
    boxes, masks = objects['gt_bboxes'].clone(), objects['gt_masks']
    kept, bitmaps, source = [], [], np.arange(len(masks))
    for i, layer in enumerate(layers):
        region, drawn = _draw(masks[i], boxes.tensor[i].numpy(), top_layer.shape)
        left_over = drawn & (top_layer[region] <= layer)
        total, seen = np.count_nonzero(drawn), np.count_nonzero(left_over)
        limit = 1.0 if objects['gt_ignore_flags'][i] else max_hidden
        if seen < total and (seen == 0 or 1 - seen / total > limit):
            continue
        kept.append(i)
        if seen == total:
            continue
        boxes.tensor[i] = torch.from_numpy(box_around(left_over) + [region[1].start, region[0].start] * 2)
        if masks.has_mask[i]:
            source[i] = len(masks) + len(bitmaps)
            bitmaps.append(np.zeros(top_layer.shape, np.uint8))
            bitmaps[-1][region] = left_over
        else:
            masks = _with_box(masks, i, boxes.tensor[i : i + 1].numpy())
    if bitmaps:
        masks = InstanceMasks.cat([masks, InstanceMasks(bitmaps, *top_layer.shape)])
    index = np.array(kept, np.int64)
    chosen = select_objects({**objects, 'gt_bboxes': boxes}, index)
    return {**chosen, 'gt_masks': masks[source[index]]}, index


def _with_box(masks: InstanceMasks, i: int, box: np.ndarray) -> InstanceMasks:
    """Give an instance without a mask another box (1, 4)."""
    other = InstanceMasks([None], masks.height, masks.width, boxes=box)
    order = np.arange(len(masks))
    order[i] = len(masks)
    return InstanceMasks.cat([masks, other])[order]


def _draw(mask: InstanceMasks, box: np.ndarray, shape: tuple[int, int]) -> tuple[tuple[slice, slice], np.ndarray]:
    """Draw one object, by its box (4,) if it has no mask; gives its rectangle of the picture and (h, w) bool."""
    if mask.has_mask[0]:
        box = mask.get_bboxes().tensor[0].numpy()
    left, top = np.floor(np.maximum(box[:2], 0)).astype(int)
    right, bottom = np.ceil(np.minimum(box[2:], shape[::-1])).astype(int)
    region = np.s_[top:bottom, left:right]
    if right <= left or bottom <= top:
        return region, np.zeros((0, 0), bool)
    if not mask.has_mask[0]:
        return region, np.ones((bottom - top, right - left), bool)
    return region, mask.crop(np.array([left, top, right, bottom])).to_ndarray()[0].astype(bool)
