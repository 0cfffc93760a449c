"""Checks of sets whose truth are label pictures: their records, and the headers of the files."""

import warnings
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ..label_pictures import FORMATS, MODES, describe, label_table, read_values
from .findings import (
    BAD_PATH,
    DUPLICATE_VALUE,
    LABEL_CHANNELS,
    LABEL_SIZE,
    LABEL_VALUE,
    LINK_OUT,
    MISSING_IMAGE,
    MISSING_KEY,
    MISSING_LABELS,
    TOO_MANY_CLASSES,
    TWO_TRUTHS,
    UNREADABLE_LABELS,
    WRONG_TYPE,
    Findings,
    Kind,
    shown,
)
from .image_files import NUM_THREADS, PATIENCE, Header, read_header
from .paths import LinkGuard, is_inside
from .values import whole_number

_MAX_CLASSES = 255  # a byte less the value of what does not count


def has_values(categories: Iterable[dict]) -> bool:
    """Tell whether categories are values of label pictures, and not names of objects alone."""
    return all('values' in category for category in categories)


def check_label_records(
    content: dict, images: list[dict], categories: list[dict], findings: Findings, *, has_annotations: bool
) -> list[dict]:
    """Check what the records say about label pictures; sets without any pass.

    Args:
        content: The file's other keys; ``void`` is set where it is missing.
        images: Checked image records; ``labels`` become integers.
        categories: Checked categories; ``values`` and ``color`` become integers.
        findings: Where errors are noted.
        has_annotations: Whether the file has annotations, too.

    Returns:
        The images whose ``label_file`` is safe to join to the data folder.
    """
    labelled = [image for image in images if 'label_file' in image]
    if not labelled and (has_annotations or not has_values(categories)):
        return []
    _check_values(content, categories, findings)
    if labelled and has_annotations:
        findings.add(TWO_TRUTHS, f'{len(labelled)} images have a label_file, annotations is not empty')
    if labelled:
        for image in images:
            _check_labels(image, len(categories), findings)
    return [image for image in labelled if _is_safe(image, findings)]


def _check_values(content: dict, categories: list[dict], findings: Findings) -> None:
    void = _bytes(content.get('void', []))
    if void is None:
        findings.add(WRONG_TYPE, f'void is {shown(content["void"])}, no list of whole numbers from 0 to 255')
    content['void'] = void or []
    owner = dict.fromkeys(content['void'], 'void')
    for category in categories:
        name = f'category {category["id"]}'
        for key in ('values', 'color'):
            numbers = _bytes(category.get(key))
            if key not in category:
                if key == 'values':
                    findings.add(MISSING_KEY, f'{name}: values, which label pictures need')
            elif numbers is None or (key == 'color' and len(numbers) != 3):
                wanted = 'no list of three' if key == 'color' else 'no list of'
                findings.add(WRONG_TYPE, f'{name}: {key} is {shown(category[key])}, {wanted} whole numbers to 255')
            category[key] = numbers or []
        for value in category['values']:
            if value in owner:
                findings.add(DUPLICATE_VALUE, f'{name}: value {value} is {shown(owner[value])}, too')
            owner[value] = category['name']
        if not category['color']:
            del category['color']
    if len(categories) > _MAX_CLASSES:
        findings.add(TOO_MANY_CLASSES, f'{len(categories)} categories, label maps hold {_MAX_CLASSES}')


def _check_labels(image: dict, num_classes: int, findings: Findings) -> None:
    name = f'image {image["id"]}: {shown(image["file_name"])}'
    if 'label_file' not in image:
        findings.add(MISSING_KEY, f'{name} has no label_file, others have')
        return
    labels = _bytes(image.get('labels'))
    if 'labels' not in image:
        findings.add(MISSING_KEY, f'{name}: labels, the classes on it')
    elif labels is None or max(labels, default=0) >= num_classes:
        findings.add(WRONG_TYPE, f'{name}: labels is {shown(image["labels"])}, no list of classes from 0 on')
    image['labels'] = labels or []


def _bytes(values: object) -> list[int] | None:
    """Read a list of numbers from 0 to 255, None where it is none."""
    numbers = [whole_number(value) for value in values] if isinstance(values, list) else [None]
    return numbers if all(number is not None and 0 <= number <= 255 for number in numbers) else None


def _is_safe(image: dict, findings: Findings) -> bool:
    name = image['label_file']
    if isinstance(name, str) and name and is_inside(name):
        return True
    kind = BAD_PATH if isinstance(name, str) and name else WRONG_TYPE
    findings.add(kind, f'image {image["id"]}: label_file is {shown(name)}')
    return False


def check_label_files(
    images: list[dict], root: Path, findings: Findings, *, categories: list[dict], void: list[int]
) -> None:
    """Check that each label picture is there, whole, of one channel, as large as its photograph, and of known values.

    Args:
        images: Image records whose ``label_file`` is safe to join to ``root``.
        root: The folder the names start from.
        findings: Where errors are noted.
        categories: The checked categories.
        void: The values that do not count.
    """
    guard = LinkGuard(root)

    def check(image: dict) -> tuple[Kind, str] | None:
        path = root / image['label_file']
        if guard.leads_out(path):
            return LINK_OUT, ''
        finding = check_label_file(path, image['width'], image['height'])
        return finding or _check_values_of(path, categories, void)

    with ThreadPoolExecutor(NUM_THREADS) as pool, warnings.catch_warnings():
        warnings.simplefilter('ignore')
        done = tqdm(
            pool.map(check, images), 'label pictures checked', len(images), leave=False, disable=None, delay=PATIENCE
        )
        for image, finding in zip(images, done, strict=True):
            if finding:
                kind, detail = finding
                findings.add(kind, f'image {image["id"]}: {shown(image["label_file"])}{detail}')


def check_label_file(path: Path, width: int, height: int) -> tuple[Kind, str] | None:
    """Check one label picture.

    Args:
        path: Its file.
        width: Of its photograph, px; 0 where unknown.
        height: Of its photograph, px.

    Returns:
        The kind of finding with its detail, or None for a good one.
    """
    header = read_header(path, FORMATS)
    if not isinstance(header, Header):
        kind, detail = header
        return (MISSING_LABELS if kind is MISSING_IMAGE else UNREADABLE_LABELS), detail
    if header.mode not in MODES:
        return LABEL_CHANNELS, f' is {header.mode}'
    if width and height and header.size != (width, height):
        return LABEL_SIZE, f' is {header.size[0]} x {header.size[1]}, the photograph {width} x {height}'
    return None


def _check_values_of(path: Path, categories: list[dict], void: list[int]) -> tuple[Kind, str] | None:
    """Look for values of a label picture that are neither a class's nor void: it may be younger than its record."""
    try:
        counts = np.bincount(read_values(path).ravel(), minlength=256)
    except (OSError, ValueError, SyntaxError) as error:  # SyntaxError: Pillow's for broken PNGs
        return UNREADABLE_LABELS, f' ({error})'
    unknown = label_table(categories, void).unknown(counts)
    return (LABEL_VALUE, f' has {describe(unknown)}') if unknown else None
