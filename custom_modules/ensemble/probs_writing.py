"""Writing class probabilities into a folder, picture by picture; see ``probs.py`` for the format."""

import contextlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from custom_modules.utils import UserError, atomic_folder

from .probs import DATA, INDEX, STEPS, VERSION, StoredPicture, argmax_labels


class ProbsWriter:
    """Write a ``*.probs`` folder picture by picture; it appears under its name only when the block succeeds.

    Args:
        path: The folder; an earlier one is replaced, missing folders above are made.
        classes: Names by label, 1 to 256.
        dtype: Of :data:`STEPS`.
    """

    def __init__(self, path: str | Path, classes: Sequence[str], dtype: str = 'uint8') -> None:
        self.path, self.classes, self.dtype = Path(path), list(classes), check_dtype(dtype)
        self._pictures: dict[int, StoredPicture] = {}
        self._offset = 0
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> 'ProbsWriter':
        self._folder = self._stack.enter_context(atomic_folder(self.path))
        self._data = self._stack.enter_context(open(self._folder / DATA, 'wb'))
        return self

    def add(self, image_id: int, file_name: str, probs: np.ndarray) -> None:
        """Append a picture.

        Args:
            image_id: Its id.
            file_name: What to call it.
            probs: (C, H, W), 0 to 1.

        Raises:
            UserError: These are no probabilities of these classes, or the id comes twice.
        """
        self.add_raw(image_id, file_name, quantise(probs, self.dtype, f'picture {image_id}'))

    def add_raw(self, image_id: int, file_name: str, stored: np.ndarray) -> None:
        """Append a picture as :func:`quantise` gave it.

        Raises:
            UserError: Type or number of classes are others, or the id comes twice.
        """
        if stored.ndim != 3 or len(stored) != len(self.classes) or stored.dtype != self.dtype or not stored.size:
            raise UserError(
                f'{self.path}: picture {image_id} comes as {" x ".join(map(str, stored.shape))} {stored.dtype}; give '
                f'{len(self.classes)} x height x width {self.dtype}'
            )
        if image_id in self._pictures:
            raise UserError(f'{self.path}: picture {image_id} comes twice; give every picture an id of its own')
        place = (*stored.shape[1:], self._offset, self.dtype, 1 / STEPS[self.dtype])
        self._pictures[image_id] = StoredPicture(int(image_id), str(file_name), *place)
        self._offset += self._data.write(np.ascontiguousarray(stored).data)

    def __exit__(self, *error: Any) -> bool | None:
        if error[0] is not None:
            return self._stack.__exit__(*error)
        with self._stack:
            self._write_index()
        return None

    def _write_index(self) -> None:
        """Write it with a picture on each line."""
        records = ',\n'.join(json.dumps(asdict(picture)) for picture in self._pictures.values())
        with open(self._folder / INDEX, 'w', encoding='utf-8') as file:
            file.write(f'{{"version": {VERSION}, "classes": {json.dumps(self.classes)}, "pictures": [\n')
            file.write(f'{records}\n]}}\n')


def write_probs(
    path: str | Path,
    classes: Sequence[str],
    pictures: Iterable[tuple[int, str, np.ndarray]],
    *,
    dtype: str = 'uint8',
) -> None:
    """Write a ``*.probs`` folder, one picture at a time.

    Args:
        path: The folder; an earlier one is replaced when all is written.
        classes: Names by label.
        pictures: Image id, file name and probabilities (C, H, W) of each, 0 to 1.
        dtype: ``'uint8'`` or ``'uint16'``.

    Raises:
        UserError: A picture has no probabilities of these classes, or an id comes twice; nothing is written then.
    """
    with ProbsWriter(path, classes, dtype) as writer:
        for image_id, file_name, probs in pictures:
            writer.add(image_id, file_name, probs)


def quantise(probs: np.ndarray, dtype: str = 'uint8', name: str = 'probabilities') -> np.ndarray:
    """Round probabilities to the steps they are stored in; which class is the largest stays as it is.

    Args:
        probs: (C, H, W), 0 to 1; what rounding errors put beyond is brought back.
        dtype: Of :data:`STEPS`.
        name: What to call them in a message.

    Returns:
        Whole numbers of the same shape.

    Raises:
        UserError: They are not from 0 to 1.
    """
    steps, probs = STEPS[check_dtype(dtype)], np.asarray(probs, np.float32)
    if probs.size and not (probs.min() >= -1e-3 and probs.max() <= 1 + 1e-3):  # not a number fails both
        raise UserError(f'{name}: probabilities are from 0 to 1, these from {probs.min():.6g} to {probs.max():.6g}')
    scaled = np.multiply(probs, np.float32(steps))
    np.rint(scaled, out=scaled)
    stored = np.clip(scaled, 0, steps, out=scaled).astype(dtype)
    if stored.ndim == 3 and stored.size:
        winners = argmax_labels(probs)
        rows, columns = np.nonzero(argmax_labels(stored) != winners)
        tied = winners[rows, columns], rows, columns
        stored[tied] += stored[tied] < steps
    return stored


def check_dtype(dtype: str) -> str:
    """Return a name of :data:`STEPS`.

    Raises:
        UserError: It is none.
    """
    if str(dtype) not in STEPS:
        raise UserError(f'dtype is {dtype!r}; probabilities are stored as {" or ".join(STEPS)}')
    return str(dtype)
