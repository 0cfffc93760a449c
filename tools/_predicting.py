"""What tools that predict share: options, how they end when they are stopped, and how they list unreadable pictures."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from tools._launch import tell_launcher

BATCH_HELP = (
    'pictures at a time (default: 1); for a detector padded to the largest, for a segmenter those of one size together'
)
_MOST_LISTED = 20


def add_bits(parser: argparse.ArgumentParser) -> None:
    """Add the option that says how exactly probabilities are stored."""
    parser.add_argument(
        '--bits',
        type=int,
        choices=[8, 16],
        help='segmenters: of each stored probability; 8 are exact to 0.002, 16 to 0.000008 (default: 8)',
    )


def storage_options(cfg: Any, bits: int | None) -> dict[str, Any]:
    """Turn ``--bits`` into options of predicting.

    Args:
        cfg: The model's config.
        bits: What the user gave, if anything.

    Raises:
        UserError: It was given for a detector.
    """
    from custom_modules.engine.tasks import is_segmentation
    from custom_modules.utils import UserError

    if bits is None:
        return {}
    if not is_segmentation(cfg):
        raise UserError(f'--bits {bits}: is for segmenters, {cfg.filename} is a detector; leave it out')
    return {'dtype': f'uint{bits}'}


class _Terminated(KeyboardInterrupt):
    """SIGTERM, as clusters send it, ends like ctrl-C."""


@contextlib.contextmanager
def told_when_stopped(progress: Any) -> Iterator[None]:
    """End ctrl-C and SIGTERM with a line that says how to go on, and the progress line at the end of the block.

    Args:
        progress: A ``PredictionProgress``.

    Raises:
        SystemExit: With code 130 after ctrl-C, 143 after SIGTERM.
    """
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        with contextlib.closing(progress):
            yield
    except KeyboardInterrupt as stopped:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to the launcher, too, which passes it on
        if progress.total:  # only the main rank's
            done = f'{progress.done} of {progress.total} pictures are done'
            print(f'stopped: {done}, the same command goes on from there', file=sys.stderr)
        sys.exit(128 + (signal.SIGTERM if isinstance(stopped, _Terminated) else signal.SIGINT))
    finally:
        signal.signal(signal.SIGTERM, before)


def _terminate(number: int, frame: Any) -> None:
    raise _Terminated


def list_unreadable(unreadable: Sequence[tuple[Any, str]]) -> None:
    """Name pictures that could not be read, the first twenty of them."""
    for picture, reason in unreadable[:_MOST_LISTED]:
        print(f'not read: {picture.name}: {reason}', file=sys.stderr)
    if len(unreadable) > _MOST_LISTED:
        print(f'not read: {len(unreadable) - _MOST_LISTED} more', file=sys.stderr)


def exit_code(num_unreadable: int, rank: int) -> int:
    """Return 1 if pictures could not be read, otherwise 0; of several ranks the first speaks for all.

    Args:
        num_unreadable: How many could not be read.
        rank: Of this process.
    """
    if not num_unreadable or rank:
        return 0
    if 'TORCHELASTIC_ERROR_FILE' in os.environ:
        tell_launcher(f'{num_unreadable} picture(s) could not be read')
    return 1
