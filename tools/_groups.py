"""What tools/kfold.py and tools/split_data.py share: the options that keep pictures together."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from custom_modules.datasets import CocoData


def add_group_options(parser: argparse.ArgumentParser, *, near_duplicates: str) -> None:
    """Add ``--group-by`` and ``--near-duplicates``.

    Args:
        parser: The tool's.
        near_duplicates: Default of the latter.
    """
    parser.add_argument(
        '--group-by',
        nargs='+',
        default=[],
        metavar='RULE',
        help='keep pictures together: prefix:DEPTH (same first DEPTH folders), key:NAME (same NAME in the json)',
    )
    parser.add_argument(
        '--near-duplicates',
        default=near_duplicates,
        metavar='BITS|off',
        help='keep pictures together whose perceptual hashes differ in at most BITS of 64 bits, 0 to 20 '
        '(default: %(default)s)',
    )


def max_bits(text: str) -> int | None:
    """Read ``--near-duplicates``.

    Returns:
        How many bits may differ; None for ``off``.

    Raises:
        UserError: It is neither ``off`` nor a number from 0 to 20.
    """
    from custom_modules.utils import UserError

    if text == 'off':
        return None
    if not text.isdecimal() or int(text) > 20:
        raise UserError(f'--near-duplicates {text}: give a number of bits from 0 to 20, or off')
    return int(text)


def picture_groups(data: CocoData, args: argparse.Namespace) -> np.ndarray:
    """Find what belongs together, and print how much that is.

    Args:
        data: The data set.
        args: Has ``group_by`` and ``near_duplicates``.

    Returns:
        (N,) int64, the group of each picture.

    Raises:
        UserError: A rule is wrong, a picture cannot be read, or some have pasted objects.
    """
    from custom_modules.datasets.near_duplicates import near_duplicates
    from custom_modules.datasets.pasted import holds_pasted
    from custom_modules.datasets.picture_groups import links_by_rule, merge_groups
    from custom_modules.utils import UserError

    if holds_pasted(data):
        raise UserError(
            f'{data.path}: has pictures with pasted objects, which would be in training and validation alike; divide '
            f'the data set it was made of, and paste onto the training part (tools/copy_paste.py --train-ann)'
        )
    bits, links = max_bits(args.near_duplicates), []
    for rule in args.group_by:
        found = links_by_rule(data.images, rule)
        print(f'{rule}: {describe(merge_groups(len(data.images), found))}')
        links += found
    if bits is not None:
        paths = [data.image_root / image['file_name'] for image in data.images]
        found = near_duplicates(paths, max_bits=bits)
        print(f'{look_alike(bits)}: {describe(merge_groups(len(paths), found))}')
        links += found
    return merge_groups(len(data.images), links)


def look_alike(bits: int) -> str:
    """Say what near duplicates are."""
    most = f'differ in at most {bits} bit(s)' if bits else 'are the same'
    return f'near duplicates (pictures that look alike: their 64-bit perceptual hashes {most})'


def describe(groups: np.ndarray) -> str:
    """Say how many pictures are not alone."""
    import numpy as np

    sizes = np.bincount(groups)
    together = sizes[sizes > 1]
    if not together.size:
        return 'none'
    return f'{together.sum()} pictures in {together.size} group(s), the largest has {together.max()}'
