"""Label maps to be submitted, picture by picture: from probabilities, label pictures or another csv."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from custom_modules.datasets.coco_data import CocoData
from custom_modules.datasets.label_maps import coco_classes
from custom_modules.datasets.label_pictures import drawn_name, read_values
from custom_modules.ensemble.probs import open_probs
from custom_modules.utils import UserError

from .detection_table import normal_name
from .kinds import PICTURES, PROBS
from .segmentation_csv import check_pictures, read_segmentation_csv
from .segmentation_rows import SIDE, BadRowError, check_labels
from .shrinking import shrink_labels, shrink_probs

LABEL, PROB = 'label', 'prob'
RESIZING = (LABEL, PROB)


def submitted_labels(path: Path, kind: str, coco: CocoData, resize: str = LABEL) -> Iterator[tuple[str, np.ndarray]]:
    """Give the label map of every picture of a data set as it is to be submitted.

    Which pictures and classes there are is checked on the call, pixels as they come.

    Args:
        path: What was predicted.
        kind: What it holds, of ``kinds.SEGMENTATION``.
        coco: The data set; annotations are not needed.
        resize: ``'label'`` shrinks labels, ``'prob'`` probabilities.

    Returns:
        ``file_name`` and (256, 256) uint8 labels, in the order of the data set.

    Raises:
        UserError: It is about other pictures or classes, damaged, or holds no probabilities to be shrunk.
    """
    if resize == PROB and kind != PROBS:
        raise UserError(f'--resize {PROB}: {path} holds labels only, no probabilities; leave it out')
    if kind == PROBS:
        return _from_probs(path, coco, shrink_probs if resize == PROB else None)
    return _from_pictures(path, coco) if kind == PICTURES else _from_csv(path, coco)


def _from_probs(path: Path, coco: CocoData, shrink) -> Iterator[tuple[str, np.ndarray]]:
    probs, classes = open_probs(path), coco_classes(coco)
    if probs.classes != classes:
        odd = next((pair for pair in zip(probs.classes, classes, strict=False) if pair[0] != pair[1]), None)
        other = f'such as {odd[0]} in the place of {odd[1]}' if odd else 'the first ones are the same'
        raise UserError(
            f'{path}: has {len(probs.classes)} classes, {coco.path.name} has {len(classes)}, {other}; give the json of '
            'the data set the model was trained on by --ann'
        )
    known = {image['id']: image['file_name'] for image in coco.images}
    ids = {name: image_id for image_id, name in known.items()}
    for image_id, picture in probs.pictures.items():
        other = ids.get(picture.file_name, image_id)
        if other != image_id or not _is_same(picture.file_name, known.get(image_id, picture.file_name)):
            raise UserError(
                f'{path}: the picture with the id {image_id} is {picture.file_name:.80}, {coco.path.name} has other '
                'ids; predict on this json, or name the other by --ann'
            )
    names = [known.get(image_id, picture.file_name) for image_id, picture in probs.pictures.items()]
    check_pictures(map(normal_name, names), list(known.values()), str(path), coco.path.name)
    for image in coco.images:
        picture = probs.pictures[image['id']]
        _check_size((picture.height, picture.width), image, f'{path}: {image["file_name"]:.80}')

    def labels() -> Iterator[tuple[str, np.ndarray]]:
        for image_id, name in known.items():
            yield name, shrink(probs.raw(image_id)) if shrink else shrink_labels(probs.labels(image_id))

    return labels()


def _is_same(predicted: str, name: str) -> bool:
    """Whether a path that was predicted on is the picture of this name."""
    return f'/{normal_name(predicted)}'.endswith(f'/{normal_name(name)}')


def _from_pictures(folder: Path, coco: CocoData) -> Iterator[tuple[str, np.ndarray]]:
    files = {image['file_name']: find_label_picture(folder, image) for image in coco.images}
    missing = [name for name, file in files.items() if file is None]
    if missing:
        raise UserError(f'{folder}: {_missing_text(folder, missing, coco)}')
    used = {file.resolve() for file in files.values()}
    if len(used) < len(files):
        raise UserError(f'{folder}: pictures of one name share a file; name label pictures with the folders as well')
    more = next((file for file in sorted(folder.rglob('*.png')) if file.resolve() not in used), None)
    if more is not None:
        raise UserError(
            f'{more}: is of no picture of {coco.path.name}; give the json it is of by --ann, or move it away'
        )
    classes = coco_classes(coco)

    def labels() -> Iterator[tuple[str, np.ndarray]]:
        for image in coco.images:
            file = files[image['file_name']]
            try:
                values = read_values(file)
                check_labels(values, classes)
            except (OSError, BadRowError) as error:
                raise UserError(f'{file}: {error}') from None
            except ValueError as error:
                raise UserError(f'{file}: {error}; a label picture has the number of the class in each pixel') from None
            _check_size(values.shape, image, str(file))
            yield image['file_name'], shrink_labels(values)

    return labels()


def find_label_picture(folder: Path, image: dict) -> Path | None:
    """Find the label picture of an image record in a folder.

    It is called as ``predict.py --draw`` does, or like the picture, with or without its folders, and ``.png``.

    Args:
        folder: Where to look.
        image: ``id`` and ``file_name``.

    Returns:
        The file; None without one.
    """
    name = Path(normal_name(image['file_name'])).with_suffix('.png')
    candidates = (folder / drawn_name(image['id'], name, '_labels.png'), folder / name, folder / name.name)
    return next((file for file in candidates if file.is_file()), None)


def _missing_text(folder: Path, missing: list[str], coco: CocoData) -> str:
    text = f'{len(missing)} of {len(coco.images)} pictures have no label picture, such as {missing[0]:.80}'
    ending = re.compile(rf'\d+_{re.escape(Path(missing[0]).stem[:100])}_labels\.png')
    other = next((file.name for file in folder.glob('*_labels.png') if ending.fullmatch(file.name)), None)
    if other:
        return f'{text}; {other} has another id: predict with --ann {coco.path}'
    return f'{text}; tools/predict.py --draw writes them'


def _check_size(size: tuple[int, int], image: dict, place: str) -> None:
    if size not in ((image['height'], image['width']), (SIDE, SIDE)):
        raise UserError(
            f'{place}: is {size[1]} x {size[0]}, the picture {image["width"]} x {image["height"]}; '
            'predict on the pictures of this json'
        )


def _from_csv(path: Path, coco: CocoData) -> Iterator[tuple[str, np.ndarray]]:
    table = read_segmentation_csv(path, coco_classes(coco))
    check_pictures(table.names, [image['file_name'] for image in coco.images], str(path), coco.path.name)
    return ((image['file_name'], table[normal_name(image['file_name'])]) for image in coco.images)
