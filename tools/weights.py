"""List, fetch and verify the published weights that trainings start from.

    python tools/weights.py list --config configs/trash/htc_swin_b.py
    python tools/weights.py fetch cascade_mask_rcnn_swin_b_coco
    python tools/train.py configs/trash/htc_swin_b.py --load-from cascade_mask_rcnn_swin_b_coco

Files are kept where torch keeps its own (moved by TORCH_HOME).  On an offline
machine, put them there by hand: `list` tells folder and file names.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools._launch import Parser, run

if TYPE_CHECKING:
    from custom_modules.engine.published import PublishedWeights


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    actions = parser.add_subparsers(dest='action', required=True)
    action = actions.add_parser('list', help='what is published, and what of it is here')
    action.add_argument('--config', help='only what this config can start from')
    action = actions.add_parser('fetch', help='fetch files, unless they are here')
    action.add_argument('names', nargs='+', metavar='NAME', help='names that list shows')
    action = actions.add_parser('verify', help='compare files with their published digests')
    action.add_argument('names', nargs='*', metavar='NAME', help='names that list shows (default: all that are here)')
    return parser.parse_args(argv)


def entries_for(config: str | None) -> list[PublishedWeights]:
    """Return the manifest's entries, or those meant for a config.

    Raises:
        UserError: There is no such config in the repository.
    """
    from custom_modules.utils import UserError, did_you_mean, find_file, similar_paths

    place, configs = '', Path(__file__).resolve().parents[1] / 'configs'
    if config is not None:
        path = find_file(config).resolve()
        if not path.is_file():
            raise UserError(f'--config {config}: no such config{did_you_mean(similar_paths(config))}')
        if configs not in path.parents:
            raise UserError(f'--config {config}: the list is of configs in {configs}; leave --config out to see all')
        place = path.relative_to(configs).as_posix()
    from custom_modules.engine.published import published_weights  # after the path is known to be right: takes seconds

    return [entry for entry in published_weights().values() if not place or entry.is_for(place)]


def show(entries: list[PublishedWeights]) -> None:
    """Print a table of entries."""
    from custom_modules.engine import weights_folder

    width = max((len(entry.name) for entry in entries), default=4)
    print(f'{"name":{width}}  here  licence     what')
    for entry in entries:
        print(f'{entry.name:{width}}  {"yes " if entry.path.is_file() else "no  "}  {entry.licence:10}  {entry.what}')
        print(f'{"":{width}}        starts {", ".join(entry.starts)}')
        if not entry.path.is_file():
            print(f'{"":{width}}        {entry.url}')
    print(f'kept in {weights_folder()}; train with --load-from NAME')


def verify(entry: PublishedWeights) -> bool:
    """Compare a file with what is published, and read it; print the outcome and return whether it is sound."""
    from custom_modules.engine import read_checkpoint
    from custom_modules.engine.published import check_digest, file_sha256
    from custom_modules.utils import UserError

    try:
        check_digest(entry.path, entry.digest)
        tensors = len(read_checkpoint(entry.path, mapped=True)['state_dict'])
    except (UserError, OSError) as error:
        print(f'WRONG  {entry.name}: {error}')
        return False
    if not entry.digest:
        compared = f'none published, this one has {file_sha256(entry.path)}'
    else:
        compared = 'as published' if len(entry.digest) == 64 else f'begins with the published {entry.digest}'
    print(f'ok     {entry.name}: {entry.path}, {tensors} tensors; sha256 {compared}')
    return True


def main(argv: list[str] | None = None) -> int:
    """List, fetch or verify; return 1 if a verified file is wrong."""
    args = parse_args(argv)
    if args.action == 'list':
        show(entries_for(args.config))
        return 0
    from custom_modules.engine import fetch_weights
    from custom_modules.engine.published import find_published

    entries = [find_published(name) for name in args.names]
    if args.action == 'fetch':
        for entry in entries:
            print(fetch_weights(entry.url, entry.sha256))
        return 0
    entries = entries or [entry for entry in entries_for(None) if entry.path.is_file()]
    if not entries:
        print('no published weights are here yet: python tools/weights.py fetch NAME')
    sound = [verify(entry) for entry in entries]
    return 0 if all(sound) else 1


if __name__ == '__main__':
    run(main)
