"""Pseudo labels beside the real annotations, in one COCO file."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from custom_modules.datasets.checks.paths import is_inside
from custom_modules.datasets.coco_data import CocoData
from custom_modules.datasets.pseudo_records import KEY, NOTE, is_pseudo
from custom_modules.evaluation.rle import mask_api
from custom_modules.utils import UserError

from .selection import PseudoLabels


def real_part(data: CocoData) -> CocoData:
    """Return a data set without the pictures and annotations of earlier rounds."""
    content = without_pseudo({'images': data.images, 'annotations': data.annotations})
    extra = {key: value for key, value in data.extra.items() if key != NOTE}
    return replace(data, images=content['images'], annotations=content['annotations'], extra=extra)


def without_pseudo(content: dict[str, Any]) -> dict[str, Any]:
    """Return a COCO dict without the pictures and annotations of earlier rounds."""
    images = [image for image in content['images'] if not is_pseudo(image)]
    kept = {image['id'] for image in images}
    annotations = [one for one in content['annotations'] if not is_pseudo(one) and one['image_id'] in kept]
    others = {key: value for key, value in content.items() if key != NOTE}
    return {**others, 'images': images, 'annotations': annotations}


def check_same_classes(real: CocoData, unlabelled: CocoData) -> None:
    """Refuse pictures of a data set with other classes.

    Raises:
        UserError: Ids or names of the categories differ.
    """
    ours, theirs = (list(zip(data.cat_ids, data.classes, strict=True)) for data in (real, unlabelled))
    if ours != theirs:
        odd = next(iter(sorted(set(theirs) ^ set(ours))), None)
        raise UserError(f'{unlabelled.path} has other classes than {real.path} (such as {odd}): give a file of one set')


def merge_labels(
    content: dict[str, Any],
    real_root: Path,
    unlabelled: CocoData,
    labels: PseudoLabels,
    *,
    out_root: Path,
    note: Mapping[str, Any] | None = None,
    with_masks: bool = True,
    keep_empty: bool = False,
) -> dict[str, Any]:
    """Join real annotations and the labels of detectors; see :func:`merge_records`.

    Args:
        content: COCO dict with the real annotations; those of earlier rounds are replaced.
        real_root: Folder its file names start from.
        unlabelled: The pictures that were labelled.
        labels: Labels and ignore regions for them.
        out_root: Folder the new file's names start from.
        note: What else the file is to say of the labels under ``pseudo_labels``; ``round`` is 1 by default.
        with_masks: Keep predicted masks.
        keep_empty: Take in pictures without labels too, as background.

    Returns:
        The new COCO dict.

    Raises:
        UserError: A picture does not lie below ``out_root``.
    """
    records, options = box_records(labels, with_masks=with_masks), {'note': note, 'keep_empty': keep_empty}
    return merge_records(content, real_root, unlabelled, records, out_root=out_root, **options)


def merge_records(
    content: dict[str, Any],
    real_root: Path,
    unlabelled: CocoData,
    by_image: Mapping[int, Sequence[dict]],
    *,
    out_root: Path,
    note: Mapping[str, Any] | None = None,
    keep_empty: bool = False,
) -> dict[str, Any]:
    """Join real annotations and records of pseudo labels; the pictures stay where they are.

    Pictures and annotations taken in get new ids, and ``source: {"pseudo": round, "image_id": id in the file of
    unlabelled pictures}``.

    Args:
        content: COCO dict with the real annotations; those of earlier rounds are replaced.
        real_root: Folder its file names start from.
        unlabelled: The pictures that were labelled.
        by_image: Annotations without ids for them by image id, with ``score``, and ``iscrowd``: 1 for ignore regions.
        out_root: Folder the new file's names start from.
        note: What else the file is to say of the labels under ``pseudo_labels``; ``round`` is 1 by default.
        keep_empty: Take in pictures without labels too, as background.

    Returns:
        The new COCO dict.

    Raises:
        UserError: A picture does not lie below ``out_root``.
    """
    content, note = without_pseudo(content), {'round': 1, **(note or {})}
    real_images = _moved(content['images'], real_root, out_root)
    pictures = [
        image
        for image in unlabelled.images
        if keep_empty or any(not one['iscrowd'] for one in by_image.get(image['id'], ()))
    ]
    new_images, new_annotations = [], []
    image_id = max((image['id'] for image in real_images), default=0)
    annotation_id = max((one['id'] for one in content['annotations']), default=0)
    for image in _moved(pictures, unlabelled.image_root, out_root):
        image_id += 1
        source = {KEY: note['round'], 'image_id': image['id']}
        new_images.append({**image, 'id': image_id, 'source': source})
        for record in by_image.get(image['id'], ()):
            annotation_id += 1
            new_annotations.append({'id': annotation_id, 'image_id': image_id, **record, 'source': source})
    return {
        **content,
        NOTE: note,
        'images': [*real_images, *new_images],
        'annotations': [*content['annotations'], *new_annotations],
    }


def box_records(labels: PseudoLabels, *, with_masks: bool = True) -> dict[int, list[dict]]:
    """Make annotation records without ids by picture; ignore regions have ``iscrowd: 1``."""
    areas = (labels.predictions.boxes_xywh[:, 2] * labels.predictions.boxes_xywh[:, 3]).tolist()
    if with_masks and labels.predictions.segmentations:
        areas = [float(area) for area in mask_api.area(labels.predictions.segmentations)]
    by_image: dict[int, list[dict]] = {}
    regions = labels.is_region.tolist()
    for found, area, is_region in zip(labels.predictions.records(), areas, regions, strict=True):
        record = {'category_id': found['category_id'], 'bbox': found['bbox'], 'area': area, 'iscrowd': int(is_region)}
        if with_masks and area > 0 and 'segmentation' in found:
            record['segmentation'] = found['segmentation']
        record['score'] = found['score']
        by_image.setdefault(found['image_id'], []).append(record)
    return by_image


def _moved(images: Sequence[dict], root: Path, out_root: Path) -> list[dict]:
    """Name pictures from another folder."""
    prefix = path_from(out_root, root)
    return [{**image, 'file_name': f'{prefix}{image["file_name"]}'} for image in images]


def path_from(out_root: Path, root: Path) -> str:
    """Return what has to stand before the file names of one folder in a json that lies in another.

    Args:
        out_root: Folder of the json.
        root: Folder the names start from.

    Raises:
        UserError: It does not lie below ``out_root``: a json may not name files elsewhere.
    """
    prefix = os.path.relpath(root.resolve(), out_root.resolve())
    if prefix != '.' and not is_inside(prefix):
        raise UserError(
            f'the pictures of {root} do not lie below {out_root}, so a file there cannot name them: '
            f'move one folder into the other, or choose a folder above both by --out'
        )
    return '' if prefix == '.' else f'{prefix}/'
