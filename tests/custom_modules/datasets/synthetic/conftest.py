"""One small synthetic data set for all tests of the package."""

from pathlib import Path

import pytest

from custom_modules.datasets.synthetic import make_synthetic


@pytest.fixture(scope='session')
def small_set(tmp_path_factory) -> tuple[Path, dict[str, dict]]:
    """A data set of 50 + 20 + 4 pictures of 128 px, and its content by split."""
    folder = tmp_path_factory.mktemp('synthetic') / 'small'
    return folder, make_synthetic(folder, train=50, val=20, test=4, size=128, seed=5, frequencies='flat')
