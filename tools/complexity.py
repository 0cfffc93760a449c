"""Count what a model costs: parameters and GFLOPs, from its config alone.

    python tools/complexity.py configs/trash/htc_swin_l.py configs/trash/htc_swin_b.py --size 1280 800 --classes 80

One multiply-add counts as one FLOP, as in the published tables; attention and RoI heads (at as many proposals and
detections as the test settings allow) are included, the choice of boxes is not.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools._launch import Parser, check_paths, run


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('configs', nargs='+', metavar='CONFIG', help='config file, e.g. configs/trash/htc_swin_l.py')
    parser.add_argument(
        '--size', nargs=2, type=int, metavar=('W', 'H'), help="picture in px (default: the config's test size)"
    )
    parser.add_argument(
        '--classes',
        type=int,
        metavar='N',
        help='classes of the data set (default 10), for a segmenter with Background (default 11)',
    )
    parser.add_argument('--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='change the configs')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Print the parts and the sum for each config; return the exit code."""
    args = parse_args(argv)
    check_paths(*args.configs)
    from custom_modules.engine import load_config
    from custom_modules.engine.config import parse_overrides
    from custom_modules.engine.tasks import is_segmentation
    from custom_modules.models import set_num_classes
    from custom_modules.models.complexity import count_complexity, picture_size
    from custom_modules.utils import UserError

    if min(args.size or [1]) < 1 or (args.classes is not None and args.classes < 1):
        raise UserError(f'--size {args.size} --classes {args.classes}: give whole numbers from 1 on')
    for path in args.configs:
        cfg = load_config(path, parse_overrides(args.cfg_options))
        classes = args.classes or (11 if is_segmentation(cfg) else 10)
        set_num_classes(cfg.model, classes)
        show(path, count_complexity(cfg.model, tuple(args.size or picture_size(cfg))), classes)
    return 0


def show(path: str, cost, classes: int) -> None:
    """Print one config's costs."""
    heads = f', {cost.proposals[0]} proposals, {cost.proposals[1]} detections' if cost.proposals else ''
    print(f'{path}: {cost.size[0]} x {cost.size[1]} px, {classes} classes{heads}')
    for name, (parameters, flops) in cost.parts.items():
        if parameters or flops:
            print(line(name, parameters, flops))
    print(line('all', cost.parameters, cost.flops))


def line(name: str, parameters: int, flops: int) -> str:
    """Format what a part costs; small ones in the next smaller unit."""
    size = f'{parameters / 1e6:10.2f} M' if parameters >= 1e5 else f'{parameters / 1e3:10.2f} k'
    return f'  {name:<20}{size}' + (f'{flops / 1e9:11.1f} GFLOPs' if flops >= 1e8 else f'{flops / 1e6:11.1f} MFLOPs')


if __name__ == '__main__':
    run(main)
