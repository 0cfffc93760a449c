"""TensorBoard."""

from collections.abc import Mapping

from .tracker import Run, Tracker


class TensorboardTracker(Tracker):
    """Event files in ``tensorboard/`` of the run's folder, one curve per number however often the run was resumed.

    Upstream's backend opens a new folder at every start and leaves what came after the checkpoint in place.
    """

    name = 'tensorboard'
    package = 'tensorboard'
    install = 'pip install tensorboard'
    rewinds = True

    def start(self, run: Run) -> str:
        """Open the event file; what an earlier start wrote after the checkpoint is hidden."""
        from torch.utils.tensorboard import SummaryWriter

        folder = run.folder / 'tensorboard'
        self._writer = SummaryWriter(str(folder), purge_step=run.iteration + 1 if folder.is_dir() else None)
        if not run.iteration:
            self._writer.add_text('config', '    ' + run.config_text.replace('\n', '\n    '))
        return f'curves: tensorboard --logdir {folder}'

    def log_scalars(self, values: Mapping[str, float], iteration: int) -> None:
        """Write numbers."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, iteration)

    def finish(self, *, completed: bool) -> None:
        """Write what is buffered."""
        self._writer.close()
