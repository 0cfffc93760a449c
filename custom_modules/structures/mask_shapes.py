"""What the annotations of a picture say about its masks, as flat arrays that are shared and never changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .rle import crop_from_rle

MaskSource = Sequence | dict | np.ndarray | None

MIN_POLYGON_VALUES = 6  # three corners


@dataclass(frozen=True)
class MaskShapes:
    """Source geometry of N instances, in the coordinates of the pictures they were annotated in.

    An instance is a set of polygon parts, or a bitmap, or nothing but its box.  Pixel (column i, row j) covers
    [i, i + 1) x [j, j + 1).

    Attributes:
        points: (P, 2) float32, corners of all parts of all instances, x and y in pixels.
        part_start: (K + 1,) int64, part k has the corners ``part_start[k]:part_start[k + 1]``.
        shape_start: (N + 1,) int64, instance i has the parts ``shape_start[i]:shape_start[i + 1]``.
        pixels: (Q,) uint8 in {0, 1}, the tight crops of all bitmaps, row by row.
        crops: (N, 7) int64, per instance: first pixel, x, y, width, height of the crop (width 0: no bitmap), and
            width and height of the picture.
        boxes: (N, 4) float32, xyxy in pixels, of the instances without a mask; zeros for the others.
    """

    points: np.ndarray
    part_start: np.ndarray
    shape_start: np.ndarray
    pixels: np.ndarray
    crops: np.ndarray
    boxes: np.ndarray

    @classmethod
    def from_annotations(cls, masks: Sequence[MaskSource], height: int, width: int, boxes=None) -> 'MaskShapes':
        """Collect the masks of one picture.

        Args:
            masks: Per instance a list of polygons ``[x1, y1, x2, y2, ...]``, a COCO RLE dict (compressed or not), a
                (height, width) bitmap, or None.  Polygons of fewer than three corners and empty bitmaps count as
                no mask.
            height: Of the picture, in pixels.
            width: Of the picture, in pixels.
            boxes: (N, 4) xyxy, stands in where there is no mask; optional.

        Raises:
            ValueError: An RLE or bitmap does not have the picture's size, or an RLE is malformed.
        """
        parts, part_counts, pixels = [], [], []
        crops = np.zeros((len(masks), 7), np.int64)
        crops[:, 5:] = width, height
        num_pixels = 0
        for row, mask in zip(crops, masks, strict=True):
            polygons = [] if mask is None or isinstance(mask, dict | np.ndarray) else _valid_polygons(mask)
            parts += polygons
            part_counts.append(len(polygons))
            if isinstance(mask, dict | np.ndarray):
                read = crop_from_rle if isinstance(mask, dict) else _crop_from_bitmap
                x, y, crop = read(mask, height, width)
                row[:5] = num_pixels, x, y, *crop.shape[::-1]
                pixels.append(crop.ravel())
                num_pixels += crop.size
        shapes = cls(
            points=np.concatenate(parts).reshape(-1, 2) if parts else np.zeros((0, 2), np.float32),
            part_start=_starts([len(part) // 2 for part in parts]),
            shape_start=_starts(part_counts),
            pixels=np.concatenate(pixels) if pixels else np.zeros(0, np.uint8),
            crops=crops,
            boxes=np.zeros((len(masks), 4), np.float32),
        )
        if not np.isfinite(shapes.points).all():
            raise ValueError('a polygon has a corner that is not finite')
        if boxes is not None:
            missing = ~shapes.has_mask
            shapes.boxes[missing] = np.asarray(boxes, np.float32).reshape(-1, 4)[missing]
        return shapes

    def __len__(self) -> int:
        """Number of instances."""
        return len(self.crops)

    @property
    def is_bitmap(self) -> np.ndarray:
        """(N,) bool, which instances are bitmaps."""
        return self.crops[:, 3] > 0

    @property
    def has_mask(self) -> np.ndarray:
        """(N,) bool, which instances have any mask."""
        return self.is_bitmap | (np.diff(self.shape_start) > 0)

    def corners(self, instance: int) -> list[np.ndarray]:
        """Give the outline of an instance: its polygons, or the corners of its crop or box.

        Returns:
            Arrays (k, 2) float64, source coordinates.
        """
        if self.is_bitmap[instance]:
            _, x, y, width, height = self.crops[instance, :5]
            return [rectangle(x, y, x + width, y + height)]
        first, last = self.shape_start[instance : instance + 2]
        if first == last:
            return [rectangle(*self.boxes[instance])]
        starts = self.part_start[first : last + 1]
        return [self.points[a:b].astype(np.float64) for a, b in pairwise(starts)]

    def lies_inside(self) -> bool:
        """Say whether everything lies inside its picture."""
        if not len(self):
            return True
        width, height = self.crops[:, 5:].min(axis=0)
        points = np.concatenate([self.points, self.boxes.reshape(-1, 2)])
        return bool((points >= 0).all() and (points <= (width, height)).all())

    def take(self, index: np.ndarray) -> 'MaskShapes':
        """Copy some instances, leaving the arrays of the others behind.

        Args:
            index: (n,) int, which ones; repeats are allowed.
        """
        parts = _ranges(self.shape_start[index], self.shape_start[index + 1])
        points = _ranges(self.part_start[parts], self.part_start[parts + 1])
        sizes = self.crops[index, 3] * self.crops[index, 4]
        pixels = _ranges(self.crops[index, 0], self.crops[index, 0] + sizes)
        crops = self.crops[index]
        crops[:, 0] = _starts(sizes)[:-1]
        return MaskShapes(
            points=self.points[points],
            part_start=_starts(np.diff(self.part_start)[parts]),
            shape_start=_starts(np.diff(self.shape_start)[index]),
            pixels=self.pixels[pixels],
            crops=crops,
            boxes=self.boxes[index],
        )

    @staticmethod
    def cat(shapes: Sequence['MaskShapes']) -> 'MaskShapes':
        """Join the instances of several pictures."""
        crops = np.concatenate([s.crops for s in shapes])
        crops[:, 0] += np.repeat(_starts([len(s.pixels) for s in shapes])[:-1], [len(s) for s in shapes])
        return MaskShapes(
            points=np.concatenate([s.points for s in shapes]),
            part_start=_starts(np.concatenate([np.diff(s.part_start) for s in shapes])),
            shape_start=_starts(np.concatenate([np.diff(s.shape_start) for s in shapes])),
            pixels=np.concatenate([s.pixels for s in shapes]),
            crops=crops,
            boxes=np.concatenate([s.boxes for s in shapes]),
        )

    def __getstate__(self) -> dict:
        """Pack the pixels eight to a byte: workers send these objects to the training process."""
        return {**self.__dict__, 'pixels': (np.packbits(self.pixels), len(self.pixels))}

    def __setstate__(self, state: dict) -> None:
        """Undo :meth:`__getstate__`."""
        packed, count = state['pixels']
        self.__dict__.update(state, pixels=np.unpackbits(packed, count=count))


def rectangle(x1: float, y1: float, x2: float, y2: float) -> np.ndarray:
    """Give the corners of an upright rectangle, (4, 2) float64, in drawing order."""
    return np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]], np.float64)


def _valid_polygons(polygons: Sequence) -> list[np.ndarray]:
    """Give polygons as flat float32 arrays, those with fewer than three corners or half a corner left out."""
    return [np.asarray(p, np.float32) for p in polygons if len(p) >= MIN_POLYGON_VALUES and len(p) % 2 == 0]


def _crop_from_bitmap(bitmap: np.ndarray, height: int, width: int) -> tuple[int, int, np.ndarray]:
    """Cut a bitmap to its foreground; gives x, y and the crop, (0, 0) when there is none."""
    if bitmap.shape != (height, width):
        raise ValueError(f'the bitmap mask has shape {bitmap.shape}, its picture ({height}, {width})')
    columns, rows = np.flatnonzero(bitmap.any(axis=0)), np.flatnonzero(bitmap.any(axis=1))
    if not len(columns):
        return 0, 0, np.zeros((0, 0), np.uint8)
    crop = bitmap[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return columns[0], rows[0], (crop > 0).astype(np.uint8)


def _starts(counts) -> np.ndarray:
    """Turn counts (n,) into the offsets (n + 1,) at which each run of them starts."""
    starts = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=starts[1:])
    return starts


def _ranges(first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Concatenate ``arange(first[i], last[i])`` for all i."""
    counts = last - first
    return np.arange(counts.sum()) + np.repeat(first - (np.cumsum(counts) - counts), counts)
