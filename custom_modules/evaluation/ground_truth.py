"""What scoring needs from a data set: the COCO back end's input, made from ``CocoData`` or a COCO dict."""

from typing import Any

import numpy as np

from custom_modules.utils import UserError


def coco_parts(coco: Any) -> tuple[list[dict], list[dict], list[dict]]:
    """Return images, annotations and categories of a data set.

    Args:
        coco: ``CocoData`` or a dict in COCO's layout; annotations may be absent.

    Returns:
        The three lists; categories sorted by id, so that a category's position is its label.
    """
    get = coco.get if isinstance(coco, dict) else lambda key: getattr(coco, key, None)
    categories = sorted(get('categories') or [], key=lambda category: category['id'])
    return list(get('images') or []), list(get('annotations') or []), categories


def is_ignored(annotation: dict) -> bool:
    """Say whether an annotation is an ignore region: a crowd, or marked ``ignore``."""
    return bool(annotation.get('iscrowd') or annotation.get('ignore'))


def scoring_annotations(annotations: list[dict], images: list[dict], iou_type: str) -> list[dict]:
    """Copy annotations into the form the COCO rules are applied to.

    Ids are given anew from 1 on (COCO's matching takes id 0 for "unmatched").  Regions marked ``ignore`` become crowds:
    detections that lie in one count neither way.  When masks are scored, a box without a mask becomes such a region
    too: it is unknown which of its pixels are the object.

    Args:
        annotations: COCO annotations.
        images: The images to score; annotations of others are left out.
        iou_type: ``'bbox'`` or ``'segm'``.

    Returns:
        New records; the input is not changed.
    """
    wanted = {image['id'] for image in images}
    return [
        _scoring_annotation(annotation, index, iou_type == 'segm')
        for index, annotation in enumerate(annotations, start=1)
        if annotation['image_id'] in wanted
    ]


def _scoring_annotation(annotation: dict, index: int, with_mask: bool) -> dict:
    x, y, width, height = annotation['bbox']
    record = {
        'id': index,
        'image_id': annotation['image_id'],
        'category_id': annotation['category_id'],
        'bbox': [x, y, width, height],
        'area': annotation.get('area', width * height),
        'iscrowd': int(is_ignored(annotation)),
    }
    if with_mask:
        record['segmentation'] = annotation.get('segmentation')
        if not record['segmentation']:
            record['segmentation'] = [[x, y, x + width, y, x + width, y + height, x, y + height]]
            record['iscrowd'] = 1
    return record


def count_objects(records: list[dict], categories: list[dict]) -> np.ndarray:
    """Count the objects that can be found, ignore regions aside.

    Args:
        records: Result of :func:`scoring_annotations`.
        categories: Sorted by id.

    Returns:
        (K,) int64, one count per category.

    Raises:
        UserError: There is none at all.
    """
    position = {category['id']: index for index, category in enumerate(categories)}
    counts = np.zeros(len(categories), dtype=np.int64)
    for record in records:
        counts[position[record['category_id']]] += not record['iscrowd']
    if not counts.sum():
        raise UserError('nothing to score: the data set has no annotated objects; give a file with answers (--ann)')
    return counts
