"""Loader workers and signals."""

import multiprocessing
import signal

import pytest
from torch.utils.data import DataLoader

from custom_modules.engine.runner import quiet_worker

pytestmark = [pytest.mark.fast, pytest.mark.filterwarnings('ignore:This process.*fork:DeprecationWarning')]
_kept = []


def leave_with_workers_alive() -> None:
    """End as a training does that a signal or the time limit ends: its loaders are still held."""
    signal.signal(signal.SIGTERM, lambda *_: None)
    batches = iter(DataLoader(range(100), num_workers=2, persistent_workers=True, worker_init_fn=quiet_worker))
    next(batches)
    _kept.append(batches)


def test_workers_that_outlive_the_training_end_without_a_traceback():
    process = multiprocessing.get_context('fork').Process(target=leave_with_workers_alive)
    process.start()
    process.join(60)
    assert process.exitcode == 0
