"""Draw a synthetic trash data set: pictures, exact polygons and COCO files, all from a seed.

    python tools/make_synthetic.py --out data/synthetic --train 240 --val 60 --test 60 --size 256 --seed 0

A folder this tool wrote before is kept when the arguments are the same, and
replaced when they differ.
"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools._launch import ROOT, Parser, run


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(description=__doc__.splitlines()[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('--out', type=Path, default=ROOT / 'data' / 'synthetic', help='folder to write')
    parser.add_argument('--train', type=int, default=240, metavar='N', help='number of training pictures')
    parser.add_argument('--val', type=int, default=60, metavar='N', help='number of validation pictures')
    parser.add_argument('--test', type=int, default=60, metavar='N', help='number of test pictures')
    parser.add_argument('--size', type=int, default=256, metavar='S', help='side of the square pictures in pixels')
    parser.add_argument('--seed', type=int, default=0, metavar='K', help='everything is drawn from it')
    parser.add_argument(
        '--frequencies',
        choices=('real', 'flat', 'sqrt'),
        default='sqrt',
        help='how often the classes come: as in real photographs, all alike, or the square roots of '
        'the real frequencies with at least 6 %% for each',
    )
    parser.add_argument('--workers', type=int, metavar='N', help='processes to draw with; all cores when not given')
    parser.add_argument('--overwrite', action='store_true', help='replace the folder whatever it holds')
    return parser.parse_args(argv)


class Progress:
    """A line on the terminal with the pictures done and the time left; a few plain lines elsewhere."""

    def __init__(self) -> None:
        self.stream = sys.stderr
        self.start = time.monotonic()
        self.shown = 0

    def __call__(self, done: int, total: int) -> None:
        """Show the state after a picture."""
        step = max(1, total // 50) if self.stream.isatty() else max(1, total // 4)
        if done < total and done < self.shown + step:
            return
        self.shown = done
        left = (time.monotonic() - self.start) / done * (total - done)
        ending = '\r' if self.stream.isatty() and done < total else '\n'
        print(f'{done}/{total} pictures, {left:.0f} s left   ', end=ending, file=self.stream, flush=True)


def table(splits: dict[str, dict]) -> str:
    """Format the number of objects of each class in each split, one class per line."""
    names = [category['name'] for category in splits['train']['categories']]
    counts = {split: [0] * len(names) for split in splits}
    for split, coco in splits.items():
        for annotation in coco['annotations']:
            counts[split][annotation['category_id']] += 1
    lines = [f'{"objects":14}' + ''.join(f'{split:>7}' for split in splits)]
    for label, name in enumerate(names):
        lines.append(f'{name:14}' + ''.join(f'{counts[split][label]:7}' for split in splits))
    return '\n'.join([*lines, f'{"all":14}' + ''.join(f'{sum(counts[split]):7}' for split in splits)])


def main(argv: list[str] | None = None) -> None:
    """Draw the data set and print what it holds."""
    args = parse_args(argv)
    from custom_modules.datasets.synthetic import make_synthetic

    start, progress = time.monotonic(), Progress()
    splits = make_synthetic(
        args.out,
        train=args.train,
        val=args.val,
        test=args.test,
        size=args.size,
        seed=args.seed,
        frequencies=args.frequencies,
        workers=args.workers,
        overwrite=args.overwrite,
        progress=progress,
    )
    print(table(splits))
    spent = f'drawn in {time.monotonic() - start:.1f} s' if progress.shown else 'were there already and are kept'
    print(f'{args.out}: {args.train + args.val + args.test} pictures {spent}')


if __name__ == '__main__':
    run(main, needs_model=False)
