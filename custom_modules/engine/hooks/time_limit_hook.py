"""The end of a training that has only so many hours."""

import time
from collections import deque

from mmengine.hooks import Hook
from mmengine.registry import HOOKS

from .safe_checkpoint_hook import TIME_IS_UP

_SECONDS_TO_LEAVE = 15.0  # closing files, trackers and the process group
_BYTES_PER_SECOND = 1e8  # of a slow disk; what a checkpoint takes before the first one is measured


@HOOKS.register_module()
class TimeLimitHook(Hook):
    """Ask for the end of the training while there is still time to save it.

    ``SafeCheckpointHook`` makes all ranks stop at the same iteration.  Kept
    back are twice the longest recent pause between two chances to stop, twice
    a checkpoint, and some seconds.  A validation that would not end in time is
    not begun; resuming makes up for it.

    Args:
        deadline: Moment of :func:`time.monotonic` at which the process should have ended.
    """

    priority = 'LOW'  # before SafeCheckpointHook

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self._pauses = deque([0.0], maxlen=50)
        self._last_chance = self._validation_began = self._validation = 0.0

    def before_train(self, runner) -> None:
        """Start the clock of the first iteration."""
        weights = sum(parameter.numel() * parameter.element_size() for parameter in runner.model.parameters())
        self._first_save = 4 * weights / _BYTES_PER_SECOND  # with the optimizer's two moments and averaged weights
        self._last_chance = time.monotonic()

    def after_train_iter(self, runner, batch_idx: int, data_batch=None, outputs: dict | None = None) -> None:
        """Ask for the end when the next chance may come too late."""
        self._look_at_clock(runner)

    def after_train_epoch(self, runner) -> None:
        """Ask for the end when the validation would take too long."""
        self._look_at_clock(runner, self._validation if runner.train_loop.validation_due else 0.0)

    def before_val_epoch(self, runner) -> None:
        """Start the clock of a validation."""
        self._validation_began = time.monotonic()

    def after_val_iter(self, runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        """Ask for the end when the next chance may come too late."""
        self._look_at_clock(runner)

    def after_val_epoch(self, runner, metrics: dict[str, float] | None = None) -> None:
        """Remember how long a validation takes."""
        self._validation = time.monotonic() - self._validation_began

    def _look_at_clock(self, runner, next_step: float = 0.0) -> None:
        now = time.monotonic()
        self._pauses.append(now - self._last_chance)
        self._last_chance = now
        save = getattr(runner, 'seconds_to_save', None) or self._first_save
        needed = seconds_needed(max(self._pauses), save, next_step)
        if now + needed > self.deadline:
            runner.train_loop.stop_request = TIME_IS_UP


def seconds_needed(pause: float, save: float, next_step: float = 0.0) -> float:
    """Return the time to keep back.

    Args:
        pause: Longest between two chances to stop, seconds.
        save: What a checkpoint takes, seconds.
        next_step: What cannot be broken off before the next chance, seconds.
    """
    return 2 * pause + 2 * save + next_step + _SECONDS_TO_LEAVE
