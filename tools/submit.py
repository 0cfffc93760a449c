"""Write the csv of a competition from predictions, or check one that is there.

    python tools/submit.py work_dirs/htc_swin/predictions/test.json --ann data/synthetic/test.json --out submission.csv
    python tools/submit.py submission.csv --ann data/synthetic/test.json

Predictions are COCO results json, another csv (it is put right) or a folder of YOLO txt files.  A csv is fit to be
submitted when every picture has one row, labels are those of the data set, corners are ordered and boxes inside their
pictures; else it ends with code 2.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools._launch import Parser, run

if TYPE_CHECKING:
    from custom_modules.datasets import CocoData


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('predictions', type=Path, help='predictions to write, or without --out the csv to check')
    parser.add_argument('--ann', type=Path, required=True, help='COCO json of the pictures to predict on')
    parser.add_argument('--out', type=Path, metavar='CSV', help='the csv to write')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Write or check; return 2 when the csv is not fit to be submitted."""
    args = parse_args(argv)
    check_arguments(args)
    from custom_modules.datasets import load_coco
    from custom_modules.utils import find_file

    coco = load_coco(find_file(args.ann), check_images=False)
    if args.out is None:
        return report(find_file(args.predictions), coco)
    write(args.predictions, coco, args.out)
    return report(args.out, coco)


def check_arguments(args: argparse.Namespace) -> None:
    """Refuse what cannot be done before the files are read."""
    from custom_modules.submission import detect_format
    from custom_modules.utils import UserError, check_output, did_you_mean, find_file, similar_paths

    kind = detect_format(find_file(args.predictions))
    if not find_file(args.ann).is_file():
        raise UserError(f'--ann {args.ann}: no such file{did_you_mean(similar_paths(args.ann))}')
    if args.out is None:
        if kind != 'csv':
            raise UserError(f'{args.predictions}: is no csv; to write one from it give its name by --out')
    else:
        check_output(args.out, ('.csv',), inputs=[find_file(args.predictions), find_file(args.ann)])


def write(source: Path, coco: CocoData, out: Path) -> None:
    """Write the csv, and say what was changed on the way."""
    from custom_modules.submission import read_member, write_detection_csv

    member = read_member(source, coco)
    if member.repairs:
        print(f'{source}: put right: {member.repairs}')
    names = {image['id']: image['file_name'] for image in coco.images}
    lost = write_detection_csv(out, member.predictions, names, coco.cat_ids)
    if lost:
        print(f'{source}: boxes too thin for 8 digits (left out): {lost}')


def report(path: Path, coco: CocoData) -> int:
    """Describe a csv and print all its errors; return the exit code."""
    from custom_modules.submission import check_submission

    check = check_submission(path, coco)
    scores = '' if check.scores is None else f', scores {check.scores[0]:.3g} to {check.scores[1]:.3g}'
    print(f'{path}: {check.num_rows} rows, {check.num_boxes} boxes, {check.num_empty} pictures without boxes{scores}')
    if check.labels_missing:
        print(f'labels without a box: {", ".join(check.labels_missing)}')
    for note in check.notes:
        print(f'note: {note}')
    for error in check.errors:
        print(f'error: {error}')
    if check.errors:
        print(f'not fit to be submitted; to write one that is: python tools/submit.py {path} --ann JSON --out CSV')
        return 2
    print('fit to be submitted')
    return 0


if __name__ == '__main__':
    run(main, needs_model=False)
