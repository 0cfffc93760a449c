"""Weights & Biases."""

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .tracker import Run, Tracker

_SECONDS_TO_CONNECT = 60
_SECONDS_TO_UPLOAD = 120


class WandbTracker(Tracker):
    """One run of Weights & Biases, online or, with ``WANDB_MODE=offline``, in files that ``wandb sync`` uploads.

    Project, entity and mode are those of wandb's own environment variables.
    Every row carries its iteration, which is the axis of all curves.
    (Upstream's backend ignores the step and starts a new run when resumed.)
    """

    name = 'wandb'
    package = 'wandb'
    install = 'pip install wandb'
    shows_pictures = True

    def start(self, run: Run) -> str:
        """Open a run, or go on with the one of the same folder."""
        import wandb

        offline = wandb.setup().settings.mode == 'offline'  # where the id alone joins the parts of a run
        self._run = wandb.init(
            project=os.environ.get('WANDB_PROJECT', 'trash-zoo'),
            name=run.folder.name,
            dir=str(run.folder),
            id=run.memory.get('run'),
            resume=None if offline else 'allow',
            config=json.loads(json.dumps(run.config, default=str)),
            settings=wandb.Settings(
                console='off', silent=True, init_timeout=_SECONDS_TO_CONNECT, finish_timeout=_SECONDS_TO_UPLOAD
            ),
        )
        run.memory['run'] = self._run.id
        self._run.define_metric('*', step_metric='iteration')
        return f'wandb: {"wandb sync " + self._run.dir.removesuffix("/files") if offline else self._run.url}'

    def log_scalars(self, values: Mapping[str, float], iteration: int) -> None:
        """Write one row."""
        self._log(dict(values), iteration)

    def log_table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence], iteration: int) -> None:
        """Write a table."""
        import wandb

        self._log({name: wandb.Table(columns=list(columns), data=[list(row) for row in rows])}, iteration)

    def log_picture(self, name: str, picture_rgb: np.ndarray, iteration: int) -> None:
        """Write a picture."""
        import wandb

        self._log({name: wandb.Image(picture_rgb)}, iteration)

    def note(self, facts: Mapping[str, Any]) -> None:
        """Put facts into the run's summary."""
        self._run.summary.update(dict(facts))

    def finish(self, *, completed: bool) -> None:
        """Close the run; an upload without a network is given up after two minutes."""
        self._run.finish(exit_code=0 if completed else 1)

    def _log(self, row: dict[str, Any], iteration: int) -> None:
        # wandb drops rows whose step is below its own, which a resumed run starts one above its last.
        self._run.log({'iteration': iteration, **row}, step=max(iteration, self._run.step))
