"""Write the csv of a competition from predictions, or check one that is there.

    python tools/submit.py work_dirs/htc_swin/predictions/test.json --ann data/synthetic/test.json --out submission.csv
    python tools/submit.py work_dirs/upernet/predictions/test.probs --ann data/synthetic/test.json --out submission.csv
    python tools/submit.py submission.csv --ann data/synthetic/test.json --draw drawn

Predictions of detectors are COCO results json, another csv (it is put right) or a folder of YOLO txt files; those of
segmenters a *.probs folder, a folder of label pictures or another csv.  Label maps are shrunk to 256 x 256 by taking
the nearest label, with --resize prob from shrunk probabilities.  A csv is fit to be submitted when every picture has
one row, labels are those of the data set, and corners are ordered and boxes inside their pictures, or the pixels are
256 x 256; else it ends with code 2.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools._drawing import draw_submission
from tools._launch import Parser, run

if TYPE_CHECKING:
    from custom_modules.datasets import CocoData


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('predictions', type=Path, help='predictions to write, or without --out the csv to check')
    parser.add_argument('--ann', type=Path, required=True, help='COCO json of the pictures to predict on')
    parser.add_argument('--out', type=Path, metavar='CSV', help='the csv to write')
    parser.add_argument(
        '--resize',
        choices=['label', 'prob'],
        help='segmenters: shrink labels (the default), or the probabilities first (means of areas)',
    )
    parser.add_argument(
        '--draw', type=Path, metavar='DIR', help='segmenters: read the csv back and draw it over the photographs'
    )
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Write or check; return 2 when the csv is not fit to be submitted."""
    args = parse_args(argv)
    kind = check_arguments(args)
    from custom_modules.datasets import load_coco
    from custom_modules.submission.kinds import SEGMENTATION
    from custom_modules.utils import find_file

    # To draw them, all photographs have to be there.
    coco = load_coco(find_file(args.ann), check_images=args.draw is not None)
    path, is_segmentation = args.out or find_file(args.predictions), kind in SEGMENTATION
    if args.out is not None:
        (write_labels if is_segmentation else write_boxes)(args, kind, coco)
    code = report_labels(path, coco) if is_segmentation else report_boxes(path, coco)
    if args.draw is not None and code == 0:
        draw_submission(path, coco, args.draw)
    if args.draw is not None:
        print('nothing drawn' if code else f'drawn in {args.draw}')
    return code


def check_arguments(args: argparse.Namespace) -> str:
    """Refuse what cannot be done before the files are read; returns what kind of predictions there are."""
    from custom_modules.submission import kind_of
    from custom_modules.submission.kinds import DETECTION_CSV, PROBS, SEGMENTATION, SEGMENTATION_CSV
    from custom_modules.utils import UserError, check_folder, check_output, did_you_mean, find_file, similar_paths

    kind = kind_of(find_file(args.predictions))
    if not find_file(args.ann).is_file():
        raise UserError(f'--ann {args.ann}: no such file{did_you_mean(similar_paths(args.ann))}')
    if args.out is None:
        if kind not in (DETECTION_CSV, SEGMENTATION_CSV):
            raise UserError(f'{args.predictions}: is no csv; to write one from this {kind} give its name by --out')
    else:
        check_output(args.out, ('.csv',), inputs=[find_file(args.predictions), find_file(args.ann)])
    if args.draw is not None:
        if kind not in SEGMENTATION:
            raise UserError(f'--draw: is for segmentation, {args.predictions} holds detections ({kind}); leave it out')
        check_folder(args.draw, '--draw')
    if args.resize is not None and (kind != PROBS or args.out is None):
        raise UserError(f'--resize: is for writing from probabilities, {args.predictions} is a {kind}; leave it out')
    return kind


def write_boxes(args: argparse.Namespace, kind: str, coco: CocoData) -> None:
    """Write the csv of detections, and say what was changed on the way."""
    from custom_modules.submission import read_member, write_detection_csv

    source = args.predictions
    member = read_member(source, coco)
    if member.repairs:
        print(f'{source}: put right: {member.repairs}')
    names = {image['id']: image['file_name'] for image in coco.images}
    lost = write_detection_csv(args.out, member.predictions, names, coco.cat_ids)
    if lost:
        print(f'{source}: boxes too thin for 8 digits (left out): {lost}')


def write_labels(args: argparse.Namespace, kind: str, coco: CocoData) -> None:
    """Write the csv of label maps, picture by picture."""
    from custom_modules.datasets.label_maps import coco_classes
    from custom_modules.submission import submitted_labels, write_segmentation_csv
    from custom_modules.utils import find_file

    rows = submitted_labels(find_file(args.predictions), kind, coco, args.resize or 'label')
    names = [image['file_name'] for image in coco.images]
    write_segmentation_csv(args.out, rows, classes=coco_classes(coco), names=names)


def report_boxes(path: Path, coco: CocoData) -> int:
    """Describe a csv of detections and print all its errors; return the exit code."""
    from custom_modules.submission import check_submission

    check = check_submission(path, coco)
    scores = '' if check.scores is None else f', scores {check.scores[0]:.3g} to {check.scores[1]:.3g}'
    print(f'{path}: {check.num_rows} rows, {check.num_boxes} boxes, {check.num_empty} pictures without boxes{scores}')
    if check.labels_missing:
        print(f'labels without a box: {", ".join(check.labels_missing)}')
    for warning in check.warnings:
        print(f'warning: {warning}')
    return verdict(path, check.notes, check.errors, check.obstacle)


def report_labels(path: Path, coco: CocoData) -> int:
    """Describe a csv of label maps and print all its errors; return the exit code."""
    from custom_modules.submission import check_segmentation

    check = check_segmentation(path, coco)
    found = sorted(check.shares.items(), key=lambda item: -item[1])
    shares = ', '.join(f'{name} {share:.1%}' for name, share in found if share)
    print(f'{path}: {check.num_rows} rows of 256 x 256 labels: {shares or "none that can be read"}')
    if missing := [f'{label} ({name})' for label, (name, share) in enumerate(check.shares.items()) if not share]:
        print(f'labels without a pixel: {", ".join(missing)}')
    obstacle = None if check.can_be_mended else 'its rows have to be mended where they come from'
    return verdict(path, check.notes, check.errors, obstacle)


def verdict(path: Path, notes: tuple[str, ...], errors: tuple[str, ...], obstacle: str | None) -> int:
    """Print notes, errors and what to do; return the exit code."""
    for note in notes:
        print(f'note: {note}')
    for error in errors:
        print(f'error: {error}')
    if not errors:
        print('fit to be submitted')
    elif obstacle is None:
        print(f'not fit to be submitted; to write one that is: python tools/submit.py {path} --ann JSON --out CSV')
    else:
        print(f'not fit to be submitted, and not to be mended by this tool: {obstacle}')
    return 2 if errors else 0


if __name__ == '__main__':
    run(main, needs_model=False)
