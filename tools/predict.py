"""Find trash on pictures: a detector its objects, a segmenter the probabilities of the classes of every pixel.

    python tools/predict.py configs/trash/htc_swin_l.py work_dirs/htc_swin_l/best.pth photos/ --out found.json
    python tools/predict.py configs/trash/upernet_swin_l.py work_dirs/upernet_swin_l/best.pth photos/ --out found.probs

The config says which of the two the model is.  Pictures that cannot be read are listed and left out; the exit code is 1
then, with everything written.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools._drawing import DetectionDrawing, LabelDrawing
from tools._launch import Parser, check_paths, run
from tools._predicting import BATCH_HELP, add_bits

if TYPE_CHECKING:
    from mmengine.config import Config

_SCORE_THR = 0.3


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file the checkpoint was trained with')
    parser.add_argument('checkpoint', help='weights, e.g. work_dirs/htc_swin_l/best.pth')
    parser.add_argument('images', nargs='+', help='pictures, folders, quoted patterns; or a json in its data folder')
    parser.add_argument(
        '--out', required=True, help='FILE.json for detections as COCO json, FOLDER.probs for probabilities'
    )
    parser.add_argument('--ann', help='COCO json whose image ids to use (default: 1 to n, listed in OUT.images.json)')
    parser.add_argument(
        '--draw',
        metavar='DIR',
        help='also draw into this folder: detections, small pictures enlarged; or of a segmenter the most probable '
        'classes over the picture and, as ..._labels.png, as a picture of label numbers',
    )
    parser.add_argument('--score-thr', type=float, help='detectors: draw from this score on (default: 0.3)')
    add_bits(parser)
    parser.add_argument('--tta', action='store_true', help="test-time augmentation, as the config's `tta` says")
    parser.add_argument('--amp', action='store_true', help='mixed precision: faster, scores differ a little')
    parser.add_argument('--batch-size', type=int, default=1, help=BATCH_HELP)
    parser.add_argument('--device', help='cpu, cuda, cuda:1 ... (default: a GPU if there is one)')
    parser.add_argument('--trust-checkpoint', action='store_true', help='read checkpoints that execute code')
    parser.add_argument('--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='change the config')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Predict; return 0, or 1 when pictures could not be read."""
    args = parse_args(argv)
    check_paths(args.config)
    check_options(args)
    from custom_modules.engine import load_config, on_main_rank, stop_distributed, trust_checkpoints
    from custom_modules.engine.config import parse_overrides
    from custom_modules.engine.distributed import own_rank
    from custom_modules.engine.inference import PredictionProgress, choose_device, find_pictures, predict_to_file
    from tools._predicting import exit_code, told_when_stopped

    # Under torchrun a process takes the card it is given.
    device = choose_device(args.device) if args.device else None
    cfg = load_config(args.config, parse_overrides(args.cfg_options))
    storage = check_task(cfg, args)
    pictures = find_pictures(args.images, args.ann)
    if args.draw:
        check_drawings(args, pictures)
    progress, drawing = PredictionProgress(sys.stderr), make_drawing(cfg, args) if args.draw else None
    options = {'batch_size': args.batch_size, 'tta': args.tta, 'amp': args.amp, 'progress': progress, **storage}
    with trust_checkpoints(args.trust_checkpoint), told_when_stopped(progress):
        ids = {'ann': ann_of(args), 'cat_ids': category_ids(cfg, args)}
        unreadable = predict_to_file(
            cfg, args.checkpoint, pictures, args.out, device=device, each=drawing, **ids, **options
        )
    on_main_rank(report, args, pictures, unreadable, drawing)
    code = exit_code(len(unreadable), own_rank())
    stop_distributed()
    return code


def ann_of(args: argparse.Namespace) -> str | None:
    """Return the json whose ids the pictures have, if there is one."""
    return args.images[0] if args.images[0].endswith('.json') else args.ann


