"""Measure how many pictures a segmenter predicts on in a second: in batches and mixed precision, against one by one.

    python benchmarks/segmentation_speed.py configs/demo/upernet_swin.py --size 192

Synthetic pictures, from the file to the stored probabilities; untrained weights unless some are given, which tell
nothing about how many labels stay the same.  The ways take turns in every round, and each is compared with the plain
one of the same round, so that other work on the machine falls out; the last line is a json.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools._launch import run

if TYPE_CHECKING:
    import numpy as np
    from mmengine.config import Config

    from custom_modules.engine.inference import Picture, Segmenter

PLAIN = 'float32, one by one'


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file of a segmenter')
    parser.add_argument('--checkpoint', help='weights trained on a synthetic set (default: untrained ones)')
    parser.add_argument('--size', type=int, default=512, help='side of the pictures, px (default 512)')
    parser.add_argument('--pictures', type=int, default=16, help='how many (default 16)')
    parser.add_argument('--batch-sizes', type=int, nargs='+', default=[4, 8], help='pictures at a time (default 4 8)')
    parser.add_argument('--rounds', type=int, default=5, help='rounds (default 5)')
    parser.add_argument('--workers', type=int, default=0, help='processes that load (default 0)')
    parser.add_argument('--device', help='cpu, cuda ... (default: a GPU if there is one)')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Measure and print; return the exit code."""
    args = parse_args(argv)
    from custom_modules.engine import load_config
    from custom_modules.engine.inference import Segmenter, pictures_of_split

    with tempfile.TemporaryDirectory() as folder:
        data, checkpoint = make_data(Path(folder), args), args.checkpoint
        if checkpoint is None:
            checkpoint = Path(folder) / 'untrained.pth'
            write_weights(load_config(args.config), data, checkpoint)
        pictures = pictures_of_split(data, 'test.json')
        models = {amp: Segmenter(load_config(args.config), checkpoint, device=args.device, amp=amp) for amp in (0, 1)}
        ways = {
            f'{"mixed precision" if amp else "float32"}, {f"{size} at a time" if size > 1 else "one by one"}': (
                amp,
                size,
            )
            for amp in (False, True)
            for size in (1, *args.batch_sizes)
        }
        seconds, stored = take_turns(ways, models, pictures, args)
    figures = summarise(seconds, stored, len(pictures))
    print(table(figures))
    print(json.dumps({'size': args.size, 'pictures': len(pictures), 'rows': figures}))
    return 0


def make_data(folder: Path, args: argparse.Namespace) -> Path:
    """Draw the pictures; returns the data folder."""
    from custom_modules.datasets.synthetic import make_synthetic

    make_synthetic(folder / 'data', train=1, val=1, test=args.pictures, size=args.size, seed=0, frequencies='flat')
    return folder / 'data'


def write_weights(cfg: Config, data: Path, path: Path) -> None:
    """Write a checkpoint of untrained weights for the classes of the data."""
    import torch
    from mmengine.registry import MODELS

    from custom_modules.datasets import load_coco
    from custom_modules.datasets.label_maps import coco_classes
    from custom_modules.engine.data import use_classes
    from custom_modules.engine.tasks import in_scope_of

    classes = list(coco_classes(load_coco(data / 'test.json', check_images=False)))
    use_classes(cfg, len(classes))
    torch.manual_seed(0)
    with in_scope_of(cfg):
        model = MODELS.build(cfg.model)
    meta = {'classes': classes, 'cat_ids': list(range(len(classes)))}
    torch.save({'state_dict': model.state_dict(), 'meta': meta}, path)


def take_turns(
    ways: dict[str, tuple[bool, int]], models: dict[int, Segmenter], pictures: list[Picture], args: argparse.Namespace
) -> tuple[dict[str, list[float]], dict[str, list[np.ndarray]]]:
    """Predict in each way in every round, after one that does not count; returns seconds, and what was stored."""
    seconds, stored = {name: [] for name in ways}, {}
    for number in range(args.rounds + 1):
        for name, (amp, size) in ways.items():
            taken, stored[name] = predict(models[amp], pictures, size, args.workers)
            if number:
                seconds[name].append(taken)
    return seconds, stored


def predict(model: Segmenter, pictures: list[Picture], batch_size: int, workers: int) -> tuple[float, list]:
    """Predict once, from files to numbers as they are stored; returns the seconds and the numbers."""
    from custom_modules.engine.inference.formats import Probabilities

    form, stored = Probabilities(model.classes), []
    started = time.perf_counter()
    for picture, probs in model.predict(pictures, batch_size=batch_size, num_workers=workers):
        stored.append(form.keep(picture, probs)[1])
    return time.perf_counter() - started, stored


def summarise(seconds: dict[str, list[float]], stored: dict[str, list], num_pictures: int) -> dict[str, dict]:
    """Compare each way with the plain one."""
    import numpy as np

    from custom_modules.ensemble.probs import argmax_labels

    plain = [argmax_labels(one) for one in stored[PLAIN]]
    figures = {}
    for name, taken in seconds.items():
        ratios = [own / other for own, other in zip(seconds[PLAIN], taken, strict=True)]
        same = [(argmax_labels(one) == labels).mean() for one, labels in zip(stored[name], plain, strict=True)]
        apart = [np.abs(one.astype(int) - other).max() for one, other in zip(stored[name], stored[PLAIN], strict=True)]
        figures[name] = {
            'pictures_per_second': num_pictures / min(taken),
            'speed_up': statistics.median(ratios),
            'same_labels': float(np.mean(same)),
            'largest_difference': int(max(apart)) / 255,
        }
    return figures


def table(figures: dict[str, dict]) -> str:
    """Write the figures as a table."""
    rows = [
        f'| {name} | {row["pictures_per_second"]:.1f} | {row["speed_up"]:.2f}x | {100 * row["same_labels"]:.2f} % | '
        f'{row["largest_difference"]:.3f} |'
        for name, row in figures.items()
    ]
    head = '| | pictures a second | speed | same labels | largest difference of a probability |\n|---|---|---|---|---|'
    return '\n'.join([head, *rows])


if __name__ == '__main__':
    run(main)
