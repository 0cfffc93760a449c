"""Indexing folders of label pictures: every picture is looked at once, nothing is converted."""

import json
import warnings
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from custom_modules.utils import UserError

from .checks import Findings, shown
from .checks.findings import (
    BAD_PATH,
    IMAGE_SIZE,
    LABEL_SIZE,
    LABEL_VALUE,
    LINK_OUT,
    MISSING_LABELS,
    UNREADABLE_LABELS,
    Kind,
)
from .checks.image_files import FORMATS, NUM_THREADS, PATIENCE, Header, check_picture, read_header
from .checks.label_files import check_label_file
from .checks.paths import LinkGuard, is_inside
from .label_classes import LabelClasses
from .label_classes.class_file import SPLITS
from .label_pictures import COMMAND, LabelTable, describe, label_table, read_values


@dataclass(frozen=True, eq=False)
class LabelIndex:
    """What indexing found.

    Attributes:
        files: Content of each json file, by name.
        pixels: (C + 1,) int64, pixels of each class over all splits; void is last.
        pictures: (C,) int64, pictures that show each class.
    """

    files: dict[str, dict]
    pixels: np.ndarray
    pictures: np.ndarray


class _Pair(NamedTuple):
    """A photograph, and its label picture, relative to the data folder (None: a split without labels)."""

    split: str
    picture: str
    label: str | None


class _Seen(NamedTuple):
    """What was seen of a pair: width and height in px, and pixels of each raw value."""

    size: tuple[int, int]
    counts: np.ndarray | None
    warning: tuple[Kind, str] | None = None


def index_labels(root: Path, classes: LabelClasses, findings: Findings) -> LabelIndex | None:
    """Look at all photographs and label pictures of a data folder.

    Args:
        root: The data folder.
        classes: Which values are which class, and where the files are.
        findings: Gets every error and warning.

    Returns:
        The content of the files to write, ``train_all.json`` among them where there are train and val; None after an
        error.

    Raises:
        UserError: No pattern of the class file fits a picture.
    """
    pairs = [pair for split in SPLITS for pair in _find_pairs(root, classes, split)]
    if not pairs:
        patterns = ', '.join(classes.pictures)
        raise UserError(f'{root}: no picture there is called {patterns} (patterns of {classes.path})')
    table, guard = label_table(classes.categories, classes.void), LinkGuard(root)
    num_classes = len(classes.categories)
    images: dict[str, list[dict]] = {}
    pixels, shown_on = np.zeros(num_classes + 1, np.int64), np.zeros(num_classes, np.int64)

    def look(pair: _Pair) -> _Seen | tuple[Kind, str]:
        return _look(pair, root, guard, table)

    with ThreadPoolExecutor(NUM_THREADS) as pool, warnings.catch_warnings():
        warnings.simplefilter('ignore')  # Pillow's hints on large or slightly odd files
        done = tqdm(
            pool.map(look, pairs), 'pictures indexed', len(pairs), unit=' pictures', disable=None, delay=PATIENCE
        )
        for number, (pair, seen) in enumerate(zip(pairs, done, strict=True), start=1):
            if not isinstance(seen, _Seen):
                findings.add(*seen)
                continue
            if seen.warning:
                findings.add(*seen.warning)
            image = {'id': number, 'file_name': pair.picture, 'width': seen.size[0], 'height': seen.size[1]}
            if seen.counts is not None:
                of_class = table.pixels(seen.counts, num_classes)
                image.update(label_file=pair.label, labels=np.flatnonzero(of_class).tolist())
                pixels += [*of_class, seen.counts.sum() - of_class.sum()]
                shown_on += of_class > 0
            images.setdefault(pair.split, []).append(image)
    if findings.num_errors:
        return None
    return LabelIndex(_contents(images, classes), pixels, shown_on)


