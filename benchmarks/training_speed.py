"""Measure how fast a detector or segmenter trains, and the memory it takes.

    python benchmarks/training_speed.py configs/trash/htc_swin_l.py --batch 2 --amp

Random pictures with a few objects each; the last line is a json.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools._launch import run


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file, e.g. configs/trash/htc_swin_l.py')
    parser.add_argument('--batch', type=int, default=1, help='pictures at a time (default 1)')
    parser.add_argument('--size', type=int, default=1024, help='side of the pictures, px (default 1024)')
    parser.add_argument('--amp', action='store_true', help='mixed precision')
    parser.add_argument('--steps', type=int, default=20, help='steps that are timed (default 20)')
    parser.add_argument('--warm-up', type=int, default=5, help='steps before them (default 5)')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Measure and print; return the exit code."""
    args = parse_args(argv)
    import torch

    from custom_modules.engine import load_config

    cfg = load_config(args.config)
    with tempfile.TemporaryDirectory() as folder:
        prepare(cfg, Path(folder), args)
        seconds, memory = train(cfg, args.warm_up, args.steps)
    rate = args.steps / seconds
    figures = {'iterations_per_second': rate, 'images_per_second': args.batch * rate}
    figures |= {'size': args.size, 'batch': args.batch}
    if torch.cuda.is_available():
        figures['memory_gib'] = memory / 2**30
    print(json.dumps(figures))
    return 0


def prepare(cfg, folder: Path, args: argparse.Namespace) -> None:
    """Fit the config to a small drawn set, all of whose pictures come at one size."""
    from custom_modules.datasets.synthetic import make_synthetic
    from custom_modules.engine.amp import use_mixed_precision
    from custom_modules.engine.batch import share_out_batch
    from custom_modules.engine.data import use_data
    from custom_modules.engine.start_weights import use_start_weights

    make_synthetic(folder / 'data', train=2 * args.batch, val=2, test=2, size=256, seed=0, frequencies='flat')
    resize = {'type': 'Resize', 'scale': (args.size, args.size), 'keep_ratio': False}
    steps = cfg.train_dataloader.dataset.pipeline
    cfg.train_dataloader.dataset.pipeline = [*steps[:2], resize, steps[-1]]
    cfg.total_batch_size, cfg.work_dir = args.batch, str(folder / 'run')
    share_out_batch(cfg, 1)
    use_data(cfg, str(folder / 'data'))
    use_start_weights(cfg, 'none')
    if args.amp:
        use_mixed_precision(cfg)


def train(cfg, warm_up: int, steps: int) -> tuple[float, int]:
    """Train on the first batch again and again; return the seconds of ``steps`` steps and the peak memory in bytes."""
    import torch

    from custom_modules.engine import build_runner

    runner = build_runner(cfg)
    runner.build_training()
    runner.model.train()
    batch = next(iter(runner.train_dataloader))
    has_gpu = torch.cuda.is_available()
    for step in range(warm_up + steps):
        if step == warm_up:
            _finish(has_gpu)
            started = time.perf_counter()
        runner.model.train_step(batch, optim_wrapper=runner.optim_wrapper)
    _finish(has_gpu)
    return time.perf_counter() - started, torch.cuda.max_memory_allocated() if has_gpu else 0


def _finish(has_gpu: bool) -> None:
    """Wait until everything that was asked of the card is done."""
    import torch

    if has_gpu:
        torch.cuda.synchronize()


if __name__ == '__main__':
    run(main)
