"""Keep a run's numbers as csv and its learning curves as a picture."""

from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.registry import HOOKS


@HOOKS.register_module()
class CurvesHook(Hook):
    """Write ``scalars.csv`` as training goes and redraw ``curves.png`` after every validation.

    A resumed run continues its file: steps after the checkpoint are dropped,
    so that none appears twice.

    Args:
        interval: Iterations between two lines, beside one at the end of each epoch; the losses are means over them.
    """

    priority = 'BELOW_NORMAL'

    def __init__(self, *, interval: int = 10) -> None:
        self.interval = interval
        self.scalars = None

    def before_train(self, runner) -> None:
        """Open the csv at the iteration the run starts from."""
        if is_main_process():
            from ...visualization import ScalarsCsv

            self.scalars = ScalarsCsv(Path(runner.work_dir) / 'scalars.csv', resume_iter=runner.iter)

    def after_train_iter(self, runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        """Write the means of the losses and of the gradient norm, and the present learning rate."""
        iteration = runner.iter + 1
        ends_epoch = iteration % len(runner.train_dataloader) == 0
        if self.scalars is None or (iteration % self.interval and not ends_epoch):
            return
        buffers = runner.message_hub.log_scalars
        values = {
            name.removeprefix('train/'): buffer.current() if name.endswith('lr') else buffer.mean(self.interval)
            for name, buffer in buffers.items()
            if name.startswith('train/') and not name.endswith('time')  # those are in the log
        }
        self.scalars.append(iteration, runner.epoch, 'train', values)

    def after_val_epoch(self, runner, metrics: dict[str, float] | None = None) -> None:
        """Write the scores and redraw the curves."""
        if self.scalars is not None and metrics:
            # A validation cut off after its lines were written is repeated on resuming.
            there = {line.name for line in self._read() if (line.iter, line.split) == (runner.iter, 'val')}
            new = {name: value for name, value in metrics.items() if name not in there}
            self.scalars.append(runner.iter, runner.epoch, 'val', new)
            self._draw(runner)

    def _read(self) -> list:
        from ...visualization import read_scalars

        return read_scalars(self.scalars.path)

    def _draw(self, runner) -> None:
        from ...visualization import plot_learning_curves

        plot_learning_curves(self.scalars.path, Path(runner.work_dir) / 'curves.png')
