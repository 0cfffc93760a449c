"""Class probabilities of many pictures in a folder, read picture by picture without loading the others.

A ``*.probs`` folder holds ``data.bin``, the pictures one after another as C x H x W whole numbers, row by row, and
``index.json``: ``version``, the names of the ``classes`` and, of each of the ``pictures``, ``id``, ``file_name``,
``height``, ``width``, ``offset`` (bytes), ``dtype`` and ``scale``.

A probability is its whole number times ``scale``: 0 to 255 times 1/255 of ``uint8``, 0 to 65535 times 1/65535 of
``uint16``.  They are rounded to the nearest, so that each is within half a step of what the model gave: 1/510 (0.002)
and 1/131070 (0.000008; float32's own rounding adds a fiftieth of it).  Where the most probable class would come to be
equal to one of a lower label, which would then win, it is raised by one step: there it is off by 3/510 at most, and the
label of every pixel stays the model's.

This module needs nothing but numpy; ``probs_writing.py`` writes such folders.
"""

import json
import math
import mmap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from custom_modules.utils import UserError

SUFFIX = '.probs'
INDEX, DATA = 'index.json', 'data.bin'
VERSION = 1
# Whole number that stands for a probability of 1.
STEPS = {'uint8': 255, 'uint16': 65535}

_FIELDS = {'id': int, 'file_name': str, 'height': int, 'width': int, 'offset': int, 'dtype': str, 'scale': float}
_AGAIN = 'write it again with tools/test.py or tools/predict.py'


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """Where the probabilities of a picture lie.

    Attributes:
        id: The picture's id.
        file_name: What it is called in the json of the data set, or the path given.
        height: Of the probabilities, pixels.
        width: Of the probabilities, pixels.
        offset: Of its first byte in the data.
        dtype: Of :data:`STEPS`.
        scale: What a stored number is multiplied by.
    """

    id: int
    file_name: str
    height: int
    width: int
    offset: int
    dtype: str
    scale: float

    def num_bytes(self, num_classes: int) -> int:
        """Return how many bytes it takes."""
        return num_classes * self.height * self.width * np.dtype(self.dtype).itemsize


class ProbabilityMaps(Mapping[int, np.ndarray]):
    """The pictures of a ``*.probs`` folder by image id; see :func:`open_probs`.

    Attributes:
        path: The folder.
        classes: Names by label.
        pictures: Records by image id, in the order of the folder.
    """

    def __init__(self, path: Path, classes: tuple[str, ...], pictures: dict[int, StoredPicture]) -> None:
        self.path, self.classes, self.pictures = path, classes, pictures
        self._map = _map_file(path / DATA)
        self._bytes = np.frombuffer(self._map or b'', np.uint8)

    @property
    def image_ids(self) -> tuple[int, ...]:
        """Ids in the order of the folder."""
        return tuple(self.pictures)

    @property
    def dtype(self) -> np.dtype:
        """What the numbers are stored as; the widest, should pictures differ."""
        return np.dtype(max((picture.dtype for picture in self.pictures.values()), default='uint8', key=len))

    def __getitem__(self, image_id: int) -> np.ndarray:
        """Return the probabilities of a picture.

        Returns:
            (C, H, W) float32, 0 to 1; the sum over the classes is 1 up to half a step for each class.

        Raises:
            UserError: The folder does not have the picture.
        """
        return np.multiply(self.raw(image_id), np.float32(self.pictures[image_id].scale), dtype=np.float32)

    def __contains__(self, image_id: object) -> bool:
        return image_id in self.pictures

    def __iter__(self) -> Iterator[int]:
        return iter(self.pictures)

    def __len__(self) -> int:
        return len(self.pictures)

    def get(self, image_id: int, default: Any = None) -> Any:
        """Return the probabilities of a picture, or ``default`` where the folder does not have it."""
        if image_id not in self:
            return default
        return self[image_id]

    def raw(self, image_id: int) -> np.ndarray:
        """Return the stored numbers of a picture as they lie in the file.

        Returns:
            (C, H, W) uint8 or uint16, read-only and not copied: a page is read when it is looked at.

        Raises:
            UserError: The folder does not have the picture.
        """
        picture = self.pictures.get(image_id)
        if picture is None:
            raise UserError(f'{self.path}: has no picture with the id {image_id}; predict on the json that names it')
        stored = self._bytes[picture.offset : picture.offset + picture.num_bytes(len(self.classes))]
        return stored.view(picture.dtype).reshape(len(self.classes), picture.height, picture.width)

    def prefetch(self, image_id: int) -> None:
        """Have the system read a picture into its cache while something else is done."""
        self._advise(image_id, 'MADV_WILLNEED')

    def release(self, image_id: int) -> None:
        """Give the memory of a picture that was looked at back to the system.

        What is mapped counts as the process's own until the system is short of memory.  Arrays of :meth:`raw` stay
        good: their pages come back when they are looked at.
        """
        self._advise(image_id, 'MADV_DONTNEED')

    def _advise(self, image_id: int, advice: str) -> None:
        if self._map is None or not hasattr(mmap, advice):  # on other systems than Linux
            return
        picture = self.pictures[image_id]
        begin = picture.offset // mmap.PAGESIZE * mmap.PAGESIZE
        end = picture.offset + picture.num_bytes(len(self.classes))
        self._map.madvise(getattr(mmap, advice), begin, end - begin)

    def labels(self, image_id: int) -> np.ndarray:
        """Return the most probable class of each pixel, (H, W) uint8.

        Raises:
            UserError: The folder does not have the picture.
        """
        return argmax_labels(self.raw(image_id))


