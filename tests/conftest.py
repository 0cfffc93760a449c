"""What every test starts from: registered components, a clean process, a small data set."""

import os
import random
import signal
from pathlib import Path

import numpy as np
import pytest
import torch

import custom_modules  # noqa: F401 - registers everything
from custom_modules.datasets.synthetic import make_synthetic

ROOT = Path(__file__).resolve().parents[1]
SHARED_DATA = ROOT.parent / 'shared' / 'data'


@pytest.fixture(autouse=True)
def restore_process():
    """Leave no seed, folder, signal handler or process group behind."""
    folder, states = Path.cwd(), (random.getstate(), np.random.get_state(), torch.get_rng_state())
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    os.chdir(folder)
    random.setstate(states[0])
    np.random.set_state(states[1])
    torch.set_rng_state(states[2])
    torch.set_default_dtype(torch.float32)
    for number, handler in handlers.items():
        signal.signal(number, handler)
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


@pytest.fixture
def two_threads():
    """Let operators and kernels use two threads, and put the number back."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope='session')
def synthetic_root(tmp_path_factory) -> Path:
    """A synthetic data set of 16 training, 4 validation and 4 test pictures of 128 px."""
    folder = tmp_path_factory.mktemp('synthetic') / 'data'
    make_synthetic(folder, train=16, val=4, test=4, size=128, seed=3, frequencies='flat')
    return folder


@pytest.fixture(scope='session')
def shared_data() -> Path:
    """Real photographs beside the repository, where they are."""
    if not SHARED_DATA.is_dir():
        pytest.skip('optional: real photographs beside the repository, ../shared/data')
    return SHARED_DATA
