"""Where a training's numbers go beside its own folder: TensorBoard, Weights & Biases, MLflow."""

from .chosen import training_scalars, validation_scalars
from .tracker import Run, Tracker
from .trackers import TRACKERS, check_trackers

__all__ = ['TRACKERS', 'Run', 'Tracker', 'check_trackers', 'training_scalars', 'validation_scalars']
