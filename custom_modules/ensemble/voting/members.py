"""What can vote: folders of probabilities or of label pictures, and competition csv, all read picture by picture."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

import numpy as np

from custom_modules.datasets.label_pictures import drawn_name, read_values
from custom_modules.ensemble.probs import INDEX, SUFFIX, open_probs
from custom_modules.utils import UserError, did_you_mean, find_file, similar_paths

from .layers import Layer


@dataclass(frozen=True)
class Picture:
    """A picture that is voted on.

    Attributes:
        id: Its id.
        file_name: As the data set says.
        height: Pixels.
        width: Pixels.
    """

    id: int
    file_name: str
    height: int
    width: int

    @property
    def size(self) -> tuple[int, int]:
        """Height and width, pixels."""
        return self.height, self.width


class Member(ABC):
    """Predictions of one model.

    Attributes:
        path: As it was given.
        classes: Names by label; None where the member does not say.
    """

    kind: str
    path: Path
    classes: tuple[str, ...] | None = None

    @abstractmethod
    def find(self, pictures: Sequence[Picture]) -> dict[int, Hashable]:
        """Return what the member calls each picture that it has, by id."""

    @abstractmethod
    def names(self) -> dict[Hashable, str]:
        """Return the names of all its pictures, for messages, by what it calls them."""

    @abstractmethod
    def read(self, key: Hashable) -> Layer:
        """Read what it says of a picture, by what it calls it."""

    def take(self, pictures: Sequence[Picture], num_classes: int) -> None:
        """Remember the pictures that are voted on; all of them must be there."""
        self._keys, self._num_classes = self.find(pictures), num_classes

    def layer(self, picture: Picture) -> Layer:
        """Return what it says of a picture.

        Raises:
            UserError: It cannot be read, or has labels of no class.
        """
        layer = self.read(self._keys[picture.id])
        if layer.is_labels and (most := int(layer.values.max(initial=0))) >= self._num_classes:
            raise UserError(
                f'{self.path}: {self.names()[self._keys[picture.id]]}: has the label {most}, the {self._num_classes} '
                f'classes are 0 to {self._num_classes - 1}; predictions have no other values'
            )
        return layer

    def prefetch(self, picture: Picture) -> None:  # noqa: B027 - most have nothing to do
        """Be told which picture comes next."""


class ProbsMember(Member):
    """A ``*.probs`` folder; its pictures are known by id, and must be called alike."""

    kind = 'probabilities'

    def __init__(self, path: Path) -> None:
        self.path, self.maps = path, open_probs(find_file(path))
        self.classes = self.maps.classes

    @property
    def pictures(self) -> list[Picture]:
        """Its own pictures."""
        stored = self.maps.pictures.values()
        return [Picture(one.id, one.file_name, one.height, one.width) for one in stored]

    def find(self, pictures: Sequence[Picture]) -> dict[int, Hashable]:
        found = {}
        for picture in pictures:
            stored = self.maps.pictures.get(picture.id)
            if stored is None:
                continue
            if _last_part(stored.file_name) != _last_part(picture.file_name):
                raise UserError(
                    f'{self.path}: picture {picture.id} is {stored.file_name}, not {picture.file_name}: it is about '
                    'another data set; predict on the json that the others are about'
                )
            _check_shape(self.path, picture, stored.height, stored.width)
            found[picture.id] = picture.id
        return found

    def names(self) -> dict[Hashable, str]:
        return {one.id: one.file_name for one in self.maps.pictures.values()}

    def read(self, key: Hashable) -> Layer:
        return Layer(self.maps.raw(key), self.maps.pictures[key].scale, lambda: self.maps.release(key))

    def prefetch(self, picture: Picture) -> None:
        self.maps.prefetch(self._keys[picture.id])


class LabelPicturesMember(Member):
    """A folder with a PNG of one byte a pixel, the label, for each picture.

    A picture's file is called like it (``test/0001.png`` or ``0001.png`` for ``test/0001.jpg``), or as
    ``tools/predict.py --draw`` calls it (``000007_0001_labels.png`` for the id 7).
    """

    kind = 'label pictures'

    def __init__(self, path: Path) -> None:
        self.path, folder = path, find_file(path)
        self._files = {file.relative_to(folder).as_posix()[:-4]: file for file in sorted(folder.rglob('*.png'))}

    def find(self, pictures: Sequence[Picture]) -> dict[int, Hashable]:
        stems = Counter(PurePosixPath(picture.file_name).stem for picture in pictures)
        found = {}
        for picture in pictures:
            path = PurePosixPath(picture.file_name)
            names = [path.with_suffix('').as_posix(), drawn_name(picture.id, path, '_labels')]
            if stems[path.stem] == 1:
                names.append(path.stem)
            if name := next((name for name in names if name in self._files), None):
                found[picture.id] = name
        return found

    def names(self) -> dict[Hashable, str]:
        return {name: f'{name}.png' for name in self._files}

    def read(self, key: Hashable) -> Layer:
        try:
            return Layer(read_values(self._files[key]))
        except (OSError, ValueError, SyntaxError) as error:  # a damaged PNG is a SyntaxError of Pillow's
            raise UserError(f'{self._files[key]}: no readable label picture ({error}); write it again') from None


class CsvMember(Member):
    """A competition csv: 256 x 256 labels of each picture."""

    kind = 'csv'

    def __init__(self, path: Path) -> None:
        from custom_modules.submission.segmentation_csv import read_segmentation_csv

        self.path, self._rows = path, read_segmentation_csv(find_file(path))

    @cached_property
    def _row_of(self) -> dict[str, str]:
        from custom_modules.submission.detection_table import normal_name

        return {normal_name(name): name for name in self._rows.names}

    def find(self, pictures: Sequence[Picture]) -> dict[int, Hashable]:
        from custom_modules.submission.detection_table import normal_name

        rows = ((picture.id, self._row_of.get(normal_name(picture.file_name))) for picture in pictures)
        return {image_id: name for image_id, name in rows if name is not None}

    def names(self) -> dict[Hashable, str]:
        return {name: name for name in self._rows.names}

    def read(self, key: Hashable) -> Layer:
        return Layer(np.ascontiguousarray(self._rows[key]))


def open_member(path: str | Path) -> Member:
    """Open predictions; what they are is told by the path.

    Args:
        path: A ``*.probs`` folder, a folder with PNG files, or a csv.

    Raises:
        UserError: It is none of them, or damaged.
    """
    path = Path(path)
    place = find_file(path)
    if place.suffix == SUFFIX or (place / INDEX).is_file():
        return ProbsMember(path)
    if not place.exists():
        raise UserError(f'{path}: no such predictions{did_you_mean(similar_paths(path, folders=True))}')
    if place.is_file() and place.suffix == '.csv':
        return CsvMember(path)
    if place.is_dir() and any(place.rglob('*.png')):
        return LabelPicturesMember(path)
    raise UserError(
        f'{path}: no predictions of a segmenter; give folders of probabilities (.probs), folders of label pictures '
        '(.png) and competition csv'
    )


def list_some(names: Iterable[str]) -> str:
    """Name one of several and say how many there are more."""
    first, *others = names
    return f'{first}{f" and {len(others)} more" if others else ""}'


def _last_part(name: str) -> str:
    return name.replace('\\', '/').rpartition('/')[2]


def _check_shape(path: Path, picture: Picture, height: int, width: int) -> None:
    """Refuse a size that is not the picture's, larger or smaller."""
    if abs(height * picture.width - width * picture.height) > max(picture.height, picture.width):
        raise UserError(
            f'{path}: {picture.file_name} is {width} x {height} pixels, not of the shape of {picture.width} x '
            f'{picture.height}: it is about another data set; predict on the json that the others are about'
        )
