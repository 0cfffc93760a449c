"""Numbers appear once in the csv, whatever was cut off, and are those of the log."""

import io
import re
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


def test_log_csv_and_trackers_tell_the_same_numbers(toy_runner, monkeypatch, tmp_path):
    """Four epochs of five iterations, a line after the second, fourth and fifth of each; epochs count from 1."""
    told, stream = [], io.StringIO()
    monkeypatch.setattr(
        'custom_modules.engine.tracking.tensorboard_tracker.TensorboardTracker.log_scalars',
        lambda self, values, iteration: told.append(
            (iteration, values.get('train/loss'), values.get('train/grad_norm'))
        ),
    )
    runner = toy_runner(
        log_processor={'window_size': 2},
        default_hooks={'logger': {'interval': 2}, 'tracking': {'interval': 2}},
        optim_wrapper={'clip_grad': {'max_norm': 35}},
    )
    next(handler for handler in runner.logger.handlers if type(handler).__name__ == 'StreamHandler').setStream(stream)
    runner.train()
    line = r'epoch (\d)/4 \[(\d)/5\]  loss (\d+\.\d{4}).*  grad ([\d.e+-]+)'
    logged = [
        (int(epoch), 5 * (int(epoch) - 1) + int(done), loss, grad)
        for epoch, done, loss, grad in re.findall(line, stream.getvalue())
    ]
    steps = [2, 4, 5, 7, 9, 10, 12, 14, 15, 17, 19, 20]
    assert [(row[0], row[1]) for row in logged] == [((step - 1) // 5 + 1, step) for step in steps]
    rows = read_scalars(tmp_path / 'run' / 'scalars.csv')
    written = {name: [row.value for row in rows if row.name == name] for name in ('loss', 'grad_norm')}
    assert [(row.epoch, row.iter) for row in rows if row.name == 'loss'] == [row[:2] for row in logged]
    assert [f'{value:.4f}' for value in written['loss']] == [row[2] for row in logged]
    assert [f'{value:.3g}' for value in written['grad_norm']] == [row[3] for row in logged]
    assert [row for row in told if row[1] is not None] == list(zip(steps, *written.values(), strict=True))
    assert [(row.epoch, row.iter) for row in rows if row.name == 'mAP50'] == [(1, 5), (2, 10), (3, 15), (4, 20)]
