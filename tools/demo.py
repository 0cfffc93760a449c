"""Show the whole way on this machine: synthetic pictures, two detectors trained, scored and drawn.

    python tools/demo.py

Everything goes to work_dirs/demo/; a demo that was broken off goes on where it stopped.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from tools._launch import Parser, run  # noqa: E402

DETECTORS = ('htc_swin', 'cascade_mask_rcnn_swin')
DATA = ROOT / 'data' / 'synthetic'
OUT = ROOT / 'work_dirs' / 'demo'
PICTURES = '--train 1000 --val 80 --test 20 --size 192 --frequencies sqrt'


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run every step; return the exit code."""
    parse_args(argv)
    started = time.monotonic()
    call('make_synthetic.py', '--out', str(DATA), *PICTURES.split())
    models = {name: train_and_test(name) for name in DETECTORS}
    best = max(models, key=lambda name: models[name]['mAP50'])
    draw_predictions(OUT / best / 'predictions' / 'val.json', OUT / 'predictions.jpg')
    summary = write_summary(models, best, time.monotonic() - started)
    show(summary)
    return 0


def call(tool: str, *options: str) -> None:
    """Run one of the tools as a user would.

    Raises:
        SystemExit: It failed; its own message stands above.
    """
    command = [here(ROOT / 'tools' / tool), *(here(word) if Path(word).is_absolute() else word for word in options)]
    print(f'\n$ python {" ".join(command)}', flush=True)
    process = subprocess.Popen([sys.executable, *command])
    try:
        code = process.wait()
    except KeyboardInterrupt:  # the tool got it too, and saves what it has
        code = process.wait()
    if code:
        sys.exit(code)


def train_and_test(name: str) -> dict[str, Any]:
    """Train one detector, or the rest of it, score its best checkpoint, and return its score and seconds."""
    config, folder, started = f'configs/demo/{name}.py', OUT / name, time.monotonic()
    resumed, common = (folder / 'last.pth').is_file(), ['--data-root', str(DATA)]
    start = ['--work-dir', str(folder), '--load-from', 'none', '--resume', *fast_precision()]
    call('train.py', str(ROOT / config), *common, *start)
    seconds, predictions = time.monotonic() - started, folder / 'predictions' / 'val.json'
    call('test.py', str(ROOT / config), str(folder / 'best.pth'), *common, '--out', str(predictions))
    scores = json.loads(predictions.with_suffix('.metrics.json').read_text(encoding='utf-8'))['scores']
    figures = {name: scores[name] for name in ('mAP50', 'segm_mAP50')}
    return {'config': config, **figures, 'train_seconds': round(seconds, 1), 'resumed': resumed}


def fast_precision() -> list[str]:
    """Return ``--amp`` where it saves time: a GPU, or a CPU that multiplies bfloat16 in hardware."""
    import torch

    cpu = Path('/proc/cpuinfo')
    flags = cpu.read_text(encoding='utf-8').split() if cpu.is_file() else []
    return ['--amp'] if torch.cuda.is_available() or {'avx512_bf16', 'amx_bf16', 'bf16'} & set(flags) else []


def draw_predictions(predictions: Path, out: Path, count: int = 8) -> None:
    """Lay out pictures with what is there beside what was found."""
    import cv2

    from custom_modules.datasets import load_coco
    from custom_modules.evaluation import read_predictions
    from custom_modules.visualization import (
        draw_ground_truth_and_predictions,
        objects_from_annotations,
        objects_from_predictions,
    )

    coco = load_coco(DATA / 'val.json', DATA)
    found, annotations = read_predictions(predictions, coco), coco.annotations_of()
    images = coco.images[:count]
    sheet = draw_ground_truth_and_predictions(
        [cv2.imread(str(DATA / image['file_name'])) for image in images],
        [
            objects_from_annotations(annotations[image['id']], coco.label_of, image['height'], image['width'])
            for image in images
        ],
        [objects_from_predictions(found, image['id'], coco.label_of) for image in images],
        coco.classes,
        score_thr=0.25,
        pairs_per_row=2,
    )
    cv2.imwrite(str(out), sheet)


def write_summary(models: dict[str, dict], best: str, seconds: float) -> dict:
    """Write ``summary.json``: seconds in all, for the installation, and each model with its score."""
    from custom_modules.utils import atomic_write

    record = Path(sys.prefix) / 'install.json'
    installation = json.loads(record.read_text(encoding='utf-8'))['seconds'] if record.is_file() else None
    summary = {
        'seconds': round(seconds + (installation or 0), 1),
        'installation_seconds': installation,
        'demo_seconds': round(seconds, 1),
        'best': best,
        'models': models,
    }
    with atomic_write(OUT / 'summary.json') as file:
        json.dump(summary, file, indent=2)
    return summary


def here(path: str | Path) -> str:
    """Return a path as one would type it in the working folder."""
    return os.path.relpath(path)


def show(summary: dict) -> None:
    """Print the table that a person wants to see at the end."""
    print(f'\n{"model":<28}{"mAP50":>8}{"segm mAP50":>12}{"seconds":>9}')
    for name, model in summary['models'].items():
        print(f'{name:<28}{model["mAP50"]:>8.4f}{model["segm_mAP50"]:>12.4f}{model["train_seconds"]:>9.0f}')
    pictures, figures = here(OUT / 'predictions.jpg'), here(OUT / 'summary.json')
    print(f'{summary["demo_seconds"]:.0f} s; pictures in {pictures}, figures in {figures}')


if __name__ == '__main__':
    run(main)
