"""The training loop: epochs that can be left and entered at any iteration."""

import torch
from mmengine.registry import LOOPS
from mmengine.runner import EpochBasedTrainLoop


@LOOPS.register_module()
class ResumableEpochLoop(EpochBasedTrainLoop):
    """Upstream's epoch loop, able to continue inside an epoch and before a validation that is due.

    Upstream starts a broken-off epoch again from its first picture and never
    makes up for a validation that was cut off.  This loop needs
    ``ResumableSampler``.  Gradients are accumulated within an epoch; where its
    iterations are not a multiple, the last update is the mean of the rest.
    """

    validation_due = False

    def run(self) -> torch.nn.Module:
        """Train until the last epoch and return the model."""
        self.runner.call_hook('before_train')
        self._decide_current_val_interval()
        if self.validation_due:
            self._validate()
        while self._epoch < self._max_epochs and not self.stop_training:
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
        self.validation_due = self._validates_after(self._epoch + 1)
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1

    def _validates_after(self, epoch: int) -> bool:
        if self.runner.val_loop is None or epoch < self.val_begin:
            return False
        return epoch % self.val_interval == 0 or epoch == self._max_epochs

    def _validate(self) -> None:
        self.runner.val_loop.run()
        self.validation_due = False
