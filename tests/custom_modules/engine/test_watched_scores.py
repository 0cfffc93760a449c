"""A misspelt score is told before training, not by an error or a missing best.pth after its first epoch."""

from types import SimpleNamespace

import pytest

from custom_modules.engine.hooks import SafeCheckpointHook, TrashEarlyStoppingHook
from custom_modules.engine.watched_scores import check_watched_scores
from custom_modules.evaluation.trash_coco_metric import TrashCocoMetric
from custom_modules.utils import UserError

PLATEAU = {'type': 'ReduceOnPlateauLR', 'rule': 'greater'}


def runner_of(*hooks, prefix: str | None = None) -> SimpleNamespace:
    evaluator = SimpleNamespace(metrics=[TrashCocoMetric(prefix=prefix)])
    return SimpleNamespace(hooks=list(hooks), param_schedulers=None, val_loop=SimpleNamespace(evaluator=evaluator))


@pytest.mark.fast
def test_scores_that_are_there():
    check_watched_scores(runner_of(SafeCheckpointHook(save_best='mAP'), TrashEarlyStoppingHook(monitor='segm_mAP50')))
    check_watched_scores(runner_of(SafeCheckpointHook(save_best='day/mAP50'), prefix='day'))


@pytest.mark.fast
@pytest.mark.parametrize(
    ('hook', 'message'),
    [
        (SafeCheckpointHook(save_best='mAP_50'), "SafeCheckpointHook: save_best is 'mAP_50'; the scores of .* mAP50, "),
        (TrashEarlyStoppingHook(monitor='bbox_mAP'), "TrashEarlyStoppingHook: monitor is 'bbox_mAP'; the scores of"),
    ],
    ids=['best', 'early'],
)
def test_scores_that_are_not(hook, message):
    with pytest.raises(UserError, match=message):
        check_watched_scores(runner_of(hook))


def test_a_schedule_is_checked_before_training(toy_runner, monkeypatch):
    runner = toy_runner(param_scheduler=[{**PLATEAU, 'monitor': 'mAP50'}])
    monkeypatch.setattr(type(runner.val_evaluator.metrics[0]), 'SCORES', ('mAP50', 'mAP'), raising=False)
    runner.build_training()
    with pytest.raises(UserError, match="ReduceOnPlateauLR: monitor is 'mAP_50'; the scores of a validation are mAP50"):
        toy_runner(param_scheduler=[{**PLATEAU, 'monitor': 'mAP_50'}])


def test_training_without_a_validation_is_not_asked(toy_runner):
    toy_runner(val_cfg=None, val_dataloader=None, val_evaluator=None, train_cfg={'max_epochs': 1}).train()