def _find_pairs(root: Path, classes: LabelClasses, split: str) -> list[_Pair]:
    """List the photographs of a split by name; test pictures have labels all or none."""
    folders = dict.fromkeys(classes.picture_folder(pattern, split) for pattern in classes.pictures)
    files = {file.relative_to(root).as_posix() for folder in folders for file in (root / folder).rglob('*')}
    named = [(file, classes.picture_name(file, split)) for file in sorted(files)]
    pairs = [
        _Pair(split, file, classes.label_file(name, split))
        for file, name in named
        if name is not None and not file.rpartition('/')[2].startswith('.') and (root / file).is_file()
    ]
    if split == 'test' and not any((root / pair.label).exists() for pair in pairs):
        return [pair._replace(label=None) for pair in pairs]
    return pairs


def _look(pair: _Pair, root: Path, guard: LinkGuard, table: LabelTable) -> _Seen | tuple[Kind, str]:
    """Check a photograph and its label picture, and count the raw values."""
    for file in filter(None, (pair.picture, pair.label)):
        if not is_inside(file):
            return BAD_PATH, shown(file)
        if guard.leads_out(root / file):
            return LINK_OUT, file
    header = read_header(root / pair.picture, FORMATS)
    if not isinstance(header, Header):
        return header[0], pair.picture + header[1]
    if pair.label is None:
        finding = check_picture(root / pair.picture, *header.loaded_size)
        size = header.loaded_size
        return _as_seen(pair.picture, finding, size) if finding else _Seen(size, None)
    return _look_at_labels(pair, root, table, header)


def _look_at_labels(pair: _Pair, root: Path, table: LabelTable, header: Header) -> _Seen | tuple[Kind, str]:
    finding = check_label_file(root / pair.label, 0, 0)
    if finding is not None:
        kind, detail = finding
        of = f' (of {pair.picture})' if kind is MISSING_LABELS else ''
        return kind, pair.label + detail + of
    try:
        values = read_values(root / pair.label)
    except (OSError, ValueError, SyntaxError) as error:  # SyntaxError: Pillow's for broken PNGs
        return UNREADABLE_LABELS, f'{pair.label} ({error})'
    height, width = values.shape
    finding = check_picture(root / pair.picture, width, height)
    if finding is not None and finding[0] is IMAGE_SIZE:
        size = '{} x {}'.format(*header.loaded_size)
        return LABEL_SIZE, f'{pair.label} is {width} x {height}, {pair.picture} {size}'
    counts = np.bincount(values.ravel(), minlength=256)
    if unknown := table.unknown(counts):
        return LABEL_VALUE, f'{pair.label} has {describe(unknown)}'
    return _as_seen(pair.picture, finding, (width, height), counts) if finding else _Seen((width, height), counts)


def _as_seen(
    name: str, finding: tuple[Kind, str], size: tuple[int, int], counts: np.ndarray | None = None
) -> _Seen | tuple[Kind, str]:
    """Keep a picture that has a warning only."""
    kind, detail = finding
    return (kind, name + detail) if kind.is_error else _Seen(size, counts, (kind, name + detail))


def _contents(images: dict[str, list[dict]], classes: LabelClasses) -> dict[str, dict]:
    parts = dict(images)
    if {'train', 'val'} <= set(parts):
        parts['train_all'] = parts['train'] + parts['val']
    head = {'info': {'description': f'label pictures, by {COMMAND}', 'classes': classes.path.name}}
    tail = {'categories': classes.categories, 'void': classes.void, 'annotations': []}
    return {f'{split}.json': {**head, 'images': part, **tail} for split, part in parts.items()}


def check_replaceable(root: Path, names: Iterable[str]) -> None:
    """Refuse to replace a json that is no index of label pictures.

    Args:
        root: The data folder.
        names: Names of the files to write.

    Raises:
        UserError: One of them holds something else.
    """
    for path in (root / name for name in names):
        if not path.exists():
            continue
        try:
            void = json.loads(path.read_bytes())['void']
        except (OSError, ValueError, KeyError, TypeError):
            void = None
        if not isinstance(void, list):
            raise UserError(f'{path} exists and is no index of label pictures: move it away, nothing is overwritten')
