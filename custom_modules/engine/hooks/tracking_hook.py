"""Hand a training's main numbers to TensorBoard and to other trackers."""

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

from ...utils import UserError, atomic_write
from ..distributed import on_main_rank
from ..tracking import TRACKERS, Run, Tracker, check_trackers, training_scalars, validation_scalars
from .safe_checkpoint_hook import SafeCheckpointHook

_MEMORY = 'tracking.json'  # in the run's folder: ids of the trackers' runs, and how far each has been told


@HOOKS.register_module()
class TrackingHook(Hook):
    """Write a few curves, and for trackers that show them a table per class and some pictures per validation.

    The training's numbers are those of the log and of scalars.csv, means over ``log_processor.window_size`` iterations.

    A tracker that fails later on is left out with one warning.  A resumed
    training goes on with its runs: nothing is written a second time.

    Args:
        trackers: Names; ``tensorboard`` is left out where it is not installed.
        interval: Iterations of an epoch between two points, beside one at its end; a multiple of the window.
        num_pictures: Validation pictures to show.

    Raises:
        UserError: A tracker is unknown or not installed, or, when training starts, does not start.
    """

    priority = 'LOWEST'  # after SafeCheckpointHook has judged the score

    def __init__(
        self, *, trackers: Sequence[str] = ('tensorboard',), interval: int = 50, num_pictures: int = 4
    ) -> None:
        check_trackers(name for name in trackers if name != 'tensorboard')
        self.trackers = list(dict.fromkeys(trackers))
        self.interval = interval
        self.num_pictures = num_pictures
        self._running: dict[str, Tracker] = {}
        self._memory: dict[str, dict[str, Any]] = {}
        self._seen: list = []
        self._completed = False

    def before_train(self, runner) -> None:
        """Open the trackers on the main rank."""
        on_main_rank(self._start, runner)

    def _start(self, runner) -> None:
        file = Path(runner.work_dir) / _MEMORY
        if runner.iter and file.is_file():
            self._memory = json.loads(file.read_text(encoding='utf-8'))
        for name in self.trackers:
            tracker = TRACKERS[name]()
            run = Run(
                folder=Path(runner.work_dir),
                config=runner.cfg.to_dict(),
                config_text=runner.cfg.pretty_text,
                iteration=runner.iter,
                memory=self._memory.setdefault(name, {}),
            )
            try:
                runner.logger.info(tracker.start(run))
            except Exception as error:  # whatever a tracker raises is about that tracker
                if name != 'tensorboard':
                    raise UserError(f'--track {name}: {_line(error)}{_offline(name)}') from None
                runner.logger.warning(f'no TensorBoard: {_line(error)}; scalars.csv and curves.png hold the numbers')
            else:
                self._running[name] = tracker
        self._remember(runner)

    def after_train_iter(self, runner, batch_idx: int, data_batch=None, outputs: dict | None = None) -> None:
        """Write the training's numbers at the interval."""
        loader, iteration = runner.train_dataloader, runner.iter + 1
        is_due = self.every_n_inner_iters(batch_idx, self.interval) or self.end_of_epoch(loader, batch_idx)
        if not self._running or not is_due:
            return
        values = training_scalars(runner.message_hub.log_scalars, runner.log_processor.window_size)
        self._tell(runner, 'train', iteration, lambda tracker: tracker.log_scalars(_prefixed(values), iteration))
        self._remember(runner)

    def after_val_iter(self, runner, batch_idx: int, data_batch=None, outputs: Sequence | None = None) -> None:
        """Keep the first pictures' predictions."""
        if not any(tracker.shows_pictures for tracker in self._running.values()):
            return
        wanted = self.num_pictures - (len(self._seen) if batch_idx else 0)
        self._seen = [*(self._seen if batch_idx else []), *list(outputs or [])[: max(wanted, 0)]]

    def after_val_epoch(self, runner, metrics: dict[str, float] | None = None) -> None:
        """Write scores, table and pictures."""
        if not self._running or not metrics:
            return
        metric = runner.val_loop.evaluator.metrics[0]
        details = getattr(metric, 'last_result', None)
        values, iteration = validation_scalars(metrics, details), runner.iter

        def tell(tracker: Tracker) -> None:
            tracker.log_scalars(values, iteration)
            if tracker.shows_pictures:
                tracker.note(_best(runner))
                if details:
                    self._show(tracker, metric, iteration)

        self._tell(runner, 'val', iteration, tell)
        self._seen = []  # their masks would take up the card's memory until the next validation
        self._remember(runner)

    def _show(self, tracker: Tracker, metric, iteration: int) -> None:
        from ..tracking.pictures import validation_sheet

        result = metric.last_result
        tracker.log_table('val/per_class', result.COLUMNS, result.class_rows(), iteration)
        if self._seen:
            tracker.log_picture('val/pictures', validation_sheet(self._seen, metric), iteration)

    def after_train(self, runner) -> None:
        """Note that the training came to its end."""
        self._completed = True

    def on_leave(self, runner) -> None:
        """Close the trackers, however the training ended."""
        for name in list(self._running):
            self._guarded(runner, name, lambda tracker: tracker.finish(completed=self._completed))
        self._running.clear()

    def _tell(self, runner, kind: str, iteration: int, tell) -> None:
        for name, tracker in list(self._running.items()):
            told = self._memory[name].get(kind, -1)
            if tracker.rewinds or iteration > told:
                self._guarded(runner, name, tell)
                self._memory[name][kind] = max(iteration, told)

    def _guarded(self, runner, name: str, tell) -> None:
        try:
            tell(self._running[name])
        except Exception as error:  # a tracker must not end a training
            del self._running[name]
            runner.logger.warning(f'{name} failed and is left out from here on: {_line(error)}; the training goes on')

    def _remember(self, runner) -> None:
        if not is_main_process():
            return
        # Without room on the disk a restart may tell something twice; the checkpoint's own message comes soon enough.
        with suppress(OSError), atomic_write(Path(runner.work_dir) / _MEMORY) as file:
            json.dump(self._memory, file, indent=2)


def _prefixed(values: dict[str, float]) -> dict[str, float]:
    return {f'train/{name}': value for name, value in values.items()}


def _best(runner) -> dict[str, Any]:
    keeper = next((hook for hook in runner.hooks if isinstance(hook, SafeCheckpointHook)), None)
    if keeper is None or keeper.state['best'] is None:
        return {}
    path = (Path(runner.work_dir) / 'best.pth').resolve()
    return {f'best_{keeper.save_best}': keeper.state['best'], 'best_checkpoint': str(path)}


def _line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]


def _offline(name: str) -> str:
    return '; WANDB_MODE=offline needs no account and no network' if name == 'wandb' else ''
