"""A small detector that the tools' tests share."""

from pathlib import Path

import pytest

from tools.train import main

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope='session')
def htc() -> str:
    """The demo HTC's config."""
    return str(ROOT / 'configs' / 'demo' / 'htc_swin.py')


@pytest.fixture(scope='session')
def trained_htc(synthetic_root, htc, tmp_path_factory) -> Path:
    """The run folder of the demo HTC after one epoch."""
    folder = tmp_path_factory.mktemp('htc') / 'run'
    options = ['--load-from', 'none', '--cfg-options', 'total_batch_size=4', 'train_cfg.max_epochs=1']
    assert main([htc, '--data-root', str(synthetic_root), '--work-dir', str(folder), *options]) == 0
    return folder
