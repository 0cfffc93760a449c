"""Make a data set with pasted objects: the old pictures, and new ones made of them.

    python tools/copy_paste.py --data-root data/trash --out data/trash_pasted --classes rare
    python tools/copy_paste.py --data-root data/trash --out data/trash_pasted --classes Battery=5 Clothing=3

Training on it (--data-root data/trash_pasted) is the offline way; configs/trash/htc_swin_b_copy_paste.py pastes
afresh in every epoch.  Only objects with a mask are pasted; the classes named get their weights, the others 1.

The set serves segmenters as it is.  For them give --max-hidden 1: what is left of an object that is dropped would be
Background to them.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools._launch import Parser, check_paths, run


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
        help='how often each class is drawn to be pasted: rare (default: by 1 / root of its number of objects), equal '
        '(all classes alike), natural (all objects alike), or NAME=WEIGHT ...: Battery=5 is drawn five times as often '
        'as each class not named (weight 1), Battery=0 never',
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
    check_paths(data_root=args.data_root)
    from custom_modules.engine.pasting import write_pasted
    from custom_modules.transforms import TrashCopyPaste
    from custom_modules.transforms.class_weights import check_setting
    from custom_modules.utils import UserError, atomic_write

    if args.pictures is not None and args.pictures < 1:
        raise UserError(f'--pictures {args.pictures}: give a number from 1 on')
    weights = read_weights(args.classes)
    check_setting(weights, option='--classes')
    try:
        paste = TrashCopyPaste(
            class_weights=weights,
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
    """Count the objects of each class: before + copied along with pictures + pasted - covered = after.

    Pasted objects that others cover are left out altogether.
    """
    source = {image['id']: image['source']['image_id'] for image in content['images'] if 'source' in image}
    times = Counter(source.values())
    before, copied, pasted, after = Counter(), Counter(), Counter(), Counter()
    for annotation in content['annotations']:
        label, image = annotation['category_id'], annotation['image_id']
        after[label] += 1
        pasted[label] += 'source' in annotation
        if image not in source:
            before[label] += 1
            copied[label] += times[image]
    covered = {label: after[label] - before[label] - copied[label] - pasted[label] for label in after}
    columns = {'before': before, 'copied along': copied, 'pasted': pasted, 'covered': covered, 'after': after}
    rows = {category['id']: category['name'] for category in sorted(content['categories'], key=lambda one: one['id'])}
    width = max(map(len, [*rows.values(), 'objects'])) + 1
    lines = ['objects'.ljust(width) + ''.join(f'{name:>13}' for name in columns)]
    for label, name in rows.items():
        lines.append(name.ljust(width) + ''.join(f'{count.get(label, 0):13}' for count in columns.values()))
    return '\n'.join([*lines, 'all'.ljust(width) + ''.join(f'{sum(count.values()):13}' for count in columns.values())])


if __name__ == '__main__':
    run(main)
