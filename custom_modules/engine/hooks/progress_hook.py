"""How far the training is and how long it will take."""

import logging
import os
import sys
import time

from mmengine.dist import get_world_size, is_main_process
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

from ...utils.status_line import StatusLine, bar, clock
from ..log_lines import ProgressText
from ..tracking import training_scalars


@HOOKS.register_module()
class ProgressHook(Hook):
    """On a terminal, one line that is written over; elsewhere the log's lines are left as they are.

    Loss and speed are means over ``log_processor.window_size`` iterations, as
    in the log.  The time left counts what validations and checkpoints take, too.

    Args:
        interval: Seconds between two looks of the line.
        width: Characters of the bar.
    """

    priority = 'NORMAL'  # after IterTimerHook, whose estimate it replaces, and before LoggerHook

    def __init__(self, *, interval: float = 0.2, width: int = 20) -> None:
        self.interval = interval
        self.width = width
        self._line: StatusLine | None = None
        self._handlers: list[logging.StreamHandler] = []
        self._shown = 0.0

    def before_train(self, runner) -> None:
        """Start the clock and, on a terminal, put the line below the log."""
        self._began, self._first = time.monotonic(), runner.iter
        if not is_main_process():
            return
        for handler in runner.logger.handlers:
            if isinstance(handler, logging.StreamHandler) and is_terminal(handler.stream):
                self._line = self._line or StatusLine(handler.stream)
                handler.setStream(self._line)
                handler.addFilter(_is_no_progress)
                self._handlers.append(handler)

    def after_train_iter(self, runner, batch_idx: int, data_batch=None, outputs: dict | None = None) -> None:
        """Estimate the time left and show the line."""
        done, now = runner.iter + 1, time.monotonic()
        left = (now - self._began) / (done - self._first) * (runner.max_iters - done)
        runner.message_hub.update_info('eta', left)
        if self._is_due(now) or done == runner.max_iters:
            self._show(runner, batch_idx, left)

    def after_val_iter(self, runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        """Show how far the validation is."""
        if self._is_due(time.monotonic()):
            size = len(runner.val_dataloader)
            done = bar((batch_idx + 1) / size, self.width)
            self._line.show(f'epoch {runner.epoch}/{runner.max_epochs} [{done}] validation {batch_idx + 1}/{size}')

    def on_leave(self, runner) -> None:
        """Give the terminal back to the log."""
        for handler in self._handlers:
            handler.removeFilter(_is_no_progress)
            handler.setStream(self._line.stream)
        self._handlers.clear()
        if self._line:
            self._line.close()
            self._line = None

    def _is_due(self, now: float) -> bool:
        if self._line is None or now - self._shown < self.interval:
            return False
        self._shown = now
        return True

    def _show(self, runner, batch_idx: int, left: float) -> None:
        if self._line is None:
            return
        scalars, loader = runner.message_hub.log_scalars, runner.train_dataloader
        window = runner.log_processor.window_size
        values = training_scalars(scalars, window)
        text = f'epoch {runner.epoch + 1}/{runner.max_epochs} [{bar((runner.iter + 1) / runner.max_iters, self.width)}]'
        text += f' {batch_idx + 1}/{len(loader)}  loss {values.get("loss", 0.0):.4f}  lr {values.get("lr", 0.0):.1e}'
        if 'train/time' in scalars and loader.batch_size:
            pictures = loader.batch_size * get_world_size() / max(scalars['train/time'].mean(window), 1e-9)
            text += f'  {pictures:.3g} img/s'
        self._line.show(f'{text}  left {clock(left)}')


def is_terminal(stream) -> bool:
    """Tell whether a person watches a stream and its terminal can write over a line."""
    return getattr(stream, 'isatty', lambda: False)() and os.environ.get('TERM') != 'dumb' and sys.platform != 'win32'


def _is_no_progress(record: logging.LogRecord) -> bool:
    return not isinstance(record.msg, ProgressText)
