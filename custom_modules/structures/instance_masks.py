"""Instance masks that stay what they were annotated as until they are drawn at their final size."""

from collections.abc import Sequence

import mmcv
import numpy as np
import torch
from mmdet.structures.bbox import HorizontalBoxes, get_box_type
from mmdet.structures.mask import BitmapMasks

from . import affine
from .convex import extent, intersect_convex, signed_area
from .mask_raster import rasterize
from .mask_shapes import MaskShapes, MaskSource, rectangle

SOFT_SAMPLES = 4  # per axis and pixel, when fractional targets are asked for


class InstanceMasks(BitmapMasks):
    """Polygons, run-length masks and instances without a mask, side by side in one picture.

    Flips, resizes, crops, ... only multiply one 2 x 3 matrix and cut one convex window per source picture; nothing
    is drawn before :meth:`crop_and_resize`, :meth:`to_ndarray` or :attr:`areas`.  It is a ``BitmapMasks`` only so
    that the places upstream that ask ``isinstance`` accept it; :attr:`masks` draws.  Instances without a mask
    draw as empty; :attr:`has_mask` tells them apart, and their box, if given, moves along.

    Args:
        masks: Per instance a list of polygons ``[x1, y1, x2, y2, ...]`` in pixels, a COCO RLE dict, a
            (height, width) bitmap, or None.
        height: Of the picture, in pixels.
        width: Of the picture, in pixels.
        boxes: (N, 4) xyxy in pixels, used for the instances without a mask; optional.

    Raises:
        ValueError: A bitmap or RLE of another size, a malformed RLE, or a coordinate that is not finite.
    """

    def __init__(self, masks: Sequence[MaskSource], height: int, width: int, *, boxes=None) -> None:
        shapes = MaskShapes.from_annotations(masks, height, width, boxes)
        window = None if shapes.lies_inside() else rectangle(0, 0, width, height)
        self._set(shapes, height, width, affine.scaling(1, 1)[None], [window])

    def _set(self, shapes, height, width, matrices, windows, index=None, group=None) -> None:
        """Fill in all fields.

        Args:
            shapes: Source geometry, shared between copies.
            height: Of the present canvas.
            width: Of the present canvas.
            matrices: (G, 2, 3), from source to present coordinates, one per source picture.
            windows: G convex polygons (k, 2) in present coordinates, or None where all is visible.
            index: (N,) int64, the instances in ``shapes``; by default all.
            group: (N,) int64, the source picture of each; by default 0.
        """
        self.height, self.width = int(height), int(width)
        self._shapes, self._matrices, self._windows = shapes, matrices, windows
        self._index = np.arange(len(shapes)) if index is None else index
        self._group = np.zeros(len(self._index), np.int64) if group is None else group

    @classmethod
    def _new(cls, *args) -> 'InstanceMasks':
        """Make an object from its fields; see :meth:`_set`."""
        masks = cls.__new__(cls)
        masks._set(*args)
        return masks

    def _moved(self, matrix: np.ndarray, height: int, width: int, limit: np.ndarray | None = None) -> 'InstanceMasks':
        """Map everything by a matrix (2, 3) onto a new canvas, and hide what is outside the convex ``limit``."""
        windows = [None if w is None else affine.apply(matrix, w) for w in self._windows]
        if limit is not None:
            windows = [limit if w is None else intersect_convex(w, limit) for w in windows]
        matrices = affine.compose(matrix, self._matrices)
        return self._new(self._shapes, height, width, matrices, windows, self._index, self._group)

    # what it holds

    def __len__(self) -> int:
        """Number of instances."""
        return len(self._index)

    def __iter__(self):
        """Draw the instances one after the other, each (height, width) uint8."""
        return (self[i].to_ndarray()[0] for i in range(len(self)))

    def __repr__(self) -> str:
        """Show counts and size."""
        bitmaps, masked = self._shapes.is_bitmap[self._index].sum(), self.has_mask.sum()
        return (
            f'{type(self).__name__}(polygons={masked - bitmaps}, bitmaps={bitmaps}, '
            f'without={len(self) - masked}, height={self.height}, width={self.width})'
        )

    def __getitem__(self, index) -> 'InstanceMasks':
        """Select instances by int, slice, list, or bool or int array or tensor; always gives InstanceMasks."""
        index = index.cpu().numpy() if isinstance(index, torch.Tensor) else index
        if isinstance(index, list):
            index = np.asarray(index, bool if index and isinstance(index[0], bool | np.bool_) else np.int64)
        selected, group = np.atleast_1d(self._index[index]), np.atleast_1d(self._group[index])
        return self._new(self._shapes, self.height, self.width, self._matrices, self._windows, selected, group)

    @property
    def has_mask(self) -> np.ndarray:
        """(N,) bool: which instances were annotated with a mask, visible or not."""
        return self._shapes.has_mask[self._index]

    @property
    def masks(self) -> np.ndarray:
        """(N, height, width) uint8, read-only: what :meth:`to_ndarray` draws, under the name of ``BitmapMasks``."""
        masks = self.to_ndarray()
        masks.flags.writeable = False
        return masks

    @masks.setter
    def masks(self, bitmaps: np.ndarray) -> None:
        """Replace the masks by bitmaps (N, height, width); instances without a mask stay without."""
        kept = [bitmap if has else None for bitmap, has in zip(bitmaps, self.has_mask, strict=True)]
        boxes = self.get_bboxes().tensor.numpy()
        self.__init__(kept, self.height, self.width, boxes=boxes)

    @property
    def areas(self) -> np.ndarray:
        """(N,) float64: pixels that :meth:`to_ndarray` sets; of an instance without a mask, its visible box."""
        boxes = self.get_bboxes().tensor.numpy()
        return np.array([self._area(i, box) for i, box in enumerate(boxes)], np.float64)

    def _area(self, i: int, box: np.ndarray) -> float:
        """Area of one instance whose extent is ``box`` (4,)."""
        if not self.has_mask[i]:
            outline = affine.apply(self._matrices[self._group[i]], self._shapes.corners(self._index[i])[0])
            window = self._windows[self._group[i]]
            return abs(signed_area(outline if window is None else intersect_convex(outline, window)))
        return float(self[i]._draw_region(box)[0].sum())

    def get_bboxes(self, dst_type: str | type = 'hbox'):
        """Find the smallest boxes around the visible parts.

        Exact to the corner for polygons and boxes, to the pixel for bitmaps that were cropped or turned.

        Args:
            dst_type: A box type of mmdet, by name or class.

        Returns:
            Boxes of that type, (N, 4) xyxy in pixels; zeros where nothing is visible.
        """
        boxes = np.zeros((len(self), 4), np.float32)
        for i in range(len(self)):
            found = self._extent(i)
            if found is not None:
                boxes[i] = found
        return HorizontalBoxes(boxes).convert_to(get_box_type(dst_type)[0])

    def _extent(self, i: int) -> np.ndarray | None:
        """Give the box around the visible part of one instance, (4,) xyxy, or None."""
        matrix, window = self._matrices[self._group[i]], self._windows[self._group[i]]
        outlines = [affine.apply(matrix, corners) for corners in self._shapes.corners(self._index[i])]
        box = extent(outlines, window)
        upright = (np.abs(matrix[:, :2]) > 1e-9).sum() == 2
        if box is None or not self._shapes.is_bitmap[self._index[i]] or (window is None and upright):
            return box
        region, left, top = self[i]._draw_region(box)
        columns, rows = np.flatnonzero(region.any(axis=0)), np.flatnonzero(region.any(axis=1))
        if not len(rows):
            return None
        return np.array([columns[0] + left, rows[0] + top, columns[-1] + left + 1, rows[-1] + top + 1], np.float64)

    # what augmentations do to it

    def rescale(self, scale, interpolation: str = 'nearest') -> 'InstanceMasks':
        """Resize with the aspect ratio kept, as ``mmcv.imrescale`` does; ``scale`` is a factor or (long, short)."""
        width, height = mmcv.rescale_size((self.width, self.height), scale)
        return self.resize((height, width))

    def resize(self, out_shape, interpolation: str = 'nearest') -> 'InstanceMasks':
        """Resize to (height, width)."""
        height, width = out_shape
        return self._moved(affine.scaling(width / self.width, height / self.height), height, width)

    def flip(self, flip_direction: str = 'horizontal') -> 'InstanceMasks':
        """Flip 'horizontal', 'vertical' or 'diagonal'."""
        matrix = affine.mirroring(flip_direction, self.height, self.width)
        return self._moved(matrix, self.height, self.width)

    def rot90(self, quarters: int = 1) -> 'InstanceMasks':
        """Turn counter-clockwise by so many quarters, as ``numpy.rot90`` does."""
        height, width = (self.height, self.width) if quarters % 2 == 0 else (self.width, self.height)
        return self._moved(affine.quarter_turns(quarters, self.height, self.width), height, width)

    def pad(self, out_shape, pad_val: int = 0) -> 'InstanceMasks':
        """Add empty rows below and columns to the right, up to (height, width)."""
        _require_empty_border(pad_val)
        return self._moved(affine.scaling(1, 1), *out_shape)

    def crop(self, bbox: np.ndarray) -> 'InstanceMasks':
        """Cut out a box (4,) xyxy in whole pixels, clipped to the canvas."""
        x1, y1, x2, y2 = (int(v) for v in np.clip(bbox, 0, [self.width, self.height] * 2))
        width, height = max(x2 - x1, 1), max(y2 - y1, 1)
        return self._moved(affine.shift(-x1, -y1), height, width, rectangle(0, 0, width, height))

    def expand(self, expanded_h: int, expanded_w: int, top: int, left: int) -> 'InstanceMasks':
        """Put the picture into a larger one, its corner at (left, top)."""
        return self._moved(affine.shift(left, top), expanded_h, expanded_w)

    def translate(
        self, out_shape, offset, direction: str = 'horizontal', border_value: int = 0, interpolation: str = 'bilinear'
    ) -> 'InstanceMasks':
        """Move by pixels along 'horizontal' or 'vertical', or by (x, y) along 'both'.

        Only the directions moved along are clipped: ``MixUp`` moves one after the other, and would lose with the
        first what the second brings into view.
        """
        _require_empty_border(border_value)
        horizontal, vertical = direction != 'vertical', direction != 'horizontal'
        x, y = offset if isinstance(offset, tuple) else (offset * horizontal, offset * vertical)
        height, width = out_shape
        far = 4.0 * max(self.height, self.width, height, width)
        limit = rectangle(
            0 if horizontal else -far,
            0 if vertical else -far,
            width if horizontal else far,
            height if vertical else far,
        )
        return self._moved(affine.shift(x, y), height, width, limit)

    def shear(
        self, out_shape, magnitude: float, direction: str = 'horizontal', border_value=0, interpolation='bilinear'
    ) -> 'InstanceMasks':
        """Shear as ``mmcv.imshear`` does."""
        _require_empty_border(border_value)
        return self._moved(affine.shearing(magnitude, direction), *out_shape, rectangle(0, 0, *out_shape[::-1]))

    def rotate(
        self, out_shape, angle: float, center=None, scale: float = 1.0, border_value=0, interpolation='bilinear'
    ) -> 'InstanceMasks':
        """Rotate by degrees as ``mmcv.imrotate`` does, by default around the middle of the canvas."""
        _require_empty_border(border_value)
        center = center or ((self.width - 1) / 2, (self.height - 1) / 2)
        return self._moved(affine.rotation(angle, center, scale), *out_shape, rectangle(0, 0, *out_shape[::-1]))

    # what models need

    def crop_and_resize(
        self, bboxes, out_shape, inds, device='cpu', interpolation='bilinear', binarize: bool = True
    ) -> BitmapMasks:
        """Draw one instance per box, at the size of the mask head's output.

        Args:
            bboxes: (n, 4) array or tensor, xyxy in pixels.
            out_shape: Height and width to draw at.
            inds: (n,) array or tensor, the instance that belongs to each box.
            device: Not used: the result is in host memory.
            interpolation: Not used.
            binarize: False gives coverages between 0 and 1 instead of 0 and 1.

        Returns:
            BitmapMasks of (n, height, width), uint8 or, not binarized, float32.
        """
        height, width = out_shape
        if not len(self):
            return BitmapMasks(np.zeros((0, height, width), np.uint8), height, width)
        if isinstance(bboxes, torch.Tensor):
            bboxes = bboxes.detach().cpu().numpy()
        factor = 1 if binarize else SOFT_SAMPLES
        fine = height * factor, width * factor
        drawn = self[inds]._draw(affine.onto_grids(bboxes, fine), *fine)
        if not binarize:
            drawn = drawn.reshape(-1, height, factor, width, factor).mean(axis=(2, 4), dtype=np.float32)
        return BitmapMasks(drawn, height, width)

    def to_ndarray(self) -> np.ndarray:
        """Draw all instances, (N, height, width) uint8 in {0, 1}."""
        return self._draw(np.broadcast_to(affine.scaling(1, 1), (len(self), 2, 3)), self.height, self.width)

    def to_tensor(self, dtype: torch.dtype, device) -> torch.Tensor:
        """Draw all instances as a tensor (N, height, width)."""
        return torch.from_numpy(self.to_ndarray()).to(device=device, dtype=dtype)

    def _draw(self, to_grid: np.ndarray, height: int, width: int) -> np.ndarray:
        """Draw each instance through its own matrix (N, 2, 3) from canvas to grid; gives (N, height, width) uint8."""
        out = np.zeros((len(self), height, width), np.uint8)
        if len(self):
            matrices = affine.compose(to_grid, self._matrices[self._group])
            window_to_grid = np.ascontiguousarray(to_grid)
            rasterize(self._shapes, self._index, matrices, self._windows, self._group, window_to_grid, out)
        return out

    def _draw_region(self, box: np.ndarray) -> tuple[np.ndarray, int, int]:
        """Draw the first instance where ``box`` (4,) meets the canvas; gives the pixels, left and top."""
        left, top = (max(int(np.floor(v)), 0) for v in box[:2])
        right, bottom = min(int(np.ceil(box[2])), self.width), min(int(np.ceil(box[3])), self.height)
        region = self._draw(affine.shift(-left, -top)[None], max(bottom - top, 0), max(right - left, 0))
        return region[0], left, top

    @classmethod
    def random(cls, num_masks: int = 3, height: int = 32, width: int = 32, dtype=np.float32, rng=None):
        """Make polygons, bitmaps and instances without a mask in turn, for tests; ``rng`` is a seed or RandomState."""
        rng = rng if isinstance(rng, np.random.RandomState) else np.random.RandomState(rng)
        masks = []
        for i in range(num_masks):
            x1, y1 = rng.uniform(0, 0.5, 2) * (width, height)
            x2, y2 = rng.uniform(0.6, 1, 2) * (width, height)
            bitmap = np.zeros((height, width), np.uint8)
            bitmap[int(y1) : int(y2), int(x1) : int(x2)] = 1
            masks.append([[[x1, y1, x2, y1, x1, y2]], bitmap, None][i % 3])
        return cls(masks, height, width)

    @classmethod
    def cat(cls, masks: Sequence['InstanceMasks']) -> 'InstanceMasks':
        """Join the instances of several pictures on the canvas of the first.

        Raises:
            ValueError: There is nothing to join.
        """
        if not masks:
            raise ValueError('masks should not be an empty list')
        sizes = np.cumsum([0] + [len(m._shapes) for m in masks])
        groups = np.cumsum([0] + [len(m._matrices) for m in masks])
        return cls._new(
            MaskShapes.cat([m._shapes for m in masks]),
            masks[0].height,
            masks[0].width,
            np.concatenate([m._matrices for m in masks]),
            [window for m in masks for window in m._windows],
            np.concatenate([m._index + first for m, first in zip(masks, sizes, strict=False)]),
            np.concatenate([m._group + first for m, first in zip(masks, groups, strict=False)]),
        )

    def __deepcopy__(self, memo: dict) -> 'InstanceMasks':
        """Share the source geometry, which is never changed: mixing pictures copies them many times over."""
        return self._new(self._shapes, self.height, self.width, self._matrices, self._windows, self._index, self._group)

    def __getstate__(self) -> dict:
        """Leave behind the instances that were not selected."""
        return {**self.__dict__, '_shapes': self._shapes.take(self._index), '_index': np.arange(len(self))}


def _require_empty_border(value) -> None:
    """Refuse to fill a border with anything but background."""
    if np.any(value):
        raise ValueError(f'masks can only be bordered with 0, not with {value}')
