"""Train a model from a config, on one CPU, one card, or as one process of tools/dist_train.sh.

python tools/train.py configs/demo/htc_swin.py --data-root data/synthetic --load-from none
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools._launch import Parser, check_paths, run


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line; what it says comes before the config, and the config before defaults."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file, e.g. configs/trash/htc_swin_l.py')
    parser.add_argument('--data-root', help="folder of the data set (default: the config's data_root)")
    parser.add_argument('--train-ann', help='training json, in the data root or here (default: train.json)')
    parser.add_argument('--work-dir', help='folder of the run (default: work_dirs/<config name>[_foldK])')
    parser.add_argument('--fold', type=int, metavar='K', help='train and validate on fold K of tools/kfold.py, from 0')
    parser.add_argument('--resume', nargs='?', const=True, metavar='CKPT', help="go on from CKPT or the run's last.pth")
    parser.add_argument('--load-from', metavar='CKPT|none', help='start weights: file, URL, published name, or none')
    parser.add_argument('--amp', action='store_true', help='mixed precision: bfloat16 where the device has it')
    parser.add_argument('--low-memory', action='store_true', help='recompute activations, for cards of 12 to 24 GB')
    parser.add_argument('--seed', type=int, help="seed of everything random (default: the config's, 0)")
    parser.add_argument('--deterministic', action='store_true', help='the same seed gives the same on a GPU, slower')
    parser.add_argument('--max-hours', type=float, metavar='H', help='end with a checkpoint within H hours')
    parser.add_argument(
        '--track',
        action='append',
        default=[],
        metavar='NAME[,NAME]',
        help='wandb, mlflow: numbers, scores per class and pictures go there, beside TensorBoard',
    )
    parser.add_argument('--trust-checkpoint', action='store_true', help='read checkpoints that execute code')
    parser.add_argument('--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='change the config')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Train; return the exit code."""
    started = time.monotonic()
    args = parse_args(argv)
    check_paths(args.config, data_root=args.data_root)
    from mmengine.dist import is_main_process

    from custom_modules.engine import TrainOptions, load_config, stop_distributed, train, trust_checkpoints
    from custom_modules.engine.config import parse_overrides
    from custom_modules.engine.hooks import TrainingStopped
    from custom_modules.utils import as_typed

    options = TrainOptions(
        data_root=args.data_root,
        train_ann=args.train_ann,
        work_dir=args.work_dir,
        fold=args.fold,
        resume=args.resume,
        load_from=args.load_from,
        amp=args.amp,
        low_memory=args.low_memory,
        seed=args.seed,
        deterministic=args.deterministic,
        track=tuple(name.strip() for names in args.track for name in names.split(',') if name.strip()),
        max_hours=args.max_hours,
        started=started,
    )
    try:
        with trust_checkpoints(args.trust_checkpoint):
            folder = train(load_config(args.config, parse_overrides(args.cfg_options)), options)
    except TrainingStopped as stopped:
        words, code = str(stopped), stopped.exit_code
        stream = sys.stderr if code else sys.stdout
    else:
        words, stream, code = f'finished, see {as_typed(folder)}', sys.stdout, 0
    if is_main_process():
        print(words, file=stream)
    # Not after other errors: leaving the group may wait for ranks that know nothing of them.
    stop_distributed()
    return code


if __name__ == '__main__':
    run(main)
