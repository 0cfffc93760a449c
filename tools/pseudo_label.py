"""Label pictures without annotations by trained detectors, with thresholds whose precision was measured.

    python tools/pseudo_label.py configs/demo/htc_swin.py work_dirs/demo/htc_swin/best.pth --data-root data/synthetic
    python tools/pseudo_label.py --predictions work_dirs/demo/*/predictions/test.json --data-root data/synthetic
    python tools/pseudo_label.py

Predicts on test.json and, to find the thresholds, on val.json; then writes train_pseudo.json: the real annotations,
the labels, and ignore regions for what is uncertain.  Several --predictions are fused, and a label needs more than
half of the models.  Without anything it takes the newest detector below work_dirs/.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools._launch import Parser, light, run
from tools._pseudo_options import check_options, wishes_of
from tools._pseudo_sources import Sources, from_files, from_model, predict_missing, use_newest_run

if TYPE_CHECKING:
    from custom_modules.datasets import CocoData
    from custom_modules.pseudo_label.labelling import Labelled


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', nargs='?', help='config file the checkpoint was trained with')
    parser.add_argument('checkpoint', nargs='?', help='its weights (default: of the newest run)')
    parser.add_argument('--predictions', nargs='+', metavar='FILE', help='predictions on the pictures, one per model')
    parser.add_argument(
        '--calibrate', nargs='+', metavar='FILE', help='predictions with answers (default: val.json beside the others)'
    )
    files = parser.add_argument_group('data')
    files.add_argument('--data-root', help="folder of the data set (default: the run's)")
    files.add_argument('--unlabelled', metavar='FILE', help='json of the pictures to label (default: test.json)')
    files.add_argument(
        '--calibrate-ann',
        metavar='FILE',
        help="answers for --calibrate (default: what it is about, val.json or the fold's)",
    )
    files.add_argument(
        '--train-ann', default='train.json', metavar='FILE', help='real annotations (default: %(default)s)'
    )
    files.add_argument('--answers', metavar='FILE', help='truth about the pictures, only to tell the real precision')
    files.add_argument('--out', type=Path, metavar='FILE', help='default: train_pseudo.json in the data folder')
    rules = parser.add_argument_group('rules')
    rules.add_argument('--target-precision', type=float, help='share of right labels (default: 0.7)')
    rules.add_argument('--confidence', type=float, help='how sure of that (default: 0.9)')
    rules.add_argument('--ignore-precision', type=float, help='ignore regions down to this chance (default: 0.2)')
    rules.add_argument('--no-ignore', action='store_true', help='no ignore regions: what is uncertain is background')
    rules.add_argument('--score-thr', type=float, help='a fixed threshold in the place of calibrated ones')
    rules.add_argument('--ignore-thr', type=float, help='with --score-thr: ignore regions down to this score')
    rules.add_argument('--min-votes', type=int, help='models that must agree (default: more than half)')
    rules.add_argument('--max-per-image', type=int, help='labels per picture at most')
    rules.add_argument('--max-ratio', type=float, help='labels of a class at most, per real object of it')
    rules.add_argument('--keep-empty', action='store_true', help='keep pictures without labels, as background')
    model = parser.add_argument_group('predicting')
    model.add_argument('--tta', action='store_true', help="test-time augmentation, as the config's `tta` says")
    model.add_argument('--amp', action='store_true', help='mixed precision: faster, scores differ a little')
    model.add_argument('--batch-size', type=int, help='pictures at a time (default: 1)')
    model.add_argument('--device', help='cpu, cuda, cuda:1 ... (default: a GPU if there is one)')
    model.add_argument('--trust-checkpoint', action='store_true', help='read checkpoints that execute code')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Find or make predictions, label, write, report."""
    args = parse_args(argv)
    with light():
        check_options(args)
        if args.predictions:
            return label(args, from_files(args))
        if args.checkpoint is None:
            use_newest_run(args)
    return label(args, from_model(args))


def label(args: argparse.Namespace, sources: Sources) -> int:
    """Read, predict, choose labels, write."""
    from custom_modules.evaluation import read_predictions
    from custom_modules.pseudo_label.labelling import label_pictures

    out = args.out or sources.root / 'train_pseudo.json'
    data = read_data(args, sources, out)
    predict_missing(args, sources)
    labelled = label_pictures(
        data.real,
        data.unlabelled,
        [read_predictions(path, data.listed) for path in sources.members],
        answered=data.answered,
        answered_members=[read_predictions(path, data.answered) for path in sources.answered_members] or None,
        wishes=wishes_of(args),
    )
    write(args, sources, data, labelled, out)
    return 0


@dataclass(frozen=True)
class Data:
    """The data sets: real annotations, pictures to label, pictures with answers, truth; and what was left out.

    Pictures that are ``listed`` to be labelled are all of their file, with those that were left out.
    """

    real: CocoData
    listed: CocoData
    unlabelled: CocoData
    answered: CocoData | None
    answers: CocoData | None
    skipped: dict[str, int]
    this_round: int


