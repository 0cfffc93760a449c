"""Make a data set with pasted objects: the old pictures, and new ones made of them.

    python tools/copy_paste.py --data-root data/trash --out data/trash_pasted --classes rare
    python tools/copy_paste.py --data-root data/trash --out data/trash_pasted --classes Battery=5 Clothing=3

Training on it (--data-root data/trash_pasted) is the offline way; configs/trash/htc_swin_b_copy_paste.py pastes
afresh in every epoch.  Only objects with a mask are pasted; the classes named get their weights, the others 1.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools._launch import Parser, run


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--data-root', required=True, help='folder of the data set')
    parser.add_argument('--out', type=Path, required=True, help='folder to write; must not exist')
    parser.add_argument('--train-ann', default='train.json', help='training json (default: train.json)')
    parser.add_argument('--pictures', type=int, metavar='N', help='pictures to make (default: as many as there are)')
    parser.add_argument(
        '--classes',
        nargs='+',
        default=['rare'],
        metavar='WEIGHT',
        help='how often each class is pasted: rare (default), equal, natural, or NAME=WEIGHT ...',
    )
    parser.add_argument(
        '--objects', nargs=2, type=int, default=(1, 3), metavar=('MIN', 'MAX'), help='per picture (1 3)'
    )
    parser.add_argument('--scale', nargs=2, type=float, default=(0.5, 1.5), metavar=('MIN', 'MAX'), help='(0.5 1.5)')
    parser.add_argument('--max-hidden', type=float, default=0.7, help='drop objects hidden by more (default: 0.7)')
    parser.add_argument('--seed', type=int, default=0, help='another seed pastes otherwise (default: 0)')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Paste, write, report."""
    args = parse_args(argv)
    from custom_modules.datasets.pasted import write_pasted
    from custom_modules.transforms import TrashCopyPaste
    from custom_modules.utils import UserError, atomic_write

    if args.pictures is not None and args.pictures < 1:
        raise UserError(f'--pictures {args.pictures}: give a number from 1 on')
    try:
        paste = TrashCopyPaste(
            class_weights=read_weights(args.classes),
            num_objects=tuple(args.objects),
            scale=tuple(args.scale),
            max_hidden=args.max_hidden,
            prob=1.0,
        )
    except ValueError as error:
        raise UserError(f'--objects, --scale: {error}') from None
    content = write_pasted(
        args.data_root,
        args.out,
        paste=paste,
        pictures=args.pictures,
        train_ann=args.train_ann,
        seed=args.seed,
        progress=Progress(),
    )
    with atomic_write(args.out / 'copy_paste.json') as file:
        json.dump({name: str(value) if name == 'out' else value for name, value in vars(args).items()}, file, indent=2)
    print(report(content))
    print(f'{args.out}: train on it by --data-root {args.out}')


def read_weights(words: list[str]) -> str | dict[str, float]:
    """Read ``--classes``: one word, or pairs NAME=WEIGHT."""
    from custom_modules.utils import UserError

    if len(words) == 1 and '=' not in words[0]:
        return words[0]
    weights = {}
    for word in words:
        name, _, number = word.rpartition('=')
        try:
            weights[name] = float(number)
        except ValueError:
            name = ''
        if not name:
            raise UserError(f'--classes {word}: write NAME=WEIGHT, such as Battery=5, or one of rare, equal, natural')
    return weights


class Progress:
    """A line on the terminal with the pictures done and the time left; a few plain lines elsewhere."""

    def __init__(self) -> None:
        self.start = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        """Show the state after a picture."""
        is_terminal = sys.stderr.isatty()
        if done < total and done % max(1, total // (100 if is_terminal else 4)):
            return
        left = (time.monotonic() - self.start) / done * (total - done)
        ending = '\r' if is_terminal and done < total else '\n'
        print(f'{done}/{total} pictures, {left:.0f} s left   ', end=ending, file=sys.stderr, flush=True)


def report(content: dict) -> str:
    """Format the number of objects of each class: in the old pictures, in the new ones, and pasted into these."""
    made = {image['id'] for image in content['images'] if 'source' in image}
    counts = [Counter(), Counter(), Counter()]
    for annotation in content['annotations']:
        counts[annotation['image_id'] in made][annotation['category_id']] += 1
        counts[2][annotation['category_id']] += 'source' in annotation
    lines = [f'{"objects":14}{"old":>8}{"new":>8}{"pasted":>8}']
    for category in sorted(content['categories'], key=lambda category: category['id']):
        lines.append(f'{category["name"]:14}' + ''.join(f'{count[category["id"]]:8}' for count in counts))
    return '\n'.join(lines)


if __name__ == '__main__':
    run(main)
