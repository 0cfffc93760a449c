"""A detector and a segmenter in one process, one after the other, do not disturb each other."""

from pathlib import Path

import pytest
import torch

from custom_modules.engine import load_config
from custom_modules.engine.shrink import shrink

DEMO = Path(__file__).resolve().parents[2] / 'configs' / 'demo'
DETECTOR, SEGMENTER = DEMO / 'cascade_mask_rcnn_swin.py', DEMO / 'upernet_swin.py'


@pytest.fixture
def weights_after_a_step(one_step, monkeypatch):
    """Train a config for a step and return all its weights."""

    def train(path: Path) -> dict[str, torch.Tensor]:
        cfg = load_config(path)
        shrink(cfg)
        return one_step(cfg, keeps_files=False).runner.model.state_dict()

    return train


@pytest.mark.parametrize(('first', 'second'), [(DETECTOR, SEGMENTER), (SEGMENTER, DETECTOR)])
def test_a_run_of_the_other_task_between_changes_nothing(weights_after_a_step, first, second):
    alone = weights_after_a_step(first)
    weights_after_a_step(second)
    again = weights_after_a_step(first)
    assert alone.keys() == again.keys() and len(alone) > 50
    assert all(torch.equal(alone[name], again[name]) for name in alone)