def open_probs(path: str | Path) -> ProbabilityMaps:
    """Open a ``*.probs`` folder; only its index is read.

    Args:
        path: The folder.

    Raises:
        UserError: It is missing, damaged or of another version.
    """
    path = Path(path)
    if not path.is_dir():
        raise UserError(f'{path}: no such folder of probabilities; tools/test.py and tools/predict.py write them')
    try:
        index = json.loads((path / INDEX).read_text(encoding='utf-8'))
        size = (path / DATA).stat().st_size
    except FileNotFoundError as error:
        missing = Path(error.filename).name
        raise UserError(f'{path}: is no folder of probabilities, {missing} is missing; {_AGAIN}') from None
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f'{path / INDEX}: not a readable json file ({error}); {_AGAIN}') from None
    classes, pictures = _parse(index, path / INDEX)
    _check_places(pictures, len(classes), size, path)
    return ProbabilityMaps(path, classes, pictures)


def argmax_labels(stored: np.ndarray) -> np.ndarray:
    """Return the largest class of each pixel.

    Args:
        stored: (C, H, W) of any type, C from 1 to 256.

    Returns:
        (H, W) uint8; the lower label where two are equal.
    """
    best, labels = stored[0].copy(), np.zeros(stored.shape[1:], np.uint8)
    # One class after another touches memory in its order: ten times as fast as np.argmax along the first axis.
    for label in range(1, len(stored)):
        np.copyto(labels, np.uint8(label), where=stored[label] > best)
        np.maximum(best, stored[label], out=best)
    return labels


def _map_file(path: Path) -> mmap.mmap | None:
    """Map a file; None for an empty one, which cannot be mapped."""
    if not path.stat().st_size:
        return None
    with open(path, 'rb') as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _parse(index: Any, path: Path) -> tuple[tuple[str, ...], dict[int, StoredPicture]]:
    """Check what the index says of itself and of each picture alone."""
    if not isinstance(index, dict) or 'version' not in index:
        raise UserError(f'{path}: is no index of probabilities; {_AGAIN}')
    if index['version'] != VERSION:
        raise UserError(f'{path}: is of version {index["version"]!r:.20}, this reads version {VERSION}; {_AGAIN}')
    classes, records = index.get('classes'), index.get('pictures')
    is_named = isinstance(classes, list) and all(isinstance(name, str) for name in classes)
    if not is_named or not 0 < len(classes) <= 256 or len(set(classes)) != len(classes):
        raise UserError(f'{path}: "classes" must be 1 to 256 different names; {_AGAIN}')
    if not isinstance(records, list):
        raise UserError(f'{path}: "pictures" must be a list; {_AGAIN}')
    pictures = {}
    for position, record in enumerate(records):
        if reason := _record_error(record):
            raise UserError(f'{path}: picture {position}: {reason}; {_AGAIN}')
        if record['id'] in pictures:
            raise UserError(f'{path}: picture {position}: the id {record["id"]} comes twice; {_AGAIN}')
        pictures[record['id']] = StoredPicture(**{name: record[name] for name in _FIELDS})
    return tuple(classes), pictures


def _record_error(record: Any) -> str | None:
    if not isinstance(record, dict):
        return f'is no record but {record!r:.40}'
    for name, kind in _FIELDS.items():
        if name not in record:
            return f'"{name}" is missing'
        if type(record[name]) is not kind:
            return f'"{name}" must be a {kind.__name__}, not {record[name]!r:.40}'
    if min(record['height'], record['width']) < 1 or record['offset'] < 0:
        return f'{record["height"]} x {record["width"]} pixels at byte {record["offset"]} cannot be'
    if record['dtype'] not in STEPS:
        return f'"dtype" must be {" or ".join(STEPS)}, not {record["dtype"]!r:.40}'
    if not math.isfinite(record['scale']) or record['scale'] <= 0:
        return f'"scale" must be above 0, not {record["scale"]!r}'
    return None


def _check_places(pictures: Mapping[int, StoredPicture], num_classes: int, size: int, path: Path) -> None:
    """Refuse pictures that lie on each other or beyond the end of the data."""
    end = 0
    for picture in sorted(pictures.values(), key=lambda picture: picture.offset):
        if picture.offset < end:
            raise UserError(f'{path / INDEX}: picture {picture.id} lies on another one; {_AGAIN}')
        end = picture.offset + picture.num_bytes(num_classes)
    if size < end:
        raise UserError(f'{path / DATA}: ends after {size} of {end} bytes; {_AGAIN}')
