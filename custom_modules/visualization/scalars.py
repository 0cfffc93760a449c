"""The scalars of a run as a csv in long form: ``iter,epoch,split,name,value``, one number a line."""

import csv
import io
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from custom_modules.utils import UserError, atomic_write

_HEADER = 'iter,epoch,split,name,value'


@dataclass(frozen=True)
class Scalar:
    """One number of a run.

    Attributes:
        iter: Training iterations done.
        epoch: Epoch it belongs to, from 1.
        split: ``train``, ``val`` or ``test``.
        name: For example ``loss`` or ``mAP50``.
        value: May be NaN.
    """

    iter: int
    epoch: int
    split: str
    name: str
    value: float


class ScalarsCsv:
    """Append scalars to a csv that survives being killed at any byte.

    Every call adds its lines with one write, so a kill can tear the last lines only; torn lines are dropped when the
    file is opened again.

    Args:
        path: The csv; made with its header when missing.
        resume_iter: The iteration training goes on from: later lines are dropped, so that no step appears twice.
            0 starts afresh; None keeps all lines.

    Raises:
        UserError: The file is something else.
    """

    def __init__(self, path: str | Path, resume_iter: int | None = None) -> None:
        self.path = Path(path)
        old = self.path.read_bytes() if self.path.exists() else b''
        _check_header(self.path, old)
        kept = [scalar for scalar in _parse(old) if resume_iter is None or scalar.iter <= resume_iter]
        content = f'{_HEADER}\n{_format(kept)}'
        if content.encode() != old:
            with atomic_write(self.path) as file:
                file.write(content)

    def append(self, iteration: int, epoch: int, split: str, values: Mapping[str, float]) -> None:
        """Add one line per value, at full precision.

        Args:
            iteration: Training iterations done.
            epoch: Epoch they belong to, from 1.
            split: ``train``, ``val`` or ``test``.
            values: Numbers by name.
        """
        scalars = [Scalar(int(iteration), int(epoch), split, name, float(value)) for name, value in values.items()]
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            os.write(descriptor, _format(scalars).encode())
        finally:
            os.close(descriptor)


def read_scalars(path: str | Path) -> list[Scalar]:
    """Read the whole lines of a scalars csv, in file order.

    Args:
        path: The csv.

    Returns:
        The scalars; torn lines are left out.

    Raises:
        UserError: The file is missing or something else.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise UserError(f'{path}: cannot be read ({error.strerror}); a training run writes scalars.csv') from None
    _check_header(Path(path), content)
    return list(_parse(content))


def _check_header(path: Path, content: bytes) -> None:
    found = content.split(b'\n', 1)[0]
    torn = b'\n' not in content and _HEADER.encode().startswith(found)
    if not torn and found != _HEADER.encode():
        raise UserError(f'{path}: not a scalars file (its first line is not {_HEADER}): move it away')


def _parse(content: bytes) -> Iterator[Scalar]:
    lines = content.decode('utf-8', errors='replace').split('\n')
    for row in csv.reader(line for line in lines[1:-1] if '\0' not in line):  # after the last newline: torn
        if len(row) == 5:
            try:
                yield Scalar(int(row[0]), int(row[1]), row[2], row[3], float(row[4]))
            except ValueError:
                continue


def _format(scalars: list[Scalar]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    writer.writerows((s.iter, s.epoch, s.split, s.name, repr(s.value)) for s in scalars)
    return text.getvalue()
