"""Fuse the predictions of several detectors.

    python tools/wbf_ensemble.py
    python tools/wbf_ensemble.py a/val.json b/val.json --ann data/synthetic/val.json --out work_dirs/ensemble/ab.json
    python tools/wbf_ensemble.py a/val.json b/val.json --ann data/synthetic/val.json --search
    python tools/wbf_ensemble.py a/test.json b.csv --ann data/trash/test.json --params ensemble/val.params.json
    python tools/wbf_ensemble.py a.csv b.csv --image-size 1024 1024 --weights 2 1 --out fused.csv

Files are COCO results json, competition csv or folders of YOLO txt files, mixed where --ann joins them.  Without files
the predictions of all runs under work_dirs/ on the same split are fused.  Where --ann has answers, each member, the
fusion and the fusion without each member are scored; then the last line printed is the fusion's score.

A file is the member of --params that was made by the same run or config, as the notes beside predictions say, or,
without notes, that is named like it; --in-order takes any files, in the order of the members.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools._fusion_options import SETTINGS, check_files, check_options, choose_inputs
from tools._fusion_params import is_usual, read_params, tell_earlier_params
from tools._fusion_scores import comparison_lines, comparison_to_dict, full_scores, progress_line
from tools._launch import Parser, run

if TYPE_CHECKING:
    from custom_modules.datasets import CocoData
    from custom_modules.ensemble.search.params import FusionParams
    from custom_modules.evaluation import Predictions
    from custom_modules.submission import Member, Pictures

METHODS = ('wbf', 'nmw', 'nms', 'soft_nms')
CONF_TYPES = ('avg', 'max', 'box_and_model_avg', 'absent_model_aware_avg')


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('predictions', nargs='*', type=Path, help='files to fuse (default: those of all runs)')
    parser.add_argument(
        '--ann', type=Path, help='COCO json of the pictures: ids, names, sizes, and answers to score by'
    )
    parser.add_argument(
        '--image-size', nargs=2, type=int, metavar=('W', 'H'), help='size of all pictures in pixels, without --ann'
    )
    parser.add_argument(
        '--out', type=Path, help='.json or .csv to write (default: work_dirs/ensemble/<json or first file>)'
    )
    parser.add_argument('--method', choices=METHODS, help='how boxes become one (default: wbf)')
    parser.add_argument('--iou-thr', type=float, help='boxes above this IoU are one (default: 0.55)')
    parser.add_argument('--skip-box-thr', type=float, help='leave out boxes of lower score first (default: 0)')
    parser.add_argument('--weights', nargs='+', type=float, metavar='W', help='one a file, in their order (default: 1)')
    parser.add_argument('--conf-type', choices=CONF_TYPES, help='how wbf scores a fused box (default: avg)')
    parser.add_argument('--max-per-image', type=int, metavar='N', help='keep the N best boxes (default: all)')
    parser.add_argument('--params', type=Path, metavar='JSON', help='fuse as an earlier --search found best')
    parser.add_argument(
        '--in-order',
        action='store_true',
        help='take the files in the order of the members of --params, whatever made them',
    )
    parser.add_argument('--search', action='store_true', help='look for the best settings on the answers of --ann')
    parser.add_argument('--budget', type=int, help='fusions that --search tries (default: 300)')
    parser.add_argument('--seed', type=int, help='of --search (default: 0)')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Fuse, score where there are answers, and write."""
    args = parse_args(argv)
    check_options(args)
    choose_inputs(args)
    check_files(args)
    from custom_modules.submission import read_members

    coco = read_ann(args)
    size = None if args.image_size is None else (args.image_size[1], args.image_size[0])
    members, pictures = read_members(args.predictions, coco, image_size=size)
    for member in members:
        print(f'{member.path}: {len(member.predictions)} boxes' + (f'; {member.repairs}' if member.repairs else ''))
    files = usable_masks(members, args.out)
    params = find_params(args, coco, files, pictures)
    fused = fuse(params, files, pictures, args.max_per_image)
    write(args.out, fused, pictures)
    save_notes(args, members, params, pictures)
    print(f'{len(fused)} boxes of {len(pictures.sizes)} pictures: {args.out}')
    if coco is not None and coco.has_annotations:
        score(args, coco, files, fused, params, pictures)
    elif coco is not None:
        print(f'{args.ann} has no answers, nothing scored')
    return 0


def read_ann(args: argparse.Namespace) -> CocoData | None:
    """Read the data set, if one is named."""
    from custom_modules.datasets import load_coco
    from custom_modules.utils import UserError

    if args.ann is None:
        return None
    coco = load_coco(args.ann, check_images=False)
    if args.search and not coco.has_annotations:
        raise UserError(f'--search: {args.ann} has no answers to search by; give the json of a scored split')
    if args.image_size:
        other = sum([image['width'], image['height']] != args.image_size for image in coco.images)
        if other:
            print(f'--image-size: {args.ann} gives the sizes, {other} of {len(coco.images)} pictures are others')
    return coco


def usable_masks(members: list[Member], out: Path) -> dict[str, Predictions]:
    """Return the predictions by file, with masks only where all have them and the output takes them."""
    from dataclasses import replace

    masked = [member for member in members if member.predictions.segmentations is not None]
    if out.suffix == '.json' and len(masked) == len(members):
        return {str(member.path): member.predictions for member in members}
    if masked:
        reason = 'a csv has none' if out.suffix == '.csv' else f'{len(members) - len(masked)} of the files have none'
        print(f'masks are left out: {reason}')
    return {str(member.path): replace(member.predictions, segmentations=None) for member in members}