def read_data(args: argparse.Namespace, sources: Sources, out: Path) -> Data:
    """Read and check all json files."""
    from custom_modules.datasets import load_coco, resolve_ann
    from custom_modules.pseudo_label.labelling import leave_out_known
    from custom_modules.pseudo_label.merging import check_same_classes, path_from, real_part
    from custom_modules.utils import UserError

    check_not_real(out)
    real_path = resolve_ann(sources.root, args.train_ann)
    real = real_part(load_coco(real_path, check_images=False))
    listed = load_coco(sources.unlabelled, check_images=False)
    answered = load_coco(sources.answered, check_images=False) if sources.answered else None
    answers = load_coco(resolve_ann(sources.root, args.answers), check_images=False) if args.answers else None
    for data in (listed, answered, answers):
        if data is not None:
            check_same_classes(real, data)
    for data in (real, listed):
        path_from(out.parent, data.image_root)
    others = [real, *([answered] if answered is not None else [])]
    unlabelled, counts = leave_out_known(listed, others)
    skipped = {f'in {other.path.name}': count for other, count in zip(others, counts, strict=True)}
    if not unlabelled.images:
        where = ' or '.join(name for name, count in skipped.items() if count)
        raise UserError(f'{sources.unlabelled}: all its pictures are {where}; name others by --unlabelled')
    return Data(real, listed, unlabelled, answered, answers, skipped, next_round(sources, answered))


def check_not_real(out: Path) -> None:
    """Refuse to overwrite what was not made here."""
    from custom_modules.pseudo_label.merging import NOTE
    from custom_modules.utils import UserError, check_output, read_object

    check_output(out)
    if out.exists() and NOTE not in read_object(out):
        raise UserError(f'--out {out}: exists and holds no pseudo labels, it is not overwritten; choose another name')


def next_round(sources: Sources, answered: CocoData | None) -> int:
    """Return the number of this round, and warn of a model that has seen the answers."""
    from custom_modules.pseudo_label import round_of
    from custom_modules.pseudo_label.runs import run_of
    from custom_modules.utils import read_object

    rounds = [0]
    known = {image['file_name'] for image in answered.images} if answered else set()
    for one in filter(None, map(run_of, sources.checkpoints)):
        content = read_object(sources.root / (one.train_ann or 'train.json'))
        rounds.append(round_of(content))
        seen = known & {image.get('file_name') for image in content.get('images', ())}
        if seen and not one.on_fold:
            print(
                f'warning: {one.checkpoint} was trained on {len(seen)} pictures of {answered.path.name}: thresholds '
                f'from them are too low; give out-of-fold predictions by --calibrate',
                file=sys.stderr,
            )
    return max(rounds) + 1


def write(args: argparse.Namespace, sources: Sources, data: Data, labelled: Labelled, out: Path) -> None:
    """Write the data file, the report and the contact sheet, and print the table."""
    import cv2

    from custom_modules.pseudo_label import doubts, format_report, make_report, merge_labels
    from custom_modules.pseudo_label.sheet import label_sheet
    from custom_modules.utils import as_typed, atomic_write

    arguments = {name: str(value) if isinstance(value, Path) else value for name, value in vars(args).items()}
    origin = {'round': data.this_round, 'predictions': [str(path) for path in sources.members], 'arguments': arguments}
    content = merge_labels(
        data.real.as_json(),
        data.real.image_root,
        data.unlabelled,
        labelled.labels,
        out_root=out.parent,
        note=origin,
        with_masks=data.real.has_masks,
        keep_empty=args.keep_empty,
    )
    report = make_report(
        data.real,
        data.unlabelled,
        labelled.labels,
        labelled.calibration,
        checked=labelled.checked,
        missed=labelled.missed,
        answers=data.answers,
        skipped=data.skipped,
    )
    folder = out.with_suffix('')
    sheet = label_sheet(data.unlabelled, labelled.labels)
    if sheet is not None:
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_write(folder / 'labels.jpg', 'wb') as file:
            file.write(cv2.imencode('.jpg', sheet, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes())
    with atomic_write(folder / 'report.json') as file:
        json.dump({**origin, **report}, file, indent=2)
    with atomic_write(out) as file:
        json.dump(content, file)
    print(format_report(report), flush=True)
    for doubt in doubts(report):
        print(f'warning: {doubt}', file=sys.stderr)
    new = len(content['images']) - len(data.real.images)
    print(
        f'{as_typed(out)}: {len(data.real.images)} real pictures and {new} with pseudo labels, round {data.this_round}'
    )
    print(f'report.json{" and labels.jpg (look at it)" if sheet is not None else ""} in {as_typed(folder)}')


if __name__ == '__main__':
    run(main)
