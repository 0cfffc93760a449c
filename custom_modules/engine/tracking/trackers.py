"""The trackers by name."""

import importlib.util
from collections.abc import Iterable

from ...utils import UserError
from .mlflow_tracker import MlflowTracker
from .tensorboard_tracker import TensorboardTracker
from .tracker import Tracker
from .wandb_tracker import WandbTracker

TRACKERS: dict[str, type[Tracker]] = {
    tracker.name: tracker for tracker in (TensorboardTracker, WandbTracker, MlflowTracker)
}


def check_trackers(names: Iterable[str]) -> None:
    """Refuse a tracker that is unknown or not installed, before anything is done.

    Raises:
        UserError: Names it, and what there is or how to install it.
    """
    for name in names:
        if name not in TRACKERS:
            raise UserError(f'--track {name}: no such tracker; there are {", ".join(TRACKERS)}')
        if importlib.util.find_spec(TRACKERS[name].package) is None:
            raise UserError(f'--track {name}: {TRACKERS[name].package} is not installed; {TRACKERS[name].install}')