def find_params(
    args: argparse.Namespace, coco: CocoData | None, files: dict[str, Predictions], pictures: Pictures
) -> FusionParams:
    """Return the settings: searched for, read, or those of the command line; say which files they leave out."""
    from custom_modules.ensemble.search import FusionParams

    if args.search:
        params = search(args, coco, files)
    elif args.params is not None:
        params = read_params(args, list(files), FusionParams.load)
    else:
        if all(getattr(args, name) == value for name, value in SETTINGS.items()):
            about = ['--ann', str(args.ann)] if args.ann else ['--image-size', *map(str, args.image_size or ())]
            tell_earlier_params(args, 'wbf_ensemble.py', FusionParams.load, is_usual, about)
        weights = args.weights or [1.0] * len(files)
        settings = {name: getattr(args, name) for name in ('method', 'iou_thr', 'skip_box_thr', 'conf_type')}
        params = FusionParams(tuple(files), tuple(pictures.category_ids), tuple(weights), **settings)
    used = params.for_files(list(files))
    dropped = [name for name in files if name not in used.members]
    if dropped:
        print(f'left out: {" ".join(dropped)}')
    return used


def fuse(
    params: FusionParams, files: dict[str, Predictions], pictures: Pictures, max_per_image: int | None
) -> Predictions:
    """Fuse, in the 8 digits a file keeps."""
    from dataclasses import replace

    from custom_modules.ensemble import fuse_predictions
    from custom_modules.evaluation.predictions import round_significant

    if len(files) == 1:  # its own boxes overlap, too
        options = params.options(pictures.category_ids)
        fused = fuse_predictions(list(files.values()), pictures.sizes, **options, max_per_image=max_per_image)
    else:
        fused = params.fuse(files, pictures.sizes, max_per_image=max_per_image)
    return replace(fused, boxes_xywh=round_significant(fused.boxes_xywh), scores=round_significant(fused.scores))


def write(out: Path, fused: Predictions, pictures: Pictures) -> None:
    """Write what was fused."""
    from custom_modules.evaluation import notes_file, write_predictions
    from custom_modules.submission import write_detection_csv

    for beside in (notes_file(out), out.with_suffix('.metrics.json')):  # of another fusion in a moment
        beside.unlink(missing_ok=True)
    if out.suffix == '.csv':
        write_detection_csv(out, fused, pictures.names, pictures.category_ids)
    else:
        write_predictions(out, fused)


def search(args: argparse.Namespace, coco: CocoData, files: dict[str, Predictions]) -> FusionParams:
    """Look for the best settings, print what was found and keep it beside the output."""
    from dataclasses import replace

    from custom_modules.ensemble.search import Maker, search_fusion

    boxes = {name: replace(predictions, segmentations=None) for name, predictions in files.items()}
    with progress_line('fusions tried') as progress:
        result = search_fusion(coco, boxes, budget=args.budget, seed=args.seed, progress=progress)
    path = args.out.with_suffix('.params.json')
    result.save(path, {name: Maker.of_file(name) for name in files})
    print(f'{result.report()}\nfor other predictions of these models: --params {path}')
    return result.params


def score(
    args: argparse.Namespace,
    coco: CocoData,
    files: dict[str, Predictions],
    fused: Predictions,
    params: FusionParams,
    pictures: Pictures,
) -> None:
    """Score each member, the fusion and the fusion without each member; print it and keep it beside the output."""
    from custom_modules.ensemble.comparison import compare
    from custom_modules.evaluation import format_table, result_to_dict
    from custom_modules.utils import atomic_write

    with progress_line('scores') as progress:
        comparison = compare(
            coco, files, fused, params, pictures.sizes, max_per_image=args.max_per_image, progress=progress
        )
    scores, results = full_scores(coco, fused)
    figures = {'scores': scores, 'details': [result_to_dict(result) for result in results]}
    with atomic_write(args.out.with_suffix('.metrics.json')) as file:
        json.dump({**figures, 'comparison': comparison_to_dict(comparison)}, file, indent=2)
    print(format_table(results[0]))
    alone = params.members[0] if params.is_single and len(files) > 1 else None
    lines = comparison_lines(comparison, searched=args.search, alone=alone)
    print('\n'.join([*lines, f'mAP50 {scores["mAP50"]:.6f}']))


def save_notes(args: argparse.Namespace, members: list[Member], params: FusionParams, pictures: Pictures) -> None:
    """Say beside the output what made it."""
    from dataclasses import asdict

    from custom_modules.evaluation import notes_file
    from custom_modules.utils import atomic_write, find_file

    notes = {
        'command': sys.argv,
        'kind': 'fusion',
        'ann': None if args.ann is None else str(args.ann.resolve()),
        'members': [
            {
                'file': str(find_file(member.path).resolve()),
                'sha256': digest(find_file(member.path)),
                'format': member.format,
                'used': str(member.path) in params.members,
                'num_boxes': len(member.predictions),
                'repairs': member.repairs.counts,
            }
            for member in members
        ],
        'params': asdict(params),
        'max_per_image': args.max_per_image,
        'searched_here': args.search,
        'classes': pictures.classes,
        'cat_ids': list(pictures.category_ids),
        'num_pictures': len(pictures.sizes),
        'written': time.strftime('%Y-%m-%d %H:%M:%S'),
    }
    with atomic_write(notes_file(args.out)) as file:
        json.dump(notes, file, indent=2)


def digest(path: Path) -> str | None:
    """Return the sha256 of a file; None for a folder."""
    if path.is_dir():
        return None
    with path.open('rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()


if __name__ == '__main__':
    run(main, needs_model=False)
