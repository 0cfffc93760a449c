"""From a config and a user's wishes to a finished training."""

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.dist import is_main_process

from ..models.evonorm_check import check_evonorms
from ..utils import UserError
from .amp import is_mixed, keep_boxes_exact, use_low_memory, use_mixed_precision
from .batch import share_out_batch
from .config_mistakes import config_mistakes
from .data import chosen_root, use_data
from .distributed import num_ranks, on_each_machine, on_main_rank, start_distributed
from .folds import FoldFiles, check_same_fold, fold_files, seen_by_start
from .hooks import TimeLimitHook
from .inference.score_maps import check_windows
from .pseudo_round import learnt_round
from .runner import TrashRunner
from .start_weights import check_resume, use_start_weights
from .tasks import is_segmentation
from .tracking import check_trackers
from .work_dir import (
    checkpoint_to_resume,
    claim_folder,
    missing_run,
    note_finished,
    release_folders,
    run_folder,
)
from .workers import limit_workers


@dataclass
class TrainOptions:
    """What a user asks of one training beside its config.

    Attributes:
        data_root: Folder of the data set; None for the config's.
        train_ann: Training json; None for train.json of the data root.
        work_dir: Folder of the run; None for ``work_dirs/<config name>[_fold<K>]``.
        fold: Fold to train on, from 0; None for the whole training json.
        resume: Checkpoint to go on from, True for the run's newest if it has come to one.
        load_from: Start weights, ``'none'`` for none.
        amp: Mixed precision.
        low_memory: Activation checkpointing.
        seed: Seed; None for the config's.
        deterministic: Take operators whose results do not depend on the order of additions, where there are some.
        track: Trackers beside those of the config, such as ``'wandb'``.
        max_hours: End with a checkpoint within so many hours; None for no limit.
        started: Moment of :func:`time.monotonic` from which the hours count.
    """

    data_root: str | None = None
    train_ann: str | None = None
    work_dir: str | None = None
    fold: int | None = None
    resume: str | bool | None = None
    load_from: str | None = None
    amp: bool = False
    low_memory: bool = False
    seed: int | None = None
    deterministic: bool = False
    track: Sequence[str] = ()
    max_hours: float | None = None
    started: float = field(default_factory=time.monotonic)


def train(cfg: Config, options: TrainOptions) -> Path:
    """Train, alone or as one of torchrun's processes.

    Everything that can be wrong is looked for before the first iteration; a mistake leaves no folder behind.

    Args:
        cfg: From :func:`~custom_modules.engine.load_config`.
        options: The user's wishes.

    Returns:
        The run's folder with ``best.pth``, ``last.pth``, ``scalars.csv`` and the pictures.

    Raises:
        UserError: Something in the config, the data or the surroundings is wrong.
    """
    _check_options(cfg, options)
    start_distributed(cfg)
    folder = run_folder(cfg.filename, options.work_dir, options.fold)
    checkpoint = on_main_rank(checkpoint_to_resume, folder, options.resume)
    # Only a folder that is named can be mistyped.
    warning = missing_run(folder) if options.resume and options.work_dir and not checkpoint else None
    notes = [share_out_batch(cfg, num_ranks()), *limit_workers(cfg)]
    fold = on_main_rank(_fold, cfg, options, checkpoint)
    anns = (fold.train_ann, fold.val_ann) if fold else (options.train_ann,)
    notes += fold.notes if fold else ()
    notes += use_data(cfg, options.data_root, *anns)
    check_evonorms(cfg.model)
    if is_segmentation(cfg):
        check_windows(cfg.model, str(cfg.filename))
    notes += _use_options(cfg, options)
    # Resuming overwrites whatever the start weights would be.
    cfg, lines = on_each_machine(_with_start_weights, cfg, 'none' if checkpoint else options.load_from)
    notes += lines if not checkpoint else [f'resuming {checkpoint}']
    if fold and not checkpoint:
        notes += on_main_rank(seen_by_start, cfg.get('load_from'), fold)
    if checkpoint:
        on_main_rank(check_resume, cfg, str(checkpoint))
    if options.resume and not checkpoint and not warning:
        notes.append(f'{folder} holds no checkpoint to resume yet: starting from the beginning')
    arguments = {'config': cfg.filename, 'options': _wishes(options), 'fold': fold and fold.facts()}
    arguments['pseudo_round'] = on_main_rank(learnt_round, cfg, checkpoint)
    is_new = on_main_rank(claim_folder, folder, arguments)
    cfg.work_dir = str(folder)
    runner = None
    try:
        runner = build_runner(cfg)
        runner.build_training()
        if is_mixed(runner.optim_wrapper) and not is_segmentation(cfg):
            keep_boxes_exact(runner.plain_model)
        for note in notes:
            runner.logger.info(note)
        if warning:
            runner.logger.warning(warning)
        if checkpoint:
            runner._resume, runner._load_from = True, str(checkpoint)
        if options.max_hours:
            runner.register_hook(TimeLimitHook(options.started + 3600 * options.max_hours))
        with memory_advice(), batch_norm_advice():
            runner.train()
        on_main_rank(note_finished, folder)
    except UserError:
        if is_new and is_main_process() and not (runner and runner.has_trained):
            shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        release_folders()
    return folder


