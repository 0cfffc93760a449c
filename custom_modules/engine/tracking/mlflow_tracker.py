"""MLflow."""

import json
import logging
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .tracker import Run, Tracker

_NOT_IN_NAMES = re.compile(r'[^\w\-. /]')
_PARAMETERS = ('optim_wrapper.optimizer', 'total_batch_size', 'train_cfg.max_epochs', 'randomness.seed', 'data_root')


class MlflowTracker(Tracker):
    """One run of MLflow, in ``mlflow/`` of the run's folder unless ``MLFLOW_TRACKING_URI`` names another store.

    (Upstream's backend starts a new run when resumed and keeps the last picture only.)
    """

    name = 'mlflow'
    package = 'mlflow'
    install = 'pip install -r requirements/mlflow.txt'
    shows_pictures = True

    def start(self, run: Run) -> str:
        """Open a run, or go on with the one of the same folder."""
        # A server that is gone must not hold the training up for minutes; nobody is told about our runs.
        os.environ.setdefault('MLFLOW_HTTP_REQUEST_MAX_RETRIES', '1')
        os.environ.setdefault('MLFLOW_HTTP_REQUEST_TIMEOUT', '10')
        os.environ.setdefault('MLFLOW_DISABLE_TELEMETRY', 'true')
        os.environ.setdefault('MLFLOW_ALLOW_FILE_STORE', 'true')  # the small client has no database
        from mlflow import MlflowClient

        logging.getLogger('mlflow').setLevel(logging.ERROR)
        store = os.environ.get('MLFLOW_TRACKING_URI') or (run.folder / 'mlflow').resolve().as_uri()
        self._client = MlflowClient(tracking_uri=store)
        self._id = run.memory.get('run') or self._new_run(run)
        run.memory['run'] = self._id
        self._client.update_run(self._id, status='RUNNING')
        allow = 'MLFLOW_ALLOW_FILE_STORE=true ' if store.startswith('file:') else ''
        return f'mlflow: {allow}mlflow ui --backend-store-uri {store}'

    def _new_run(self, run: Run) -> str:
        name = os.environ.get('MLFLOW_EXPERIMENT_NAME', 'trash-zoo')
        experiment = self._client.get_experiment_by_name(name)
        number = experiment.experiment_id if experiment else self._client.create_experiment(name)
        identity = self._client.create_run(number, run_name=run.folder.name).info.run_id
        for key in _PARAMETERS:
            for name, value in _flat(key, _find(run.config, key)).items():
                self._client.log_param(identity, name, value)
        self._client.log_text(identity, run.config_text, 'config.py')
        return identity

    def log_scalars(self, values: Mapping[str, float], iteration: int) -> None:
        """Write numbers."""
        for name, value in values.items():
            self._client.log_metric(self._id, _NOT_IN_NAMES.sub('_', name), value, step=iteration)

    def log_table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence], iteration: int) -> None:
        """Write a table as json."""
        table = {'columns': list(columns), 'data': [list(row) for row in rows]}
        self._client.log_text(self._id, json.dumps(table), f'{name}/{iteration:08d}.json')

    def log_picture(self, name: str, picture_rgb: np.ndarray, iteration: int) -> None:
        """Write a picture."""
        self._client.log_image(self._id, picture_rgb, f'{name}/{iteration:08d}.png')

    def note(self, facts: Mapping[str, Any]) -> None:
        """Set tags of the run."""
        for name, value in facts.items():
            self._client.set_tag(self._id, name, value)

    def finish(self, *, completed: bool) -> None:
        """Close the run."""
        self._client.set_terminated(self._id, 'FINISHED' if completed else 'KILLED')


def _find(config: Any, key: str) -> Any:
    for part in key.split('.'):
        config = config.get(part) if isinstance(config, dict) else None
    return config


def _flat(name: str, value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return {f'{name}.{key}': part for key, part in value.items()}
    return {} if value is None else {name: value}
