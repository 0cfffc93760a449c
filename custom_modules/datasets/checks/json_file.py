"""Reading a COCO json file, whatever its bytes are."""

import json
from pathlib import Path

from .findings import MISSING_KEY, NOT_JSON, UNREADABLE_FILE, WRONG_LAYOUT, Findings, shown


def read_coco_json(path: Path, findings: Findings) -> dict | None:
    """Read the file and check its outermost layout.

    Args:
        path: The json file.
        findings: Where errors are noted.

    Returns:
        The object with the lists ``images``, ``categories`` and, where the
        file has it, ``annotations``; None after an error.
    """
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        findings.add(UNREADABLE_FILE, shown(error.strerror or str(error)))
        return None
    except (ValueError, RecursionError) as error:  # ValueError: also wrong encodings and numbers of 4,300 digits
        findings.add(NOT_JSON, shown(str(error)))
        return None
    return content if _check_layout(content, findings) else None


def _check_layout(content: object, findings: Findings) -> bool:
    if not isinstance(content, dict):
        findings.add(WRONG_LAYOUT, f'it holds {type(content).__name__}, not an object')
        return False
    for key in ('images', 'categories'):
        if key not in content:
            findings.add(MISSING_KEY, f'the file has no {key}')
        elif not content[key]:
            findings.add(WRONG_LAYOUT, f'{key} is empty')
    for key in ('images', 'categories', 'annotations'):
        if content.get(key) and not isinstance(content[key], list):
            findings.add(WRONG_LAYOUT, f'{key} is no list')
    return not findings.num_errors
