"""What tools that predict share: how they end when they are stopped, and how they list unreadable pictures."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from typing import Any

_MOST_LISTED = 20


@contextlib.contextmanager
def told_when_stopped(progress: Any) -> Iterator[None]:
    """End ctrl-C with a line that says how to go on, and the progress line at the end of the block.

    Args:
        progress: A ``PredictionProgress``.

    Raises:
        SystemExit: With code 130, after ctrl-C.
    """
    from custom_modules.engine.distributed import own_rank

    try:
        yield
    except KeyboardInterrupt:
        progress.close()
        if own_rank() == 0 and progress.total:
            print(
                f'stopped: {progress.done} of {progress.total} pictures are done, the same command goes on from there',
                file=sys.stderr,
            )
        sys.exit(130)
    progress.close()


def list_unreadable(unreadable: Sequence[tuple[Any, str]]) -> None:
    """Name pictures that could not be read, the first twenty of them."""
    for picture, reason in unreadable[:_MOST_LISTED]:
        print(f'not read: {picture.name}: {reason}', file=sys.stderr)
    if len(unreadable) > _MOST_LISTED:
        print(f'not read: {len(unreadable) - _MOST_LISTED} more', file=sys.stderr)
