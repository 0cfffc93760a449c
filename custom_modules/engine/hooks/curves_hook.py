"""Keep a run's numbers as csv and its learning curves as a picture."""

from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.registry import HOOKS


@HOOKS.register_module()
class CurvesHook(Hook):
    """Write ``scalars.csv`` as training goes and redraw ``curves.png`` after every validation.

    The csv gets what the log shows: every ``log_processor.window_size``
    iterations of an epoch, and at its end, means over as many iterations.
    Epochs count from 1.  A resumed run continues its file: steps after the
    checkpoint are dropped, so that none appears twice.
    """

    priority = 'BELOW_NORMAL'

    def __init__(self) -> None:
        self.scalars = None

    def before_train(self, runner) -> None:
        """Open the csv at the iteration the run starts from."""
        if is_main_process():
            from ...visualization import ScalarsCsv

            self.scalars = ScalarsCsv(Path(runner.work_dir) / 'scalars.csv', resume_iter=runner.iter)

    def after_train_iter(self, runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        """Write the means of the losses and of the gradient norm, and the present learning rate."""
        window = runner.log_processor.window_size
        is_due = self.every_n_inner_iters(batch_idx, window) or self.end_of_epoch(runner.train_dataloader, batch_idx)
        if self.scalars is None or not is_due:
            return
        buffers = runner.message_hub.log_scalars
        values = {
            name.removeprefix('train/'): buffer.current() if name.endswith('lr') else buffer.mean(window)
            for name, buffer in buffers.items()
            if name.startswith('train/') and not name.endswith('time')  # those are in the log
        }
        self.scalars.append(runner.iter + 1, runner.epoch + 1, 'train', values)

    def after_val_epoch(self, runner, metrics: dict[str, float] | None = None) -> None:
        """Write the scores and redraw the curves."""
        if self.scalars is not None and metrics:
            # A validation cut off after its lines were written is repeated on resuming.
            there = {line.name for line in self._read() if (line.iter, line.split) == (runner.iter, 'val')}
            new = {name: value for name, value in metrics.items() if name not in there}
            # An epoch has been counted by the time it is validated.
            self.scalars.append(runner.iter, runner.epoch, 'val', new)
            self._draw(runner)

    def _read(self) -> list:
        from ...visualization import read_scalars

        return read_scalars(self.scalars.path)

    def _draw(self, runner) -> None:
        from ...visualization import plot_learning_curves

        plot_learning_curves(self.scalars.path, Path(runner.work_dir) / 'curves.png')
