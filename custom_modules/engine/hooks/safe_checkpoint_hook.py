"""Keep the newest and the best state of a run, and leave with both when told to stop."""

import json
import signal
from pathlib import Path

import torch
from mmengine.dist import is_distributed, is_main_process
from mmengine.hooks import EarlyStoppingHook, Hook
from mmengine.registry import HOOKS

from ...utils import as_typed, atomic_write

TIME_IS_UP = 1  # as a reason to stop beside the signals 2 and 15, which come first


class TrainingStopped(Exception):
    """A signal or the time limit ended the training; the newest checkpoint was saved.

    Args:
        reason: The signal, for the exit code 128 + number, or ``TIME_IS_UP``, for 0.
        checkpoint: The file that holds the state.
        iteration: Complete iterations in it.
    """

    def __init__(self, reason: int, checkpoint: Path, iteration: int) -> None:
        limit = 'by the time limit ' if reason == TIME_IS_UP else ''
        super().__init__(
            f'stopped {limit}after iteration {iteration}, everything is in {as_typed(checkpoint)}; go on with --resume'
        )
        self.exit_code = 0 if reason == TIME_IS_UP else 128 + reason


@HOOKS.register_module()
class SafeCheckpointHook(Hook):
    """Write ``last.pth`` every epoch and ``best.pth`` when the validation score rises.

    Both are replaced in one step, so that a kill or a full disk leaves the
    file before intact.  The best score stands in ``state.json`` beside them.
    SIGINT, SIGTERM and the time limit save ``last.pth`` at the end of the
    running iteration; a second signal ends at once.

    Args:
        save_best: Metric to watch, larger is better.
        interval: Save ``last.pth`` also every so many iterations; 0 for epochs only.
    """

    priority = 'VERY_LOW'

    def __init__(self, *, save_best: str = 'mAP50', interval: int = 0) -> None:
        self.save_best = save_best
        self.interval = interval
        self.state = {'best': None, 'best_epoch': None, 'best_iter': None, 'validated_epoch': None}
        self._signal = 0
        self._handlers_before = {}

    def before_train(self, runner) -> None:
        """Take over the signals and pick up the score so far."""
        state_file = Path(runner.work_dir) / 'state.json'
        if runner.iter and state_file.is_file():
            self.state.update(json.loads(state_file.read_text(encoding='utf-8')))
        if self.state['validated_epoch'] == runner.epoch and not _learns_from_scores(runner):
            runner.train_loop.validation_due = False
        for number in (signal.SIGINT, signal.SIGTERM):
            self._handlers_before[number] = signal.signal(number, self._note_signal)

    def after_train(self, runner) -> None:
        """Give the signals back."""
        for number, handler in self._handlers_before.items():
            signal.signal(number, handler)

    def _note_signal(self, number: int, frame) -> None:
        if self._signal:
            raise KeyboardInterrupt
        self._signal = number

    def after_train_iter(self, runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        """Save at the interval, and save and leave when told to stop."""
        iteration = runner.iter + 1
        # The end of an epoch is saved by after_train_epoch, which knows whether a validation is due.
        inside_epoch = iteration % len(runner.train_dataloader)
        if inside_epoch % getattr(runner.optim_wrapper, '_accumulative_counts', 1):
            return  # half an accumulated gradient is not part of a checkpoint
        stop = self._agreed_reason(runner)
        if inside_epoch and (stop or (self.interval and iteration % self.interval == 0)):
            self._save_last(runner, iteration)
        if stop and inside_epoch:
            self._stop(runner, stop, iteration)

    def after_train_epoch(self, runner) -> None:
        """Save the complete epoch before its validation, and leave when told to stop."""
        self._save_last(runner, runner.iter)
        if stop := self._agreed_reason(runner):
            self._stop(runner, stop, runner.iter)

    def after_val_iter(self, runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        """Leave when told to stop; the validation is repeated on resuming."""
        if self._handlers_before and (stop := self._agreed_reason(runner)):
            self._stop(runner, stop, runner.iter)

    def after_val_epoch(self, runner, metrics: dict[str, float] | None = None) -> None:
        """Keep the weights if the score is the best so far."""
        if not self._handlers_before or not metrics or not is_main_process():
            return
        score = metrics.get(self.save_best)
        is_first = self.state['best'] is None
        if score is not None and (is_first or score > self.state['best']):
            self.state.update(best=float(score), best_epoch=runner.epoch, best_iter=runner.iter)
            runner.save_weights(Path(runner.work_dir) / 'best.pth', epoch=runner.epoch, iteration=runner.iter)
            if is_first and not score:
                runner.logger.info(f'{self.save_best} 0 in the first validation, kept as best.pth until one is higher')
            else:
                runner.logger.info(f'best {self.save_best} so far: {score:.6f}, kept as best.pth')
        self.state['validated_epoch'] = runner.epoch
        with atomic_write(Path(runner.work_dir) / 'state.json') as file:
            json.dump(self.state, file, indent=2)

    def _save_last(self, runner, iteration: int) -> None:
        runner.save_state(
            Path(runner.work_dir) / 'last.pth',
            epoch=iteration // len(runner.train_dataloader),
            iteration=iteration,
            validation_due=runner.train_loop.validation_due,
        )

    def _agreed_reason(self, runner) -> int:
        """Return the reason to stop that any rank has, 0 for none; every rank must ask at the same iteration."""
        reason = self._signal or runner.train_loop.stop_request
        if not is_distributed():
            return reason
        device = 'cuda' if torch.distributed.get_backend() == 'nccl' else 'cpu'
        number = torch.tensor(reason, device=device)
        torch.distributed.all_reduce(number, op=torch.distributed.ReduceOp.MAX)
        return int(number)

    def _stop(self, runner, reason: int, iteration: int) -> None:
        self.after_train(runner)
        raise TrainingStopped(reason, Path(runner.work_dir) / 'last.pth', iteration)


def _learns_from_scores(runner) -> bool:
    """Tell whether a schedule, loss or hook has yet to hear the scores that ``last.pth``, saved before them, lacks."""
    schedules = any(getattr(schedule, 'need_val_args', False) for schedule in runner.param_schedulers or [])
    losses = any(hasattr(module, 'set_difficulty') for module in runner.model.modules())  # see UpdateDifficultyHook
    return schedules or losses or any(isinstance(hook, EarlyStoppingHook) for hook in runner.hooks)
