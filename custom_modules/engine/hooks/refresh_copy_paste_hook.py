"""Paste what the detector finds hard: class weights of copy-paste that follow the last validation."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

from ...utils import UserError, atomic_write
from ..distributed import on_main_rank

FILE = 'copy_paste.json'


@HOOKS.register_module()
class RefreshCopyPasteHook(Hook):
    """After each validation multiply the class weights of ``TrashCopyPaste`` by ``floor + 1 - AP50`` of the class.

    Worker processes see the new factors at once, through shared memory.  The factors of every validation stand in
    ``copy_paste.json`` of the run's folder and in its checkpoints, so that a resumed run goes on with those of its
    epoch, in another folder too.

    Args:
        floor: What is left for a class that is found without a fault.
    """

    def __init__(self, *, floor: float = 0.1) -> None:
        if not floor > 0:
            raise ValueError(f'RefreshCopyPasteHook: floor is {floor}; it must be above 0')
        self.floor = floor
        self.factors: torch.Tensor | None = None
        self.history: dict[str, list[float]] = {}

    def before_train(self, runner) -> None:
        """Share the factors with the transform, those of the epoch the run goes on from.

        Raises:
            UserError: The training pipeline has no ``TrashCopyPaste``.
        """
        dataset = runner.train_dataloader.dataset
        transforms = [step for step in _steps(dataset) if hasattr(step, 'share_factors')]
        if not transforms:
            raise UserError('RefreshCopyPasteHook: the pipeline of train_dataloader.dataset has no TrashCopyPaste')
        self.factors = torch.ones(len(dataset.metainfo['classes']), dtype=torch.float64).share_memory_()
        for transform in transforms:
            transform.share_factors(self.factors)
        if runner.iter:  # the file also has the validation that came after the newest checkpoint
            self.history |= on_main_rank(_read, Path(runner.work_dir) / FILE)
        past = [epoch for epoch in map(int, self.history) if epoch <= runner.epoch]
        if past:
            self._set(self.history[str(max(past))])

    def after_val_epoch(self, runner, metrics: dict[str, float] | None = None) -> None:
        """Take the scores per class of the validation that just ended."""
        if self.factors is None:
            return
        self.history[str(runner.epoch)] = factors = on_main_rank(self._factors, runner.val_loop.evaluator.metrics)
        self._set(factors)
        if is_main_process():
            with atomic_write(Path(runner.work_dir) / FILE) as file:
                json.dump(self.history, file)

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        """Put the factors into the checkpoint."""
        checkpoint['copy_paste'] = self.history

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        """Go on with the factors of a resumed training."""
        self.history = dict(checkpoint.get('copy_paste', {}))

    def _factors(self, metrics: list) -> list[float]:
        """Turn the scores into factors; a class the validation file lacks gets the mean of the others."""
        results = [getattr(metric, 'last_result', None) for metric in metrics]
        ap50 = next(np.array(result.ap50, np.float64) for result in results if result is not None)
        known = ~np.isnan(ap50)
        ap50[~known] = ap50[known].mean() if known.any() else 0.0
        return (self.floor + 1 - ap50).tolist()

    def _set(self, factors: list[float]) -> None:
        self.factors.copy_(torch.tensor(factors, dtype=torch.float64))


def _read(path: Path) -> dict[str, list[float]]:
    return json.loads(path.read_text(encoding='utf-8')) if path.is_file() else {}


def _steps(dataset: Any) -> Iterator[Any]:
    """Walk over the steps of mixing wrappers, whatever they are wrapped in."""
    pipeline = getattr(dataset, 'pipeline', None)
    if isinstance(pipeline, list):  # a data set that reads files has a Compose, and nothing in it mixes
        yield from pipeline
    for inner in getattr(dataset, 'datasets', None) or [getattr(dataset, 'dataset', None)]:
        if inner is not None:
            yield from _steps(inner)
