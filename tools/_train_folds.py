"""What tools/train_folds.sh does: train and predict every fold, score all of it; started again, it goes on."""

from __future__ import annotations

import argparse
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools import merge_folds
from tools._launch import fail, run

TOOLS = Path(__file__).resolve().parent
USAGE = 'usage: tools/train_folds.sh CONFIG GPUS [options of tools/train.py]'


def parse_args(argv: list[str]) -> tuple[str, list[str], argparse.Namespace]:
    """Read the command line.

    Returns:
        GPUS, the options of tools/train.py, and what these mean.

    Raises:
        SystemExit: It is wrong.
    """
    from tools.train import parse_args as parse_train

    if len(argv) < 2 or argv[0].startswith('-'):
        print(USAGE, file=sys.stderr)
        sys.exit(0 if argv[:1] in (['-h'], ['--help']) else 2)
    config, gpus, *options = argv
    args = parse_train([config, *options])
    for name, value in (('--fold', args.fold), ('--train-ann', args.train_ann)):
        if value is not None:
            fail(f'{name} {value}: tools/train_folds.sh trains all folds, each on its own json; leave it out')
    if isinstance(args.resume, str):
        fail(f'--resume {args.resume}: tools/train_folds.sh resumes each fold from its own checkpoint by itself')
    if os.environ.get('NNODES', '1') not in ('', '1'):
        fail(
            'tools/train_folds.sh works on one machine; on several, run tools/dist_train.sh CONFIG GPUS --fold K '
            'and tools/dist_test.sh for each fold, then tools/merge_folds.py'
        )
    return gpus, options, args


def call(*command: str | Path) -> None:
    """Run a tool; signals reach it, so that it can save what it has.

    Raises:
        SystemExit: It failed or was stopped; its own message stands above.
    """
    print('\n$', *command, flush=True)
    process = subprocess.Popen([str(part) for part in command])
    before = signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    try:
        code = process.wait()
    except KeyboardInterrupt:  # the tool got it too
        code = process.wait()
    finally:
        signal.signal(signal.SIGTERM, before)
    if code:
        sys.exit(code if code > 0 else 128 - code)


def is_predicted(predictions: Path, checkpoint: Path) -> bool:
    """Tell whether the predictions are there and not older than the weights."""
    if not predictions.exists() or not checkpoint.is_file():
        return predictions.exists()
    return predictions.stat().st_mtime >= checkpoint.stat().st_mtime


def train_fold(gpus: str, options: list[str], args: argparse.Namespace, folder: Path, fold: int, hours: float) -> None:
    """Train what a fold's training still lacks, in so many hours."""
    limit = [] if hours == math.inf else ['--max-hours', f'{hours:.6f}']
    resume = ['--resume'] if folder.exists() else []
    own = ['--fold', str(fold), '--work-dir', folder, *limit, *resume]
    call(TOOLS / 'dist_train.sh', args.config, gpus, *options, *own)


def predict_fold(gpus: str, args: argparse.Namespace, folder: Path, ann: str, suffix: str = '.json') -> None:
    """Predict pictures with a fold's model, its validation pictures or others, unless that is done."""
    predictions = folder / 'predictions' / f'{Path(ann).stem}{suffix}'
    if is_predicted(predictions, folder / 'best.pth'):
        return
    own = ['--ann', ann, '--out', predictions]
    own += ['--data-root', args.data_root] if args.data_root else []
    own += ['--trust-checkpoint'] if args.trust_checkpoint else []
    own += ['--cfg-options', *args.cfg_options] if args.cfg_options else []
    call(TOOLS / 'dist_test.sh', args.config, folder / 'best.pth', gpus, *own)


def main(argv: list[str] | None = None) -> int:
    """Train and predict fold by fold, then merge and score."""
    gpus, options, args = parse_args(sys.argv[1:] if argv is None else argv)
    from custom_modules.datasets.folds import read_folds
    from custom_modules.engine import load_config
    from custom_modules.engine.config import parse_overrides
    from custom_modules.engine.data import chosen_root
    from custom_modules.engine.inference import output_suffix
    from custom_modules.engine.tasks import is_segmentation
    from custom_modules.engine.work_dir import is_finished
    from custom_modules.utils import as_typed

    deadline = time.monotonic() + 3600 * (args.max_hours or math.inf)
    cfg = load_config(args.config, parse_overrides(args.cfg_options))
    folds = read_folds(chosen_root(cfg, args.data_root))
    base = merge_folds.base_folder(args.config, args.work_dir)
    for fold in range(folds.num_folds):
        folder, hours = Path(f'{base}_fold{fold}'), (deadline - time.monotonic()) / 3600
        if is_finished(folder):
            print(f'fold {fold} is finished, see {as_typed(folder)}', flush=True)
        elif hours > 0:
            train_fold(gpus, options, args, folder, fold, hours)
        if not is_finished(folder):
            print(f'the time limit ended fold {fold} of {folds.num_folds}; the same command goes on')
            return 0
        predict_fold(gpus, args, folder, folds.files(fold)[1], output_suffix(cfg))
        if is_segmentation(cfg) and (folds.root / 'test.json').is_file():
            predict_fold(gpus, args, folder, 'test.json', output_suffix(cfg))
    # The folder of the folds in any case: --cfg-options may have named it.
    work_dir = ['--work-dir', args.work_dir] if args.work_dir else []
    return merge_folds.main([args.config, '--data-root', str(folds.root), *work_dir])


if __name__ == '__main__':
    run(main)
