"""Refusing names of outputs that cannot be written, before the work is done."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path


def check_out(out: Path, suffixes: tuple[str, ...], inputs: Iterable[Path]) -> None:
    """Check what ``--out`` names.

    Args:
        out: The file to write.
        suffixes: What it may end in.
        inputs: Files that are read and must stay as they are.

    Raises:
        UserError: It ends in something else, is a folder or one of the inputs, or nothing can be written there.
    """
    from custom_modules.utils import UserError

    if out.suffix not in suffixes:
        raise UserError(f'--out {out}: give a name that ends in {" or ".join(suffixes)}')
    if out.is_dir():
        raise UserError(f'--out {out}: is a folder; give the name of a file')
    if out.resolve() in [path.resolve() for path in inputs]:
        raise UserError(f'--out {out}: is a file that is read; give another name')
    folder = out.absolute().parent
    above = next(part for part in (folder, *folder.parents) if os.path.exists(part))  # noqa: PTH110 - never raises
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        raise UserError(f'--out {out}: nothing can be written there ({above} does not take it); choose another')


@contextlib.contextmanager
def writing(out: Path) -> Iterator[None]:
    """Write ``out`` in this block.

    Raises:
        UserError: There is no space left, or something else that the file system says.
    """
    from custom_modules.utils import UserError

    try:
        yield
    except OSError as error:
        raise UserError(f'--out {out}: cannot be written ({error.strerror}); make room or choose another') from None
