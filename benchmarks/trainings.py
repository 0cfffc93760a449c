"""Trainings of a fixed number of steps, for the cells of a grid."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from tools._launch import ROOT

BATCH = 8
DRAWN = '--train 1000 --val 80 --test 20 --size 192 --frequencies sqrt'  # the demo's pictures


def drawing_command(root: Path, options: str = DRAWN) -> list[str]:
    """Return the command that draws a synthetic set.

    Args:
        root: Where to.
        options: Of tools/make_synthetic.py.
    """
    return [sys.executable, str(ROOT / 'tools' / 'make_synthetic.py'), '--out', str(root), *options.split()]


def training_command(
    config: str | Path,
    *,
    data_root: Path,
    folder: Path,
    seed: int,
    start: str | Path | None = None,
    amp: bool = False,
    steps: int | None = None,
    train_ann: str | Path | None = None,
    validates: bool = False,
) -> list[str]:
    """Return the command that trains a config, or the rest of it.

    Args:
        config: Config file, relative to the repository.
        data_root: Folder of the data set.
        folder: The run's folder.
        seed: The seed.
        start: Weights to start from; None for the config's own.
        amp: Whether in mixed precision.
        steps: Length of the training at :data:`BATCH` pictures a step, validated at its end; None for the config's own
            schedule.
        train_ann: Training json; None for ``train.json`` of the data root.
        validates: Whether to validate after each epoch, too.
    """
    length = _length(steps, data_root / (train_ann or 'train.json'), validates) if steps else []
    return [
        *(sys.executable, str(ROOT / 'tools' / 'train.py'), str(ROOT / config), '--data-root', str(data_root)),
        *('--work-dir', str(folder), '--seed', str(seed), '--resume'),
        *(['--train-ann', str(train_ann)] if train_ann else []),
        *(['--load-from', str(start)] if start else []),
        *(['--amp'] if amp else []),
        *(['--cfg-options', *length] if length else []),
    ]


def _length(steps: int, ann: Path, validates: bool) -> Sequence[str]:
    """Give the options that make a run as long as all others, however long its epochs, and validate at its end."""
    pictures = len(json.loads(ann.read_text(encoding='utf-8'))['images'])
    epochs = -(-steps * BATCH // pictures) + 1
    loop = {'max_iters': steps, 'max_epochs': epochs, 'val_interval': 1 if validates else epochs + 1}
    cosine = {'by_epoch': False, 'convert_to_iter_based': False, 'T_max': steps, 'end': steps}
    pairs = [(f'train_cfg.{name}', value) for name, value in loop.items()]
    pairs += [(f'param_scheduler.1.{name}', value) for name, value in cosine.items()]
    return [f'{name}={value}' for name, value in pairs]


def last_scores(folder: Path, names: Sequence[str] = ('mAP50', 'mAP')) -> dict[str, float]:
    """Read the scores of a run's last validation, and its number of steps.

    Args:
        folder: The run's folder.
        names: The scores.
    """
    from custom_modules.visualization.scalars import read_scalars

    scalars = [line for line in read_scalars(folder / 'scalars.csv') if line.split == 'val']
    last = max(line.iter for line in scalars)
    values = {line.name: line.value for line in scalars if line.iter == last}
    return {**{name: values[name] for name in names}, 'steps': last}
