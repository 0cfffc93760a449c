"""Which pictures and annotations of a json were made by pseudo-labelling."""

from collections.abc import Mapping
from typing import Any

from .coco_data import CocoData

KEY = 'pseudo'
"""Records made by it have ``source: {"pseudo": <round>, ...}``; by that a later round finds and replaces them."""

NOTE = 'pseudo_labels'
"""Top-level key of a file with such labels: what they come from."""


def round_of(content: Mapping[str, Any]) -> int:
    """Return the round of pseudo labels a COCO dict holds, 0 where it was made without any."""
    note = content.get(NOTE)
    return int(note['round']) if isinstance(note, dict) and isinstance(note.get('round'), int) else 0


def is_pseudo(record: Mapping) -> bool:
    """Tell whether an image or annotation record was made by pseudo-labelling."""
    return isinstance(record.get('source'), dict) and KEY in record['source']


def count_line(data: CocoData) -> str | None:
    """Say how many annotations of a training file a model made, by their source or score; None where it made none.

    Args:
        data: The file.
    """
    made = [one for one in data.annotations if is_pseudo(one) or 'score' in one]
    if not made:
        return None
    regions, objects = sum(map(_is_region, made)), sum(not _is_region(one) for one in data.annotations)
    pictures = len({one['image_id'] for one in made})
    said = f'{len(made) - regions} of {objects} objects, on {pictures} of {len(data.images)} pictures'
    return f'pseudo labels: {said}' + (f'; beside them {regions} ignore regions' if regions else '')


def _is_region(annotation: Mapping) -> bool:
    return bool(annotation.get('iscrowd') or annotation.get('ignore'))
