"""What the tests of configs share."""

from collections.abc import Callable
from pathlib import Path

import pytest
from mmengine.config import Config

from custom_modules.datasets.synthetic import make_synthetic
from tests.configs.one_step import Outcome, train_one_step


@pytest.fixture(scope='session')
def few_pictures(tmp_path_factory) -> Path:
    """A data set of four training pictures and one to validate on, 96 px."""
    folder = tmp_path_factory.mktemp('few') / 'data'
    make_synthetic(folder, train=4, val=1, test=1, size=96, seed=5, frequencies='flat')
    return folder


@pytest.fixture
def one_step(few_pictures, tmp_path, monkeypatch) -> Callable[[Config], Outcome]:
    """See :func:`train_one_step`."""
    # Formatting a config takes longer than training on a picture: upstream does it four times a run.
    monkeypatch.setattr('yapf.yapflib.yapf_api.FormatCode', lambda text, **options: (text, True))
    return lambda cfg, **options: train_one_step(cfg, few_pictures, tmp_path / 'run', **options)
