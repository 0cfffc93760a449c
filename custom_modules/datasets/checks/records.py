"""Checks of the image and category records of a COCO file."""

from .findings import DUPLICATE_ID, DUPLICATE_NAME, MISSING_KEY, WRONG_TYPE, Findings, shown
from .values import whole_number

MAX_SIDE = 65535
"""The longest side a JPEG can have, px; longer ones are taken for a mistake."""


def check_categories(records: list, findings: Findings) -> list[dict]:
    """Check the categories and sort them by id.

    Args:
        records: The file's ``categories``.
        findings: Where errors are noted.

    Returns:
        Those with a usable id and name, sorted by id.
    """
    categories: dict[int, dict] = {}
    names: set[str] = set()
    for position, record in enumerate(records):
        record_id = record_number(record, 'category', position, findings)
        if record_id is None:
            continue
        if record_id in categories:
            findings.add(DUPLICATE_ID, f'category {record_id}')
            continue
        name = record.get('name')
        if not isinstance(name, str) or not name.strip() or not name.isprintable():
            findings.add(WRONG_TYPE, f'category {record_id}: name is {shown(name)}, not printable text')
        elif name in names:
            findings.add(DUPLICATE_NAME, f'category {record_id}: {shown(name)}')
        names.add(str(name))
        categories[record_id] = {**record, 'id': record_id, 'name': str(name)}
    return [categories[key] for key in sorted(categories)]


def check_images(records: list, findings: Findings) -> list[dict]:
    """Check ids, names and sizes of the image records (not the pictures).

    Args:
        records: The file's ``images``.
        findings: Where errors are noted.

    Returns:
        One record per usable id, in file order, with ``id``, ``width`` and
        ``height`` as integers (0 where the file's value is unusable).
    """
    images: dict[int, dict] = {}
    names: set[str] = set()
    for position, record in enumerate(records):
        record_id = record_number(record, 'image', position, findings)
        if record_id is None:
            continue
        if record_id in images:
            findings.add(DUPLICATE_ID, f'image {record_id}')
            continue
        name = record.get('file_name')
        if not isinstance(name, str) or not name:
            findings.add(_absence(record, 'file_name'), f'image {record_id}: file_name')
            name = ''
        elif name in names:
            findings.add(DUPLICATE_NAME, f'image {record_id}: {shown(name)}')
        names.add(name)
        sides = {side: _side(record, side, record_id, findings) for side in ('width', 'height')}
        images[record_id] = {**record, 'id': record_id, 'file_name': name, **sides}
    return list(images.values())


def record_number(record: object, noun: str, position: int, findings: Findings) -> int | None:
    """Read the id of a record.

    Args:
        record: The record as the file has it.
        noun: What it is, for the message.
        position: Its place in the file's list, from 0.
        findings: Where errors are noted.

    Returns:
        The id, or None after an error.
    """
    if not isinstance(record, dict):
        findings.add(WRONG_TYPE, f'{noun} number {position + 1} is no object')
        return None
    record_id = whole_number(record.get('id'))
    if record_id is None:
        value = f' is {shown(record["id"])}, no whole number' if 'id' in record else ''
        findings.add(_absence(record, 'id'), f'{noun} number {position + 1}: id{value}')
    return record_id


def _absence(record: dict, key: str):
    return WRONG_TYPE if key in record else MISSING_KEY


def _side(record: dict, side: str, record_id: int, findings: Findings) -> int:
    value = whole_number(record.get(side))
    if value is not None and 0 < value <= MAX_SIDE:
        return value
    detail = f' is {shown(record[side])}, not from 1 to {MAX_SIDE}' if side in record else ''
    findings.add(_absence(record, side), f'image {record_id}: {side}{detail}')
    return 0
