"""Paste what the model finds hard: class weights of copy-paste that follow the last validation."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

from ...datasets.label_maps import BACKGROUND
from ...utils import UserError, atomic_write
from ..distributed import on_main_rank

FILE = 'copy_paste.json'
_SCORES = ('ap50', 'per_class_iou')  # of each class, in the result of a detector's and of a segmenter's metric


@HOOKS.register_module()
class RefreshCopyPasteHook(Hook):
    """After each validation multiply the class weights of copy-paste by ``floor + 1 - score`` of the class.

    The score is AP50 for detectors (``TrashCopyPaste``), IoU for segmenters (``TrashSegCopyPaste``).  Worker processes
    see the new factors at once, through shared memory.  The factors of every validation stand in ``copy_paste.json`` of
    the run's folder and in its checkpoints, so that a resumed run goes on with those of its epoch, in another folder
    too.

    Args:
        floor: What is left for a class that is found without a fault.
        num_worst: Paste only the classes that scored worst, this many of those that can be pasted; all by default.

    Raises:
        ValueError: A number is too small.
    """

    def __init__(self, *, floor: float = 0.1, num_worst: int | None = None) -> None:
        if not floor > 0:
            raise ValueError(f'RefreshCopyPasteHook: floor is {floor}; it must be above 0')
        if num_worst is not None and num_worst < 1:
            raise ValueError(f'RefreshCopyPasteHook: num_worst is {num_worst}; give a number from 1 on')
        self.floor = floor
        self.num_worst = num_worst
        self.factors: torch.Tensor | None = None
        self.history: dict[str, list[float]] = {}
        self._can_be_pasted: np.ndarray | None = None

    def before_train(self, runner) -> None:
        """Share the factors with the transform, those of the epoch the run goes on from.

        Raises:
            UserError: The training pipeline has no copy-paste.
        """
        dataset = runner.train_dataloader.dataset
        pasting = [(step, inner) for step, inner in _steps(dataset) if hasattr(step, 'share_factors')]
        if not pasting:
            raise UserError(
                'RefreshCopyPasteHook: the pipeline of train_dataloader.dataset has no TrashCopyPaste or '
                'TrashSegCopyPaste'
            )
        self.factors = torch.ones(len(dataset.metainfo['classes']), dtype=torch.float64).share_memory_()
        for transform, _ in pasting:
            transform.share_factors(self.factors)
        if self.num_worst is not None:
            for transform, inner in pasting:
                transform.use_dataset(inner)
            self._can_be_pasted = np.any([transform.weights > 0 for transform, _ in pasting], axis=0)
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
        """Turn the scores into factors; a class that has none gets the mean of the others."""
        scores = _class_scores(metrics)
        known = ~np.isnan(scores)
        scores[~known] = scores[known].mean() if known.any() else 0.0
        factors = self.floor + 1 - scores
        if self._can_be_pasted is not None:
            ranked = np.argsort(np.where(self._can_be_pasted, scores, np.inf), kind='stable')
            factors[ranked[self.num_worst :]] = 0
        return factors.tolist()

    def _set(self, factors: list[float]) -> None:
        self.factors.copy_(torch.tensor(factors, dtype=torch.float64))


def _class_scores(metrics: list) -> np.ndarray:
    """Take the scores of the classes from the first metric that has some, (C,) float64, NaN where there is none.

    Background, which is never pasted, has none: it is found so well that it would lift the mean of the classes.
    """
    for metric in metrics:
        result = getattr(metric, 'last_result', None)
        for name in _SCORES:
            if hasattr(result, name):
                is_background = [one == BACKGROUND for one in result.classes]
                return np.where(is_background, np.nan, np.array(getattr(result, name), np.float64))
    raise UserError(f'RefreshCopyPasteHook: no metric of val_evaluator gives scores of classes ({", ".join(_SCORES)})')


def _read(path: Path) -> dict[str, list[float]]:
    return json.loads(path.read_text(encoding='utf-8')) if path.is_file() else {}


def _steps(dataset: Any) -> Iterator[tuple[Any, Any]]:
    """Walk over the steps of mixing wrappers, whatever they are wrapped in, each with the data set it draws from."""
    pipeline = getattr(dataset, 'pipeline', None)
    if isinstance(pipeline, list):  # a data set that reads files has a Compose, and nothing in it mixes
        yield from ((step, getattr(dataset, 'dataset', None)) for step in pipeline)
    for inner in getattr(dataset, 'datasets', None) or [getattr(dataset, 'dataset', None)]:
        if inner is not None:
            yield from _steps(inner)
