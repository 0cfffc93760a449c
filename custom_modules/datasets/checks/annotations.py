"""Checks and repairs of the annotation records of a COCO file."""

import math
from collections.abc import Callable

from .boxes import MIN_SIDE, clip_box, find_same_boxes, read_box
from .findings import (
    BAD_MASK,
    BAD_MASK_PART,
    CLIPPED_BOX,
    COMPUTED_AREA,
    COMPUTED_BOX,
    CONFLICTING_BOXES,
    DUPLICATE_BOX,
    DUPLICATE_ID,
    MISSING_ISCROWD,
    MISSING_KEY,
    ORPHAN,
    TINY_BOX,
    UNKNOWN_CATEGORY,
    WRONG_TYPE,
    Findings,
    Kind,
    shown,
)
from .masks import check_mask, mask_area, mask_box
from .records import record_number
from .values import flag, real_number, whole_number


def check_annotations(records: list, images: dict[int, dict], category_ids: set[int], findings: Findings) -> list[dict]:
    """Check the annotations and repair what can be repaired.

    Args:
        records: The file's ``annotations``.
        images: The image records by id.
        category_ids: The known category ids.
        findings: Where errors and warnings are noted.

    Returns:
        Copies of the usable records in file order: ``bbox`` as floats inside
        the picture (x, y, width, height in px), ``area`` and ``iscrowd`` set,
        ``segmentation`` only where there is a usable mask, duplicates removed.
    """
    seen: set[int] = set()
    checked = []
    for position, record in enumerate(records):
        record_id = record_number(record, 'annotation', position, findings)
        if record_id is None:
            continue
        if record_id in seen:
            findings.add(DUPLICATE_ID, f'annotation {record_id}')
        seen.add(record_id)
        annotation = _check_one({**record, 'id': record_id}, images, category_ids, findings)
        if annotation is not None:
            checked.append(annotation)
    return _without_duplicates(checked, images, findings)


def _check_one(annotation: dict, images: dict[int, dict], category_ids: set[int], findings: Findings) -> dict | None:
    image = _check_links(annotation, images, category_ids, findings)
    if image is None:
        return None

    def note(kind: Kind, detail: str = '') -> None:
        findings.add(kind, _name(annotation, image) + detail)

    _check_flags(annotation, note)
    if not image['width'] or not image['height']:  # an error already
        return None
    _check_mask(annotation, image, note)
    return annotation if _check_box(annotation, image, note) else None


def _check_links(annotation: dict, images: dict, category_ids: set[int], findings: Findings) -> dict | None:
    """Look up image and category; return the image record, or None after an error."""
    found = {}
    for key, known, kind in (('image_id', images, ORPHAN), ('category_id', category_ids, UNKNOWN_CATEGORY)):
        number = whole_number(annotation.get(key))
        name = f'annotation {annotation["id"]}: {key}'
        if key not in annotation:
            findings.add(MISSING_KEY, name)
        elif number is None:
            findings.add(WRONG_TYPE, f'{name} is {shown(annotation[key])}, no whole number')
        elif number not in known:
            findings.add(kind, f'{name} {number}')
        else:
            annotation[key] = found[key] = number
    return images[found['image_id']] if len(found) == 2 else None


def _check_flags(annotation: dict, note: Callable) -> None:
    if annotation.get('iscrowd') is None:
        note(MISSING_ISCROWD)
        annotation['iscrowd'] = 0
    for key in ('iscrowd', 'ignore'):
        if key in annotation:
            value = flag(annotation[key])
            if value is None:
                note(WRONG_TYPE, f': {key} is {shown(annotation[key])}, neither 0 nor 1')
            annotation[key] = value or 0
    if 'score' in annotation:
        score = real_number(annotation['score'])
        if score is None or not 0 <= score <= 1:
            note(WRONG_TYPE, f': score is {shown(annotation["score"])}, not from 0 to 1')


def _check_mask(annotation: dict, image: dict, note: Callable) -> None:
    mask, num_bad, num_bad_parts = check_mask(annotation.pop('segmentation', None), image['height'], image['width'])
    if num_bad:
        note(BAD_MASK)
    for _ in range(num_bad_parts):
        note(BAD_MASK_PART)
    if mask is not None:
        annotation['segmentation'] = mask


def _check_box(annotation: dict, image: dict, note: Callable) -> bool:
    """Check and repair box and area in place; False after an error."""
    mask = annotation.get('segmentation')
    if annotation.get('bbox') in (None, []):
        if mask is None:
            note(MISSING_KEY, ': bbox')
            return False
        annotation['bbox'] = mask_box(mask)
        note(COMPUTED_BOX)
    box, error = read_box(annotation['bbox'])
    if error:
        note(error, f': {shown(annotation["bbox"])}')
        return False
    box, was_cut = clip_box(box, image['width'], image['height'])
    annotation['bbox'] = box
    if was_cut:
        note(CLIPPED_BOX)
    if min(box[2:]) < MIN_SIDE:
        note(TINY_BOX, f': {box[2]:.4g} x {box[3]:.4g}')
    area = real_number(annotation.get('area'))
    if area is None or not math.isfinite(area) or area < 0:
        note(COMPUTED_AREA)
        area = None
    if area is None or (was_cut and mask is None):
        area = box[2] * box[3] if mask is None else mask_area(mask)
    annotation['area'] = area
    return True


def _without_duplicates(annotations: list[dict], images: dict[int, dict], findings: Findings) -> list[dict]:
    """Keep one of each object drawn twice: the first with a mask, or else the first."""
    groups, conflicts = find_same_boxes(annotations)
    dropped = set()
    for group in groups:
        kept = min(group, key=lambda i: ('segmentation' not in annotations[i], i))
        for i in sorted(set(group) - {kept}):
            _note_pair(DUPLICATE_BOX, annotations[i], annotations[kept], images, findings)
            dropped.add(i)
    for first, second in conflicts:
        _note_pair(CONFLICTING_BOXES, annotations[first], annotations[second], images, findings)
    return [annotation for i, annotation in enumerate(annotations) if i not in dropped]


def _note_pair(kind: Kind, annotation: dict, other: dict, images: dict[int, dict], findings: Findings) -> None:
    findings.add(kind, f'{_name(annotation, images[annotation["image_id"]])} and {other["id"]}')


def _name(annotation: dict, image: dict) -> str:
    return f'annotation {annotation["id"]} (image {image["id"]}, {shown(image["file_name"])})'
