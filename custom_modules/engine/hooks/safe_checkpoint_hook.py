"""Keep the newest and the best state of a run, and leave with both when told to stop."""

import json
import signal
from pathlib import Path

import torch
from mmengine.dist import is_distributed, is_main_process
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

from ...utils import atomic_write


class TrainingStopped(Exception):
    """A signal ended the training; the newest checkpoint was saved.

    Args:
        signal_number: The signal, for the exit code 128 + number.
        checkpoint: The file that holds the state.
        iteration: Complete iterations in it.
    """

    def __init__(self, signal_number: int, checkpoint: Path, iteration: int) -> None:
        super().__init__(f'stopped after iteration {iteration}, everything is in {checkpoint}; go on with --resume')
        self.exit_code = 128 + signal_number


@HOOKS.register_module()
class SafeCheckpointHook(Hook):
    """Write ``last.pth`` every epoch and ``best.pth`` when the validation score rises.

    Both are replaced in one step, so that a kill or a full disk leaves the
    file before intact.  The best score stands in ``state.json`` beside them.
    SIGINT and SIGTERM save ``last.pth`` at the end of the running iteration;
    a second signal ends at once.

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
        if self.state['validated_epoch'] == runner.epoch:
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
        """Save at the interval, and save and leave after a signal."""
        iteration = runner.iter + 1
        # The end of an epoch is saved by after_train_epoch, which knows whether a validation is due.
        inside_epoch = iteration % len(runner.train_dataloader)
        if inside_epoch % getattr(runner.optim_wrapper, '_accumulative_counts', 1):
            return  # half an accumulated gradient is not part of a checkpoint
        stop = self._agreed_signal()
        if inside_epoch and (stop or (self.interval and iteration % self.interval == 0)):
            self._save_last(runner, iteration)
        if stop and inside_epoch:
            self._stop(runner, stop, iteration)

    def after_train_epoch(self, runner) -> None:
        """Save the complete epoch before its validation, and leave after a signal."""
        self._save_last(runner, runner.iter)
        if stop := self._agreed_signal():
            self._stop(runner, stop, runner.iter)

    def after_val_iter(self, runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        """Leave after a signal; the validation is repeated on resuming."""
        if self._handlers_before and (stop := self._agreed_signal()):
            self._stop(runner, stop, runner.iter)

    def after_val_epoch(self, runner, metrics: dict[str, float] | None = None) -> None:
        """Keep the weights if the score is the best so far."""
        if not self._handlers_before or not metrics or not is_main_process():
            return
        score = metrics.get(self.save_best)
        if score is not None and (self.state['best'] is None or score > self.state['best']):
            self.state.update(best=float(score), best_epoch=runner.epoch, best_iter=runner.iter)
            runner.save_weights(Path(runner.work_dir) / 'best.pth', epoch=runner.epoch, iteration=runner.iter)
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

    def _agreed_signal(self) -> int:
        """Return the signal that any rank has received; every rank must ask at the same iteration."""
        if not is_distributed():
            return self._signal
        device = 'cuda' if torch.distributed.get_backend() == 'nccl' else 'cpu'
        number = torch.tensor(self._signal, device=device)
        torch.distributed.all_reduce(number, op=torch.distributed.ReduceOp.MAX)
        return int(number)

    def _stop(self, runner, number: int, iteration: int) -> None:
        self.after_train(runner)
        raise TrainingStopped(number, Path(runner.work_dir) / 'last.pth', iteration)