def category_ids(cfg: Config, args: argparse.Namespace) -> list[int] | None:
    """Return the category ids of that json, where its classes are the detector's."""
    from custom_modules.engine import read_checkpoint
    from custom_modules.engine.inference import matching_cat_ids
    from custom_modules.engine.tasks import is_segmentation

    if is_segmentation(cfg):
        return None
    classes = read_checkpoint(args.checkpoint, mapped=True).get('meta', {}).get('classes')
    return matching_cat_ids(ann_of(args), classes) if ann_of(args) and isinstance(classes, list) else None


def check_options(args: argparse.Namespace) -> None:
    """Refuse what would fail only after the model has been loaded."""
    from custom_modules.utils import UserError, check_folder

    if args.batch_size < 1:
        raise UserError(f'--batch-size {args.batch_size}: give a number from 1 on')
    if args.score_thr is not None and not 0 <= args.score_thr <= 1:
        raise UserError(f'--score-thr {args.score_thr}: give a number from 0 to 1')
    if args.draw:
        check_folder(args.draw, '--draw')
    if (args.device or '').startswith('cuda') and 'LOCAL_RANK' in os.environ:
        raise UserError(f'--device {args.device}: each process has its own card; leave it out')


def check_task(cfg: Config, args: argparse.Namespace) -> dict:
    """Refuse what is not of the model's task; returns how probabilities are stored, as options of predicting."""
    from custom_modules.engine.inference import check_predictions
    from custom_modules.engine.tasks import is_segmentation
    from custom_modules.utils import UserError
    from tools._predicting import storage_options

    if args.score_thr is not None and is_segmentation(cfg):
        raise UserError(f'--score-thr: is for detectors, {args.config} is a segmenter; leave it out')
    check_predictions(cfg, args.out)
    return storage_options(cfg, args.bits)


def make_drawing(cfg: Config, args: argparse.Namespace) -> DetectionDrawing | LabelDrawing:
    """Return what draws the pictures of the model's task."""
    from custom_modules.engine.tasks import is_segmentation

    return LabelDrawing(args.draw) if is_segmentation(cfg) else DetectionDrawing(args.draw, score_thr_of(args))


def score_thr_of(args: argparse.Namespace) -> float:
    """Return the score that detections are drawn from."""
    return _SCORE_THR if args.score_thr is None else args.score_thr


def check_drawings(args: argparse.Namespace, pictures: list) -> None:
    """Refuse drawings among the pictures, which the same command would predict on when it goes on."""
    from custom_modules.utils import UserError

    folder = Path(args.draw).absolute()
    searched = [Path(argument).absolute() for argument in args.images if Path(argument).is_dir()]
    among = folder in {picture.path.absolute().parent for picture in pictures}
    if among or any(folder.is_relative_to(one) for one in searched):
        raise UserError(f'--draw {args.draw}: lies among the pictures to predict on; choose a folder outside')


def report(
    args: argparse.Namespace, pictures: list, unreadable: list, drawing: DetectionDrawing | LabelDrawing | None
) -> None:
    """Say what was written and what could not be read."""
    from custom_modules.engine.distributed import num_ranks
    from custom_modules.engine.inference import write_picture_list
    from tools._predicting import list_unreadable

    list_unreadable(unreadable)
    least = score_thr_of(args)
    is_detector = isinstance(drawing, DetectionDrawing)
    if is_detector and drawing.best < least and num_ranks() == 1:  # other ranks have drawn other pictures
        print(f'nothing drawn: the best score is {drawing.best:.3f}, below --score-thr {least}', file=sys.stderr)
    names = ''
    if ann_of(args) is None:
        write_picture_list(pictures, f'{args.out}.images.json')
        names = f', names of the pictures in {args.out}.images.json'
    what = 'detections' if args.out.endswith('.json') else 'probabilities'
    print(f'{len(pictures) - len(unreadable)} pictures, {what} in {args.out}{names}')


if __name__ == '__main__':
    run(main)
