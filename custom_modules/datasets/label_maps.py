"""From instances to the map of labels that a segmenter learns and is scored by."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from custom_modules.structures.label_map import ORDERS, Order, paint_shapes
from custom_modules.structures.mask_shapes import MaskShapes
from custom_modules.utils import UserError

from .coco_data import CocoData
from .instances import as_instance
from .label_pictures import IGNORED, LabelTable, label_table, load_labels
from .palette import Colour, class_palette, segmentation_palette

BACKGROUND = 'Background'
MAX_CLASSES = IGNORED


def segmentation_classes(categories: Sequence[str]) -> tuple[str, ...]:
    """Name the classes of a segmenter: Background is 0, the categories follow in their order.

    Args:
        categories: Names sorted by id.

    Raises:
        UserError: There are more than a byte has room for, or one is called Background, too.
    """
    if len(categories) >= MAX_CLASSES:
        raise UserError(f'{len(categories)} categories: label maps hold {MAX_CLASSES - 1} at most')
    if BACKGROUND in categories:
        raise UserError(
            f'a category is called {BACKGROUND}: what no mask covers is {BACKGROUND} already; take it out of the json'
        )
    return (BACKGROUND, *categories)


def coco_classes(coco: CocoData) -> tuple[str, ...]:
    """Name the classes of a data set by label.

    Returns:
        Background and its categories; of a set of label pictures the categories as they are.
    """
    return coco.classes if coco.has_label_values else segmentation_classes(coco.classes)


def coco_palette(coco: CocoData) -> list[Colour]:
    """Give the classes of :func:`coco_classes` their colours: the data set's own, where it has some."""
    if not coco.has_label_values:
        return segmentation_palette(coco_classes(coco))
    colours = zip(coco.categories, class_palette(coco.classes), strict=True)
    return [tuple(category.get('color', colour)) for category, colour in colours]


def paint_labels(instances: Sequence[dict], height: int, width: int, *, order: Order = 'area') -> np.ndarray:
    """Paint the instances of a data info.

    Crowds and ignore regions become 255, and so do the boxes of instances without a mask: which of their pixels are the
    object is not known.

    Args:
        instances: With ``mask``, ``bbox`` (xyxy, px), ``bbox_label`` (from 0), ``ignore_flag`` and ``ann_id``.
        height: Of the picture, px.
        width: Of the picture, px.
        order: ``'area'``: larger ones are painted first, so that small ones stay on top; ``'id'``: in the order of
            their ids.

    Returns:
        (height, width) uint8: 0 for Background, label + 1, 255 for what does not count.

    Raises:
        ValueError: A mask does not fit the picture, or ``order`` is unknown.
    """
    if order not in ORDERS:
        raise ValueError(f'order is {order!r}; there are {", ".join(ORDERS)}')
    boxes = np.array([instance['bbox'] for instance in instances], np.float64).reshape(-1, 4)
    shapes = MaskShapes.from_annotations([instance['mask'] for instance in instances], height, width, boxes)
    labels = np.array([instance['bbox_label'] + 1 for instance in instances], np.int64)
    ignored = np.array([bool(instance['ignore_flag']) for instance in instances], bool)
    values = np.where(ignored | ~shapes.has_mask, IGNORED, labels)
    rank = np.array([instance['ann_id'] for instance in instances], np.int64)
    return paint_shapes(shapes, values, height, width, order=order, rank=rank)


def labels_on(instances: Sequence[dict]) -> list[int]:
    """List the labels of the objects that are painted, one for each: neither ignored nor without a mask."""
    return [
        instance['bbox_label'] + 1
        for instance in instances
        if not instance['ignore_flag'] and instance['mask'] is not None
    ]


class LabelMaps:
    """The label map of every picture of a data set, made when it is asked for.

    Args:
        coco: The data set.
        order: See :func:`paint_labels`.

    Attributes:
        classes: Names by label, see :func:`coco_classes`.
        image_ids: Ids of the pictures, in the order of the file.
    """

    def __init__(self, coco: CocoData, *, order: Order = 'area') -> None:
        self.coco, self.order = coco, order
        self.classes = coco_classes(coco)
        self.image_ids = tuple(image['id'] for image in coco.images)

    @cached_property
    def _images(self) -> dict[int, dict]:
        return {image['id']: image for image in self.coco.images}

    @cached_property
    def _annotations(self) -> dict[int, list[dict]]:
        return self.coco.annotations_of()

    @cached_property
    def _root(self) -> Path:
        """The folder that label files start from: where the json is, or, as for those of folds, the one above."""
        root, file = self.coco.image_root, next(filter(None, (image.get('label_file') for image in self.coco.images)))
        is_above = not (root / file).exists() and (root.absolute().parent / file).exists()
        return root.absolute().parent if is_above else root

    @cached_property
    def _table(self) -> LabelTable:
        return label_table(self.coco.categories, self.coco.extra['void'])

    def __getitem__(self, image_id: int) -> np.ndarray:
        """Give the label map of a picture, (H, W) uint8; 255 does not count.

        Raises:
            KeyError: The data set has no such picture.
            UserError: Its label picture cannot be read.
        """
        image = self._images[image_id]
        if self.coco.has_label_values:
            file = image.get('label_file')
            path = None if file is None else self._root / file
            return load_labels(path, self._table, image['height'], image['width'])
        instances = [as_instance(record, self.coco.label_of) for record in self._annotations[image_id]]
        return paint_labels(instances, image['height'], image['width'], order=self.order)

    def __len__(self) -> int:
        """Number of pictures."""
        return len(self.image_ids)
