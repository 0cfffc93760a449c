"""Detect trash on pictures.

python tools/predict.py configs/demo/htc_swin.py work_dirs/htc_swin/best.pth photos/ --out found.json --draw drawn

Pictures that cannot be read are listed and left out; the exit code is 1 then, with everything written.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools._launch import Parser, check_paths, run


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file the checkpoint was trained with')
    parser.add_argument('checkpoint', help='weights, e.g. work_dirs/htc_swin_l/best.pth')
    parser.add_argument('images', nargs='+', help='pictures, folders, quoted patterns; or a json in its data folder')
    parser.add_argument('--out', required=True, help='detections as COCO json')
    parser.add_argument('--ann', help='COCO json whose image ids to use (default: 1 to n, listed in OUT.images.json)')
    parser.add_argument(
        '--draw', metavar='DIR', help='also draw the detections into this folder, small pictures enlarged'
    )
    parser.add_argument('--score-thr', type=float, default=0.3, help='draw from this score on (default: 0.3)')
    parser.add_argument('--tta', action='store_true', help="test-time augmentation, as the config's `tta` says")
    parser.add_argument('--amp', action='store_true', help='mixed precision: faster, scores differ a little')
    parser.add_argument(
        '--batch-size', type=int, default=1, help='pictures at a time, padded to the largest (default: 1)'
    )
    parser.add_argument('--device', help='cpu, cuda, cuda:1 ... (default: a GPU if there is one)')
    parser.add_argument('--trust-checkpoint', action='store_true', help='read checkpoints that execute code')
    parser.add_argument('--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='change the config')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Predict; return 0, or 1 when pictures could not be read."""
    args = parse_args(argv)
    check_paths(args.config)
    from custom_modules.engine import load_config, on_main_rank, stop_distributed, trust_checkpoints
    from custom_modules.engine.config import parse_overrides
    from custom_modules.engine.distributed import own_rank
    from custom_modules.engine.inference import PredictionProgress, choose_device, find_pictures, predict_to_file
    from tools._predicting import exit_code, told_when_stopped

    check_options(args)
    # Under torchrun a process takes the card it is given.
    device = choose_device(args.device) if args.device else None
    pictures = find_pictures(args.images, args.ann)
    if args.draw:
        check_drawings(args, pictures)
    progress, drawing = PredictionProgress(sys.stderr), Drawing(args.draw, args.score_thr) if args.draw else None
    options = {'batch_size': args.batch_size, 'tta': args.tta, 'amp': args.amp, 'progress': progress}
    with trust_checkpoints(args.trust_checkpoint), told_when_stopped(progress):
        cfg = load_config(args.config, parse_overrides(args.cfg_options))
        ids = {'ann': ann_of(args), 'cat_ids': category_ids(args)}
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


def category_ids(args: argparse.Namespace) -> list[int] | None:
    """Return the category ids of that json, where its classes are the checkpoint's."""
    from custom_modules.engine import read_checkpoint
    from custom_modules.engine.inference import matching_cat_ids

    classes = read_checkpoint(args.checkpoint, mapped=True).get('meta', {}).get('classes')
    return matching_cat_ids(ann_of(args), classes) if ann_of(args) and isinstance(classes, list) else None


def check_options(args: argparse.Namespace) -> None:
    """Refuse what would fail only after the model has been loaded."""
    from custom_modules.utils import UserError, check_folder, check_output

    if args.batch_size < 1:
        raise UserError(f'--batch-size {args.batch_size}: give a number from 1 on')
    if not 0 <= args.score_thr <= 1:
        raise UserError(f'--score-thr {args.score_thr}: give a number from 0 to 1')
    check_output(args.out)
    if args.draw:
        check_folder(args.draw, '--draw')
    if (args.device or '').startswith('cuda') and 'LOCAL_RANK' in os.environ:
        raise UserError(f'--device {args.device}: each process has its own card; leave it out')


def check_drawings(args: argparse.Namespace, pictures: list) -> None:
    """Refuse drawings among the pictures, which the same command would predict on when it goes on."""
    from custom_modules.utils import UserError

    folder = Path(args.draw).absolute()
    searched = [Path(argument).absolute() for argument in args.images if Path(argument).is_dir()]
    among = folder in {picture.path.absolute().parent for picture in pictures}
    if among or any(folder.is_relative_to(one) for one in searched):
        raise UserError(f'--draw {args.draw}: lies among the pictures to predict on; choose a folder outside')


def report(args: argparse.Namespace, pictures: list, unreadable: list, drawing: Drawing | None) -> None:
    """Say what was written and what could not be read."""
    from custom_modules.engine.distributed import num_ranks
    from custom_modules.engine.inference import write_picture_list
    from tools._predicting import list_unreadable

    list_unreadable(unreadable)
    if drawing and drawing.best < args.score_thr and num_ranks() == 1:  # other ranks have drawn other pictures
        print(
            f'nothing drawn: the best score is {drawing.best:.3f}, below --score-thr {args.score_thr}', file=sys.stderr
        )
    names = ''
    if ann_of(args) is None:
        write_picture_list(pictures, f'{args.out}.images.json')
        names = f', names of the pictures in {args.out}.images.json'
    print(f'{len(pictures) - len(unreadable)} pictures, detections in {args.out}{names}')


class Drawing:
    """Draws pictures as they come; what an interrupted call has drawn stays as it is.

    Args:
        folder: Gets the pictures.
        score_thr: Detections below are not drawn, 0 to 1.

    Attributes:
        best: The best score so far.
    """

    def __init__(self, folder: str, score_thr: float) -> None:
        self.folder, self.score_thr, self.best = Path(folder), score_thr, 0.0

    def __call__(self, result) -> None:
        """Draw the ``PictureResult`` of one picture."""
        import cv2

        from custom_modules.utils import atomic_write
        from custom_modules.visualization import draw_enlarged, objects_from_predictions

        picture, predictions = result.picture, result.predictions
        self.best = max([self.best, *predictions.scores.tolist()])
        path = self.folder / f'{picture.image_id:06d}_{picture.path.stem[:100]}.jpg'
        if path.exists() and not result.is_new:
            return
        kept = predictions.select(predictions.scores >= self.score_thr)
        label_of = {cat_id: label for label, cat_id in enumerate(result.cat_ids)}
        objects = objects_from_predictions(kept, picture.image_id, label_of)
        drawn = draw_enlarged(cv2.imread(str(picture.path)), objects, result.classes)
        with atomic_write(path, 'wb') as file:
            file.write(cv2.imencode('.jpg', drawn)[1])


if __name__ == '__main__':
    run(main)
