"""Cutting connected regions of a class out of label maps and pasting them into others.

A picture is a pipeline's dict with ``img`` ((H, W, 3)) and ``gt_seg_map`` ((H, W) uint8, 255 for what does not count).
Nothing here changes the pictures it is given.
"""

from dataclasses import dataclass

import cv2
import mmcv
import numpy as np


@dataclass(frozen=True, eq=False)
class Blob:
    """A connected region of a class without its picture.

    Attributes:
        pixels: (h, w, 3) uint8, the smallest rectangle around it.
        mask: (h, w) bool.
        label: Its class.
    """

    pixels: np.ndarray
    mask: np.ndarray
    label: int

    def resized(self, factor: float) -> 'Blob':
        """Give the blob at ``factor`` times its size, each side at least 1 px; thin ones may lose all pixels."""
        height, width = (max(round(side * factor), 1) for side in self.mask.shape)
        if (height, width) == self.mask.shape:
            return self
        smaller = 'area' if factor < 1 else 'bilinear'
        pixels = mmcv.imresize(self.pixels, (width, height), interpolation=smaller)
        mask = cv2.resize(self.mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
        return Blob(pixels, mask.astype(bool), self.label)

    def flipped(self) -> 'Blob':
        """Give the blob with left and right exchanged."""
        return Blob(self.pixels[:, ::-1], self.mask[:, ::-1], self.label)


def cut_blob(picture: dict, label: int, *, min_pixels: int = 1) -> Blob | None:
    """Cut out one of the connected regions of a class, each of them as likely as the others.

    Those that the picture's border cuts come only when there are no others: pasted inside another picture they would
    end in a straight edge.

    Args:
        picture: With label map.
        label: The class.
        min_pixels: Smaller regions are left out.

    Returns:
        The region, pixels that touch at a corner belong together; None when there is none.
    """
    labels = picture['gt_seg_map']
    is_class = (labels == label).astype(np.uint8)
    x, y, *size = cv2.boundingRect(is_class)  # rare classes take little of a picture: 0.5 ms for 2.2 at 2048 x 1024
    is_class = is_class[y : y + size[1], x : x + size[0]]
    if not is_class.size:
        return None
    _, regions, stats, _ = cv2.connectedComponentsWithStats(is_class, connectivity=8)
    left, top, width, height, area = (stats + np.array([x, y, 0, 0, 0])).T
    is_large = area >= min_pixels
    is_large[0] = False  # what has another label
    is_whole = (left > 0) & (top > 0) & (left + width < labels.shape[1]) & (top + height < labels.shape[0])
    found = np.flatnonzero(is_large & is_whole)
    if not len(found):
        found = np.flatnonzero(is_large)
    if not len(found):
        return None
    region = found[np.random.randint(len(found))]
    x1, y1, x2, y2 = left[region], top[region], left[region] + width[region], top[region] + height[region]
    mask = regions[y1 - y : y2 - y, x1 - x : x2 - x] == region
    return Blob(picture['img'][y1:y2, x1:x2].copy(), mask, int(label))


def paste_blob(picture: dict, blob: Blob, x: int, y: int, *, on: np.ndarray | None = None) -> dict:
    """Paste a blob into a picture.

    Args:
        picture: With label map.
        blob: What to paste.
        x: Column of its left edge, px; the blob lies inside the picture.
        y: Row of its upper edge, px.
        on: (H, W) bool, pixels that may be covered; all by default.

    Returns:
        The picture with new pixels and label map.
    """
    image, labels = picture['img'].copy(), picture['gt_seg_map'].copy()
    height, width = blob.mask.shape
    region = np.s_[y : y + height, x : x + width]
    mask = blob.mask if on is None else blob.mask & on[region]
    image[region][mask] = blob.pixels[mask]
    labels[region][mask] = blob.label
    return {**picture, 'img': image, 'gt_seg_map': labels}
