"""Groups of pictures that a split must not separate."""

import json
from collections.abc import Hashable, Iterable, Sequence
from pathlib import PurePosixPath

import numpy as np

from custom_modules.utils import UserError


def merge_groups(num_pictures: int, links: Iterable[tuple[int, int]]) -> np.ndarray:
    """Put linked pictures into one group, directly linked or through others.

    Args:
        num_pictures: How many pictures there are.
        links: Pairs of positions.

    Returns:
        (N,) int64, the group of each picture, numbered from 0 in order of first appearance.
    """
    leader = list(range(num_pictures))

    def find(picture: int) -> int:
        while leader[picture] != picture:
            leader[picture] = leader[leader[picture]]
            picture = leader[picture]
        return picture

    for first, second in links:
        first, second = sorted((find(first), find(second)))
        leader[second] = first
    roots = [find(picture) for picture in range(num_pictures)]  # the first picture of each group, so sorted is enough
    return np.unique(np.array(roots, dtype=np.int64), return_inverse=True)[1]


def links_by_rule(images: Sequence[dict], rule: str) -> list[tuple[int, int]]:
    """Link the pictures that a rule of the user's keeps together.

    Args:
        images: Image records of a COCO file.
        rule: ``prefix:DEPTH``, the first DEPTH folders of ``file_name`` are the same; or ``key:NAME``, the
            records have the same value of NAME (records without it stay alone).

    Returns:
        Pairs of positions, enough to connect every group.

    Raises:
        UserError: The rule is neither, or no record has the key.
    """
    kind, _, argument = rule.partition(':')
    if kind == 'prefix' and argument.isdecimal() and int(argument) > 0:
        values = [_folders(image['file_name'], int(argument)) for image in images]
    elif kind == 'key' and argument:
        values = _key_values(images, argument)
    else:
        raise UserError(
            f'--group-by {rule}: write prefix:DEPTH (pictures with the same first DEPTH folders), or key:NAME '
            f'(pictures with the same NAME in the json)'
        )
    first_with: dict[Hashable, int] = {}
    return [
        (first_with.setdefault(value, position), position) for position, value in enumerate(values) if value is not None
    ]


def _folders(file_name: str, depth: int) -> tuple[str, ...]:
    return PurePosixPath(file_name).parts[:-1][:depth]


def _key_values(images: Sequence[dict], key: str) -> list[str | None]:
    if all(image.get(key) is None for image in images):
        others = sorted({name for image in images for name in image} - {'id', 'file_name', 'width', 'height'})
        raise UserError(
            f'--group-by key:{key}: no image of the json has {key!r}; they have {others or "no other keys"}'
        )
    return [None if image.get(key) is None else json.dumps(image[key], sort_keys=True) for image in images]
