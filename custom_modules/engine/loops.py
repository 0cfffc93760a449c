"""The training loop: epochs that can be left and entered at any iteration."""

from typing import Any

import torch
from mmengine.registry import LOOPS
from mmengine.runner import EpochBasedTrainLoop

from ..utils import UserError


@LOOPS.register_module()
class ResumableEpochLoop(EpochBasedTrainLoop):
    """Upstream's epoch loop, able to continue inside an epoch and before a validation that is due.

    Upstream starts a broken-off epoch again from its first picture and never
    makes up for a validation that was cut off.  This loop needs
    ``ResumableSampler``.  Gradients are accumulated within an epoch; where its
    iterations are not a multiple, the last update is the mean of the rest.

    Args:
        args: Upstream's.
        max_iters: Iterations after which to end, also inside an epoch, as at the end of the last one; None for
            whole epochs only.
        kwargs: Upstream's.

    Raises:
        UserError: ``max_iters`` is not a whole number from 1 on.
    """

    validation_due = False
    stop_request = 0  # set by a hook that wants the training to end; SafeCheckpointHook ends it on all ranks

    def __init__(self, *args: Any, max_iters: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if max_iters is not None and (not isinstance(max_iters, int) or max_iters < 1):
            raise UserError(f'train_cfg.max_iters is {max_iters!r}; give a whole number from 1 on')
        self._max_iters = min(max_iters or self._max_iters, self._max_iters)

    def run(self) -> torch.nn.Module:
        """Train until the last epoch and return the model."""
        self.runner.call_hook('before_train')
        self._decide_current_val_interval()
        if self.validation_due:
            self._validate()
        while self._iter < self._max_iters and not self.stop_training:
            self.run_epoch()
            self._decide_current_val_interval()
            if self.validation_due:
                self._validate()
        self.runner.call_hook('after_train')
        return self.runner.model

    def run_epoch(self) -> None:
        """Train the rest of the current epoch."""
        loader = self.dataloader
        done = self._iter - self._epoch * len(loader)
        assert 0 <= done <= len(loader), f'iteration {self._iter} is not in epoch {self._epoch + 1}'
        # Counted per epoch: its last update takes what is left over, so that no half of a gradient crosses its end.
        self.runner.optim_wrapper.initialize_count_status(self.runner.model, done, len(loader))
        loader.sampler.set_epoch(self._epoch, done * loader.batch_size)
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        for index, batch in enumerate(loader, start=done):
            self.run_iter(index, batch)
            if self._iter == self._max_iters:
                break
        self.validation_due = self._validates_after(self._epoch + 1)
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1

    def _validates_after(self, epoch: int) -> bool:
        if self.runner.val_loop is None or epoch < self.val_begin:
            return False
        return epoch % self.val_interval == 0 or self._iter == self._max_iters

    def _validate(self) -> None:
        self.runner.val_loop.run()
        self.validation_due = False
