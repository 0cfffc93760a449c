"""Label pictures without annotations by trained models, with thresholds whose precision was measured.

    python tools/pseudo_label.py configs/demo/htc_swin.py work_dirs/demo/htc_swin/best.pth --data-root data/synthetic
    python tools/pseudo_label.py --predictions work_dirs/demo/*/predictions/test.json --data-root data/synthetic
    python tools/pseudo_label.py --predictions work_dirs/*/predictions/test.probs --data-root data/synthetic
    python tools/pseudo_label.py

Predicts on test.json and, to find the thresholds, on val.json; then writes train_pseudo.json: the real annotations,
the labels, and ignore regions for what is uncertain.  Several --predictions of detectors are fused, and a label needs
more than half of the models; of segmenters the probabilities are averaged.  Without anything it takes the newest
detector below work_dirs/.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools import _pseudo_boxes, _pseudo_pixels
from tools._launch import Parser, light, run
from tools._pseudo_data import Data, Found
from tools._pseudo_options import check_options, check_task
from tools._pseudo_sources import Sources, from_files, from_model, predict_missing, use_newest_run

if TYPE_CHECKING:
    import numpy as np

    from custom_modules.datasets import CocoData


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
    rules.add_argument('--target-precision', type=float, help='share of right labels or pixels (default: 0.7)')
    rules.add_argument('--confidence', type=float, help='how sure of that (default: 0.9)')
    rules.add_argument('--score-thr', type=float, help='a fixed threshold in the place of calibrated ones')
    rules.add_argument('--keep-empty', action='store_true', help='keep pictures without labels, as background')
    boxes = parser.add_argument_group('rules for detectors')
    boxes.add_argument('--ignore-precision', type=float, help='ignore regions down to this chance (default: 0.2)')
    boxes.add_argument('--no-ignore', action='store_true', help='no ignore regions: what is uncertain is background')
    boxes.add_argument('--ignore-thr', type=float, help='with --score-thr: ignore regions down to this score')
    boxes.add_argument('--min-votes', type=int, help='models that must agree (default: more than half)')
    boxes.add_argument('--max-per-image', type=int, help='labels per picture at most')
    boxes.add_argument('--max-ratio', type=float, help='labels of a class at most, per real object of it')
    pixels = parser.add_argument_group('rules for segmenters')
    pixels.add_argument('--min-area', type=int, help='pixels of the smallest region that is a label (default: 32)')
    pixels.add_argument(
        '--label-pictures',
        type=Path,
        metavar='DIR',
        help='also write the label maps as pictures, 255 for unsure pixels',
    )
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
        given = check_options(args)
        if args.predictions:
            sources = from_files(args)
            check_task(args.predictions[0], given, is_segmentation=sources.is_segmentation)
            return label(args, sources)
        if args.checkpoint is None:
            use_newest_run(args)
    sources = from_model(args)
    check_task(args.config, given, is_segmentation=sources.is_segmentation)
    return label(args, sources)


def label(args: argparse.Namespace, sources: Sources) -> int:
    """Read, predict, choose labels, write."""
    task = _pseudo_pixels if sources.is_segmentation else _pseudo_boxes
    out = args.out or sources.root / 'train_pseudo.json'
    data = read_data(args, sources, out)
    predict_missing(args, sources)
    return write(args, sources, data, task.label(args, sources, data), out)


def read_data(args: argparse.Namespace, sources: Sources, out: Path) -> Data:
    """Read and check all json files."""
    from custom_modules.datasets import load_coco, resolve_ann
    from custom_modules.pseudo_label.labelling import leave_out_known
    from custom_modules.pseudo_label.merging import check_same_classes, path_from, real_part
    from custom_modules.utils import UserError, check_folder

    check_not_real(out)
    if args.label_pictures is not None:
        check_folder(args.label_pictures, '--label-pictures')
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
    return Data(real, listed, unlabelled, answered, answers, skipped, next_round(sources, answered, out))


def check_not_real(out: Path) -> None:
    """Refuse to overwrite what was not made here."""
    from custom_modules.datasets.pseudo_records import NOTE
    from custom_modules.utils import UserError, check_output, read_object

    check_output(out)
    if out.exists() and NOTE not in read_object(out):
        raise UserError(f'--out {out}: exists and holds no pseudo labels, it is not overwritten; choose another name')


def next_round(sources: Sources, answered: CocoData | None, out: Path) -> int:
    """Return the number of this round: one more than the labelling models have learnt from.

    Models that have seen the answers, or labels of the file to write, are told.
    """
    from custom_modules.datasets.pseudo_records import NOTE
    from custom_modules.pseudo_label import round_of
    from custom_modules.pseudo_label.runs import run_of
    from custom_modules.utils import as_typed, read_object

    rounds, known = [0], {image['file_name'] for image in answered.images} if answered else set()
    for one in filter(None, map(run_of, sources.checkpoints)):
        trained_on = sources.root / (one.train_ann or 'train.json')
        content = read_object(trained_on)
        learnt = one.pseudo_round
        if learnt is None:  # a run of before they said so: the file may have been written anew by its own labels since
            its_own = (content.get(NOTE) or {}).get('predictions') == [str(path) for path in sources.members]
            learnt = round_of(content) - its_own
        rounds.append(learnt)
        if learnt and trained_on.resolve() == out.resolve():
            print(
                f'{as_typed(one.checkpoint)} was itself trained on {as_typed(out)}, pseudo labels of round {learnt}: '
                f'this is round {learnt + 1}, which replaces them'
            )
        seen = known & {image.get('file_name') for image in content.get('images', ())}
        if seen and not one.on_fold:
            print(
                f'warning: {one.checkpoint} was trained on {len(seen)} pictures of {answered.path.name}: thresholds '
                f'from them are too low; give out-of-fold predictions by --calibrate',
                file=sys.stderr,
            )
    return max(rounds) + 1


def write(args: argparse.Namespace, sources: Sources, data: Data, found: Found, out: Path) -> int:
    """Write the data file, the report and the contact sheet, and print the table; returns the exit code."""
    from custom_modules.pseudo_label import doubts, is_pseudo, merge_records
    from custom_modules.utils import as_typed, atomic_write, read_object

    print(found.table, flush=True)
    earlier = sum(map(is_pseudo, read_object(out).get('annotations', ()))) if not found.report['labels'] else 0
    if earlier:
        print(f'nothing written: {as_typed(out)} keeps its {earlier} pseudo labels, there would be none in their place')
        return 1
    arguments = {name: str(value) if isinstance(value, Path) else value for name, value in vars(args).items()}
    origin = {'round': data.this_round, 'predictions': [str(path) for path in sources.members], 'arguments': arguments}
    content = merge_records(
        data.real.as_json(),
        data.real.image_root,
        data.unlabelled,
        found.records,
        out_root=out.parent,
        note=origin,
        keep_empty=args.keep_empty,
    )
    folder = out.with_suffix('')
    write_sheet(found.sheet, folder / 'labels.jpg')
    with atomic_write(folder / 'report.json') as file:
        json.dump({**origin, **found.report}, file, indent=2)
    with atomic_write(out) as file:
        json.dump(content, file)
    for doubt in doubts(found.report):
        print(f'warning: {doubt}', file=sys.stderr)
    new = len(content['images']) - len(data.real.images)
    print(
        f'{as_typed(out)}: {len(data.real.images)} real pictures and {new} with pseudo labels, round {data.this_round}'
    )
    print(f'report.json{" and labels.jpg (look at it)" if found.sheet is not None else ""} in {as_typed(folder)}')
    return 0


def write_sheet(sheet: np.ndarray | None, path: Path) -> None:
    """Write the contact sheet; without one, that of an earlier call goes."""
    import cv2

    from custom_modules.utils import atomic_write

    if sheet is None:
        path.unlink(missing_ok=True)
        return
    with atomic_write(path, 'wb') as file:
        file.write(cv2.imencode('.jpg', sheet, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes())


if __name__ == '__main__':
    run(main)
