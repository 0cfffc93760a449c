"""Copy-paste once and for all: a new data set with pasted pictures beside the old ones."""

import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from mmengine.registry import DefaultScope

from ..datasets import CocoData, load_coco
from ..datasets.pasted import FOLDER, holds_pasted
from ..datasets.trash_det_dataset import TrashDetDataset
from ..evaluation.rle import encode_masks
from ..transforms.class_weights import check_class_names
from ..utils import UserError, atomic_write, resolve_ann, resolve_data_root
from .seeding import random_numbers_of

QUALITY = 95  # of the JPEGs, 0 to 100


def write_pasted(
    data_root: str | Path,
    out: str | Path,
    *,
    paste: Any,
    pictures: int | None = None,
    train_ann: str = 'train.json',
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Write a data set that holds another one and pictures with pasted objects.

    ``out`` gets the pictures (as hard links where the disk allows), ``val.json`` and ``test*.json`` as they are,
    ``pasted/*.jpg`` and a ``train.json`` of all training pictures.  New pictures have ``source.image_id``, the
    picture they were made of; pasted objects ``source.image_id`` and ``source.annotation_id``.  The folder appears
    when it is complete.

    Args:
        data_root: Folder of the data set.
        out: Folder to write; must not exist.
        paste: A ``TrashCopyPaste``.
        pictures: How many to make; as many as there are by default.
        train_ann: Training json to start from.
        seed: Another seed pastes otherwise.
        progress: Called with the pictures made and their number.

    Returns:
        The content of the new ``train.json``.

    Raises:
        UserError: ``out`` exists, the data has errors or pasted pictures already, no object has a mask, an unknown
            class has a weight, or a picture cannot be written.
    """
    out = Path(out)
    if out.exists():
        raise UserError(f'{out} exists; name a new folder by --out')
    root = resolve_data_root(data_root)
    data = load_coco(resolve_ann(root, train_ann), root)
    if holds_pasted(data):
        raise UserError(f'{data.path}: has pictures in {FOLDER}/ already; start from the data set it was made of')
    if isinstance(paste.class_weights, Mapping):
        check_class_names(paste.class_weights, data.classes, option='--classes')
    dataset = _loading_dataset(root, data.path)
    paste.use_dataset(dataset)  # before anything is written: there may be nothing to paste
    partial = out.with_name(f'.{out.name}.partial')
    shutil.rmtree(partial, ignore_errors=True)
    try:
        _link_pictures(root, partial, data)
        content = _paste_all(dataset, data, partial, paste, pictures or len(data.images), seed, progress)
        with atomic_write(partial / 'train.json') as file:
            json.dump(content, file)
        partial.rename(out)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return content


def _loading_dataset(root: Path, ann: Path) -> TrashDetDataset:
    pipeline = [dict(type='LoadImageFromFile'), dict(type='LoadTrashAnnotations')]
    with DefaultScope.overwrite_default_scope('mmdet'):
        return TrashDetDataset(str(ann.resolve()), data_root=str(root), pipeline=pipeline)


def _link_pictures(root: Path, out: Path, train: CocoData) -> None:
    """Bring over all pictures, and the json files other than the training one."""
    others = [path for path in (root / 'val.json', *sorted(root.glob('test*.json'))) if path.is_file()]
    names = {image['file_name'] for image in train.images}
    for path in others:
        names |= {image['file_name'] for image in load_coco(path, root, check_images=False).images}
        (out / path.name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, out / path.name)
    for name in sorted(names):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link((root / name).resolve(), out / name)
        except OSError:  # another disk
            shutil.copyfile(root / name, out / name)


def _paste_all(
    dataset: TrashDetDataset, data: CocoData, out: Path, paste: Any, number: int, seed: int, progress: Callable | None
) -> dict[str, Any]:
    content = json.loads(json.dumps(data.as_json()))
    image_id = max(image['id'] for image in content['images'])
    annotation_id = max(annotation['id'] for annotation in content['annotations'])
    (out / FOLDER).mkdir()
    for count in range(1, number + 1):
        with random_numbers_of(seed, count):
            picture, origins = _paste_one(dataset, paste)
        name = f'{FOLDER}/{count:06d}.jpg'
        if not cv2.imwrite(str(out / name), picture['img'], [cv2.IMWRITE_JPEG_QUALITY, QUALITY]):
            raise UserError(f'{out / name}: cannot be written; is the disk full?')
        height, width = picture['img'].shape[:2]
        content['images'].append(
            dict(
                id=image_id + count, file_name=name, width=width, height=height, source=dict(image_id=picture['img_id'])
            )
        )
        for record in _records(picture, origins, data.cat_ids):
            annotation_id += 1
            content['annotations'].append(dict(record, id=annotation_id, image_id=image_id + count))
        if progress is not None:
            progress(count, number)
    return content


def _paste_one(dataset: TrashDetDataset, paste: Any) -> tuple[dict, list[tuple[int, int] | None]]:
    picture = dataset[int(np.random.randint(len(dataset)))]
    picture['mix_results'] = [dataset[index] for index in paste.get_indexes(dataset)]
    return paste.paste(picture)


def _records(picture: dict, origins: list[tuple[int, int] | None], cat_ids: tuple[int, ...]) -> Iterable[dict]:
    """Give the objects of a picture as COCO annotations without ids."""
    masks = picture['gt_masks']
    rles = encode_masks(masks.to_ndarray())
    boxes = picture['gt_bboxes'].numpy().astype(np.float64)
    for i, (x1, y1, x2, y2) in enumerate(boxes.tolist()):
        record = dict(
            category_id=cat_ids[picture['gt_bboxes_labels'][i]],
            bbox=[x1, y1, x2 - x1, y2 - y1],
            area=float(masks[i].areas[0]),
            iscrowd=int(picture['gt_ignore_flags'][i]),
        )
        if masks.has_mask[i]:
            record['segmentation'] = rles[i]
        if origins[i] is not None:
            record['source'] = dict(zip(('image_id', 'annotation_id'), origins[i], strict=True))
        yield record
