"""Bringing members together: the same pictures, the same classes, or a message that names the one that differs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from custom_modules.utils import UserError

from .members import Member, Picture, ProbsMember, list_some, open_member


@dataclass(frozen=True, eq=False)
class Electorate:
    """Members that agree on what they vote on.

    Attributes:
        members: In the order given.
        classes: C names by label.
        pictures: In the order of the data set, or else of the first probabilities.
        source: What says so, for messages.
        left_out: Pictures of the data set that not all members have, where an intersection was asked for.
    """

    members: list[Member]
    classes: tuple[str, ...]
    pictures: list[Picture]
    source: str
    left_out: int = 0

    @property
    def names(self) -> list[str]:
        """The members' paths."""
        return [str(member.path) for member in self.members]


def open_members(paths: Sequence[str | Path], coco: Any = None, *, intersection: bool = False) -> Electorate:
    """Open predictions that are to vote together.

    Pictures have the sizes that the data set says; without one, those of the first probabilities.  Members of other
    sizes are resized as they are counted.

    Args:
        paths: See :func:`open_member`.
        coco: The data set, ``CocoData``; without it pictures and classes are those of the first probabilities.
        intersection: Vote on the pictures that all members have; otherwise they must have the same.

    Raises:
        UserError: A member is damaged, or has other pictures or classes; the message names it.
    """
    members = [open_member(path) for path in paths]
    if coco is None:
        first = next((member for member in members if isinstance(member, ProbsMember)), None)
        if first is None:
            raise UserError(
                f'{paths[0]}: label pictures and csv do not say what their classes and pictures are; give the json of '
                'the data set by --ann'
            )
        classes, pictures, source = first.classes, first.pictures, str(first.path)
    else:
        classes, pictures, source = _classes_of(coco), _pictures_of(coco), Path(coco.path).name
    for member in members:
        _check_classes(member, classes, source)
    found = [member.find(pictures) for member in members]
    if intersection:
        common = [picture for picture in pictures if all(picture.id in keys for keys in found)]
    else:
        common = pictures
        for member, keys in zip(members, found, strict=True):
            _check_pictures(member, pictures, keys, source)
    if not common:
        raise UserError(f'no picture of {source} is in all members; are they about the same data set?')
    for member in members:
        member.take(common, len(classes))
    return Electorate(members, classes, common, source, len(pictures) - len(common))


def _classes_of(coco: Any) -> tuple[str, ...]:
    from custom_modules.datasets.label_maps import coco_classes

    return coco_classes(coco)


def _pictures_of(coco: Any) -> list[Picture]:
    return [Picture(image['id'], image['file_name'], image['height'], image['width']) for image in coco.images]


def _check_classes(member: Member, classes: tuple[str, ...], source: str) -> None:
    if member.classes is None or member.classes == classes:
        return
    other = f'{member.path}: has the {len(member.classes)} classes {", ".join(member.classes)}'
    if sorted(member.classes) == sorted(classes):
        at = next(at for at, (one, two) in enumerate(zip(member.classes, classes, strict=True)) if one != two)
        other = f'{member.path}: has the classes in another order: {at} is {member.classes[at]}, not {classes[at]}'
        raise UserError(f'{other} as in {source}; predict on the same data set')
    raise UserError(f'{other}; {source} has the {len(classes)} classes {", ".join(classes)}; vote on one data set')


def _check_pictures(member: Member, pictures: Sequence[Picture], keys: dict, source: str) -> None:
    missing = [picture.file_name for picture in pictures if picture.id not in keys]
    used = set(keys.values())
    unknown = [name for key, name in member.names().items() if key not in used]
    remedy = '--intersection votes on the pictures that all members have'
    if missing:
        raise UserError(
            f'{member.path}: lacks {list_some(missing)} of the {len(pictures)} pictures of {source}; {remedy}'
        )
    if unknown:
        raise UserError(f'{member.path}: has {list_some(unknown)}, which {source} has not; {remedy}')
