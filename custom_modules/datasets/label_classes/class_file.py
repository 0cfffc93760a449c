"""Reading a class file: names, values and colours of the classes, and where pictures and label pictures are."""

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from custom_modules.utils import UserError, did_you_mean, similar_names

FOLDER = Path(__file__).parent
SPLITS = ('train', 'val', 'test')
_KEYS = {'pictures', 'labels', 'classes', 'void', 'splits'}
_NEEDED = ('pictures', 'labels', 'classes')
_CLASS_KEYS = {'name', 'values', 'color'}


@dataclass(frozen=True)
class LabelClasses:
    """The classes of a set of label pictures, and where its files are.

    Attributes:
        path: The class file.
        pictures: Patterns of the photographs, relative to the data folder, with ``{split}`` and ``{name}``.
        labels: Pattern of the label picture of a photograph.
        categories: Per class, in order, ``id`` (from 0), ``name``, ``values`` (raw values, 0 to 255) and, where the
            file has one, ``color`` ([red, green, blue]).
        void: Raw values that do not count.
        splits: What each split is called in the patterns.
    """

    path: Path
    pictures: tuple[str, ...]
    labels: str
    categories: list[dict]
    void: list[int]
    splits: dict[str, str] = field(default_factory=lambda: {split: split for split in SPLITS})

    def picture_folder(self, pattern: str, split: str) -> str:
        """Return the folder below which the pictures of a pattern lie."""
        return self._fill(pattern, split).partition('{name}')[0].rpartition('/')[0]

    def picture_name(self, file: str, split: str) -> str | None:
        """Return what stands for ``{name}`` in a file, by the first pattern that fits; None where none does."""
        for pattern in self.pictures:
            before, _, after = self._fill(pattern, split).partition('{name}')
            if match := re.fullmatch(f'{re.escape(before)}(.+){re.escape(after)}', file):
                return match[1]
        return None

    def label_file(self, name: str, split: str) -> str:
        """Return where the label picture of a photograph is, relative to the data folder."""
        return self._fill(self.labels, split).replace('{name}', name)

    def _fill(self, pattern: str, split: str) -> str:
        return pattern.replace('{split}', self.splits[split])


def known_class_files() -> list[str]:
    """List the class files that are shipped, by the names that stand for them."""
    return sorted(path.stem for path in FOLDER.glob('*.toml'))


def read_class_file(name: str | Path) -> LabelClasses:
    """Read a class file.

    Args:
        name: Name of one that is shipped, such as ``minicity``, or a toml file.

    Returns:
        What it says.

    Raises:
        UserError: There is no such file, or something in it is wrong.
    """
    known = known_class_files()
    path = FOLDER / f'{name}.toml' if str(name) in known else Path(name)
    if not path.is_file():
        hint = did_you_mean(similar_names(str(name), known)) or f'; there are {", ".join(known)}, or give a toml file'
        raise UserError(f'--classes {name}: there is no such class file{hint}')
    try:
        return _checked(path, tomllib.loads(path.read_text(encoding='utf-8')))
    except (OSError, ValueError) as error:  # ValueError: also toml's errors, and our own below
        raise UserError(f'{path}: {error}') from None


def _checked(path: Path, content: dict[str, Any]) -> LabelClasses:
    unknown = sorted(set(content) - _KEYS)
    if unknown:
        raise ValueError(f'unknown key {unknown[0]}{did_you_mean(similar_names(unknown[0], _KEYS))}')
    missing = [key for key in _NEEDED if not content.get(key)]
    if missing:
        raise ValueError(f'has no {missing[0]}')
    pictures = content['pictures'] if isinstance(content['pictures'], list) else [content['pictures']]
    for pattern in (*pictures, content['labels']):
        _check_pattern(pattern)
    splits = content.get('splits', {})
    if not isinstance(splits, dict) or not set(splits) <= set(SPLITS):
        raise ValueError(f'splits names {", ".join(SPLITS)}, and what the patterns call them')
    categories = [_category(number, record) for number, record in enumerate(content['classes'])]
    void = _values(content.get('void', []), 'void')
    _check_disjoint(categories, void)
    called = {split: str(splits.get(split, split)) for split in SPLITS}
    return LabelClasses(path, tuple(pictures), content['labels'], categories, void, called)


def _check_pattern(pattern: object) -> None:
    if not isinstance(pattern, str) or pattern.count('{split}') < 1 or pattern.count('{name}') != 1:
        raise ValueError(f'the pattern {pattern!r} needs {{split}}, and {{name}} once')
    if pattern.startswith('/') or '..' in pattern.split('/'):
        raise ValueError(f'the pattern {pattern!r} leads out of the data folder')


def _category(number: int, record: Any) -> dict:
    name = record.get('name') if isinstance(record, dict) else None
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise ValueError(f'class {number} has no name')
    if unknown := sorted(set(record) - _CLASS_KEYS):
        raise ValueError(f'class {name}: unknown key {unknown[0]}')
    category = {'id': number, 'name': name, 'values': _values(record.get('values'), f'class {name}: values')}
    if not category['values']:
        raise ValueError(f'class {name}: values is empty')
    if 'color' in record:
        category['color'] = _values(record['color'], f'class {name}: color')
        if len(category['color']) != 3:
            raise ValueError(f'class {name}: color is {record["color"]}, not [red, green, blue]')
    return category


def _values(values: Any, what: str) -> list[int]:
    values = values if isinstance(values, list) else [values]
    if not all(type(value) is int and 0 <= value <= 255 for value in values):
        raise ValueError(f'{what} is {values}, not whole numbers from 0 to 255')
    return values


def _check_disjoint(categories: list[dict], void: list[int]) -> None:
    owner = dict.fromkeys(void, 'void')
    names = set()
    for category in categories:
        name = category['name']
        if name in names:
            raise ValueError(f'two classes are called {name}')
        names.add(name)
        for value in category['values']:
            if value in owner:
                raise ValueError(f'value {value} is {owner[value]} and {name}')
            owner[value] = name
