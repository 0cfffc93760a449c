"""A training that gains nothing ends in the ordinary way and says why."""

import pytest

from custom_modules.engine.hooks import TrashEarlyStoppingHook
from custom_modules.utils import UserError

EARLY = {'type': 'TrashEarlyStoppingHook', 'patience': 2}
LEVEL = {'constant': 0.25}


@pytest.mark.fast
@pytest.mark.parametrize(
    ('scores', 'stops_at'),
    [
        pytest.param([0.1, 0.2, 0.3, 0.4], None, id='rises'),
        pytest.param([0.1, 0.1, 0.1, 0.4], 3, id='level'),
        pytest.param([0.1, 0.105, 0.109, 0.4], 3, id='too-little'),
        pytest.param([0.1, 0.09, 0.2, 0.1, 0.1], 5, id='rises-in-between'),
        pytest.param([0.1, float('nan')], 2, id='no-number'),
    ],
)
def test_when_it_ends(scores, stops_at):
    hook = TrashEarlyStoppingHook(patience=2, min_delta=0.01)
    decisions = [hook._check_stop_condition(score)[0] for score in scores]
    assert decisions.index(True) + 1 == stops_at if stops_at else not any(decisions)


def test_it_ends_in_the_ordinary_way_and_stays_ended(toy_runner, capfd):
    for resume in (False, True):
        runner = toy_runner(resume=resume, custom_hooks=[EARLY], val_evaluator=LEVEL)
        runner.train()
        assert runner.epoch == 3
        said = 'stopped early: mAP50 has not risen by 0.001 in 2 validations (best 0.2500); the best weights are in'
        assert ''.join(capfd.readouterr()).count(said) == 1


def test_a_score_that_is_not_there_is_named(toy_runner):
    runner = toy_runner(custom_hooks=[{**EARLY, 'monitor': 'mAP_50'}])
    with pytest.raises(UserError, match="monitor is 'mAP_50'; the scores are mAP50, mAP"):
        runner.train()