def _fold(cfg: Config, options: TrainOptions, checkpoint: Path | None) -> FoldFiles | None:
    fold = None
    if options.fold is not None:
        fold = fold_files(chosen_root(cfg, options.data_root), options.fold, options.train_ann)
    if checkpoint:
        check_same_fold(checkpoint.parent, fold)
    return fold


def _check_options(cfg: Config, options: TrainOptions) -> None:
    check_trackers(options.track)
    if options.track and not (cfg.get('default_hooks') or {}).get('tracking'):
        raise UserError(f'--track {options.track[0]}: {cfg.filename} has no default_hooks.tracking; inherit runtime.py')
    epochs = (cfg.get('train_cfg') or {}).get('max_epochs', 1)
    if not isinstance(epochs, int) or epochs < 1:
        raise UserError(f'train_cfg.max_epochs is {epochs!r}; give a whole number from 1 on')
    if options.max_hours is not None and not 0 < options.max_hours < float('inf'):
        raise UserError(f'--max-hours {options.max_hours}: give a number above 0, such as 11.5')


def _wishes(options: TrainOptions) -> dict[str, Any]:
    return {name: value for name, value in vars(options).items() if name != 'started'}


def _use_options(cfg: Config, options: TrainOptions) -> list[str]:
    notes = []
    if options.amp:
        notes.append(use_mixed_precision(cfg))
    if options.low_memory:
        notes.append(use_low_memory(cfg))
    if options.track:
        cfg.default_hooks.tracking.trackers = [*cfg.default_hooks.tracking.get('trackers', []), *options.track]
    if options.seed is not None:
        cfg.randomness = {**cfg.get('randomness', {}), 'seed': options.seed}
    if options.deterministic:
        cfg.randomness = {**cfg.get('randomness', {}), 'deterministic': True}
        notes.append(
            'deterministic: slower; operators of a GPU that cannot compute the same twice are named in warnings'
        )
    return notes


def _with_start_weights(cfg: Config, load_from: str | None) -> tuple[Config, list[str]]:
    lines = use_start_weights(cfg, load_from)
    return cfg, lines


def build_runner(cfg: Config) -> TrashRunner:
    """Build the runner, a component's wrong argument told in one line.

    Raises:
        UserError: A component does not take what the config gives it.
    """
    with config_mistakes(str(cfg.filename), cfg):
        return TrashRunner.from_cfg(cfg)


@contextmanager
def batch_norm_advice() -> Iterator[None]:
    """Turn the complaint of a batch norm that is given one value, as after pooling a single picture, into advice."""
    try:
        yield
    except ValueError as error:
        if 'more than 1 value per channel' not in str(error):
            raise
        raise UserError(
            'batch norm needs more than one picture a card: raise --cfg-options total_batch_size, use fewer cards or '
            'accumulation steps, or take another norm of configs/_base_/norms.py'
        ) from None


@contextmanager
def memory_advice() -> Iterator[None]:
    """Turn a card's lack of memory into advice."""
    try:
        yield
    except torch.OutOfMemoryError:
        raise UserError(
            'the card ran out of memory; add --amp, --low-memory, or share the batch over more steps by '
            '--cfg-options optim_wrapper.accumulative_counts=2 (or 4, 8, ...)'
        ) from None
