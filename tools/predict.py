"""Detect trash on pictures.

python tools/predict.py configs/demo/htc_swin.py work_dirs/htc_swin/best.pth photos/ --out found.json --draw drawn
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools._launch import Parser, check_paths, run


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file the checkpoint was trained with')
    parser.add_argument('checkpoint', help='weights, e.g. work_dirs/htc_swin_l/best.pth')
    parser.add_argument('images', nargs='+', help='pictures, folders, or quoted patterns')
    parser.add_argument('--out', required=True, help='detections as COCO json')
    parser.add_argument('--ann', help='COCO json whose image ids to use (default: 1 to n, listed in OUT.images.json)')
    parser.add_argument(
        '--draw', metavar='DIR', help='also draw the detections into this folder, small pictures enlarged'
    )
    parser.add_argument('--score-thr', type=float, default=0.3, help='draw from this score on (default: 0.3)')
    parser.add_argument('--batch-size', type=int, default=1, help='pictures at a time (default: 1)')
    parser.add_argument('--device', help='cpu, cuda, cuda:1 ... (default: a GPU if there is one)')
    parser.add_argument('--trust-checkpoint', action='store_true', help='read checkpoints that execute code')
    parser.add_argument('--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='change the config')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Predict; return 0, or 1 when pictures could not be read."""
    args = parse_args(argv)
    check_paths(args.config)
    from custom_modules.engine import load_config, trust_checkpoints
    from custom_modules.engine.config import parse_overrides
    from custom_modules.engine.inference import Detector, choose_device, find_pictures, write_picture_list

    check_options(args)
    device = choose_device(args.device)
    pictures = find_pictures(args.images, args.ann)
    with trust_checkpoints(args.trust_checkpoint):
        cfg = load_config(args.config, parse_overrides(args.cfg_options))
        detector = Detector(cfg, args.checkpoint, device=device)
    unreadable = predict_all(detector, pictures, args)
    if args.ann is None:
        write_picture_list(pictures, f'{args.out}.images.json')
    for picture, reason in unreadable:
        print(f'not read: {picture.name}: {reason}', file=sys.stderr)
    names = '' if args.ann else f', names of the pictures in {args.out}.images.json'
    print(f'{len(pictures) - len(unreadable)} pictures, detections in {args.out}{names}')
    return 1 if unreadable else 0


def check_options(args: argparse.Namespace) -> None:
    """Refuse what would fail only after the model has been loaded."""
    from custom_modules.engine.inference import check_folder, check_output
    from custom_modules.utils import UserError

    if args.batch_size < 1:
        raise UserError(f'--batch-size {args.batch_size}: give a number from 1 on')
    if not 0 <= args.score_thr <= 1:
        raise UserError(f'--score-thr {args.score_thr}: give a number from 0 to 1')
    check_output(args.out)
    if args.draw:
        check_folder(args.draw, '--draw')


def predict_all(detector, pictures: list, args: argparse.Namespace) -> list[tuple]:
    """Write the detections of all pictures; return those that could not be read, with the reason."""
    from custom_modules.evaluation import Predictions, PredictionWriter

    unreadable, best, started = [], 0.0, time.monotonic()
    with PredictionWriter(args.out) as writer:
        for done, (picture, outcome) in enumerate(detector.predict(pictures, batch_size=args.batch_size), start=1):
            if isinstance(outcome, str):
                unreadable.append((picture, outcome))
            else:
                writer.add(Predictions.from_instances(picture.image_id, outcome, detector.cat_ids))
                best = max(best, *outcome.scores.tolist(), 0.0)
                if args.draw:
                    draw(picture, outcome, detector.classes, args)
            show_progress(done, len(pictures), started)
    if args.draw and best < args.score_thr:
        print(f'nothing drawn: the best score is {best:.3f}, below --score-thr {args.score_thr}', file=sys.stderr)
    return unreadable


def draw(picture, instances, classes: list[str], args: argparse.Namespace) -> None:
    """Write one picture with its detections drawn."""
    import cv2

    from custom_modules.visualization import Objects, draw_enlarged

    kept = instances[instances.scores >= args.score_thr].cpu().numpy()
    masks = list(kept.masks) if 'masks' in kept else None
    objects = Objects(kept.bboxes, kept.labels, kept.scores, masks)
    drawn = draw_enlarged(cv2.imread(str(picture.path)), objects, classes)
    folder = Path(args.draw)
    folder.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(folder / f'{picture.image_id:06d}_{picture.path.stem}.jpg'), drawn)


def show_progress(done: int, total: int, started: float) -> None:
    """Keep a line on the terminal: pictures done, pictures per second, time left."""
    if not sys.stderr.isatty() and done != total:
        return
    rate = done / max(time.monotonic() - started, 1e-9)
    left = time.strftime('%H:%M:%S', time.gmtime((total - done) / rate))
    print(f'\r{done}/{total} pictures, {rate:.1f}/s, {left} left', end='\n' if done == total else '', file=sys.stderr)


if __name__ == '__main__':
    run(main)
