"""Numbers appear once in the csv, whatever was cut off."""

from types import SimpleNamespace

import pytest

from custom_modules.engine.hooks import CurvesHook
from custom_modules.visualization import read_scalars


@pytest.mark.fast
def test_a_repeated_validation_is_written_once(tmp_path, monkeypatch):
    """The first validation after iteration 4 was killed before the run noted it; one value is still missing."""
    monkeypatch.setattr(CurvesHook, '_draw', lambda self, runner: None)
    runner = SimpleNamespace(work_dir=str(tmp_path), iter=4, epoch=1)
    for metrics in ({'mAP': 0.25}, {'mAP': 0.25, 'mAP50': 0.5}):
        hook = CurvesHook()
        hook.before_train(runner)
        hook.after_val_epoch(runner, metrics)
    lines = [(line.iter, line.split, line.name, line.value) for line in read_scalars(tmp_path / 'scalars.csv')]
    assert lines == [(4, 'val', 'mAP', 0.25), (4, 'val', 'mAP50', 0.5)]
