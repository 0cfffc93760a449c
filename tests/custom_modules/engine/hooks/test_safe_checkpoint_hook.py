"""What is said of the weights that are kept."""

import io

import pytest


@pytest.mark.parametrize(
    ('score', 'said'),
    [
        pytest.param(0.0, 'mAP50 0 in the first validation, kept as best.pth until one is higher', id='nothing-found'),
        pytest.param(0.25, 'best mAP50 so far: 0.250000, kept as best.pth', id='something-found'),
    ],
)
def test_the_first_score_is_told_once(toy_runner, score, said):
    stream = io.StringIO()
    runner = toy_runner(val_evaluator={'type': 'ToyMetric', 'constant': score}, train_cfg={'max_epochs': 2})
    for handler in runner.logger.handlers:
        if type(handler).__name__ == 'StreamHandler':
            handler.setStream(stream)
    runner.train()
    told = [line for line in stream.getvalue().splitlines() if 'best.pth' in line]
    assert [line.endswith(said) for line in told] == [True]
