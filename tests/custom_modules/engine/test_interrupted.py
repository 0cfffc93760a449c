"""A training that was killed and resumed ends like one that never was, to the bit, whatever it carries along."""

import json

import pytest
import torch

from custom_modules.utils import UserError

WARM_UP = {'type': 'LinearLR', 'start_factor': 0.1, 'by_epoch': False, 'begin': 0, 'end': 4}
ADAMP = {'optimizer': {'type': 'AdamP', 'lr': 0.01, 'weight_decay': 0.05}}
EMA = [{'type': 'TrashEMAHook', 'momentum': 0.05, 'gamma': 3, 'update_buffers': True}]
PLATEAU = {'type': 'ReduceOnPlateauLR', 'monitor': 'mAP50', 'rule': 'greater', 'factor': 0.5, 'patience': 0}
RESTARTS = {'type': 'CosineAnnealingWarmUpRestarts', 'T_0': 2, 'T_up': 1, 'eta_max': 0.05, 'gamma': 0.5}
EARLY = [{'type': 'TrashEarlyStoppingHook', 'patience': 2}]

CHOICES = {
    'adamp-and-ema': {'optim_wrapper': ADAMP, 'custom_hooks': EMA},
    'ema-accumulating': {'custom_hooks': EMA, 'optim_wrapper': {'accumulative_counts': 2}},
    'plateau': {'param_scheduler': [WARM_UP, PLATEAU]},
    'restarts-by-epoch': {'param_scheduler': [RESTARTS]},
    'restarts-by-iteration': {'param_scheduler': [{**RESTARTS, 'by_epoch': True, 'convert_to_iter_based': True}]},
    'poly': {'param_scheduler': [{'type': 'PolyLR', 'power': 0.9, 'by_epoch': True, 'convert_to_iter_based': True}]},
    'early-stopping': {'custom_hooks': EARLY, 'val_evaluator': {'constant': 0.25}},
}
KILLS = {
    'inside': ('before_train_iter', 14),
    'after-validation': ('before_train_epoch', 3),  # with nothing saved since the validation
    'in-validation': ('before_val_epoch', 3),
}
QUICK = {('adamp-and-ema', 'inside'), ('plateau', 'after-validation'), ('restarts-by-iteration', 'inside')}
QUICK |= {('early-stopping', 'after-validation'), ('ema-accumulating', 'in-validation')}
CASES = [
    pytest.param(
        CHOICES[choice], kill, id=f'{choice}-{name}', marks=[] if (choice, name) in QUICK else pytest.mark.slow
    )
    for choice in CHOICES
    for name, kill in KILLS.items()
]


def state(folder) -> dict:
    return torch.load(folder / 'last.pth', weights_only=True)


def assert_same(one, other, place: str = '') -> None:
    if isinstance(one, dict):
        assert list(one) == list(other), place
        for key in one:
            assert_same(one[key], other[key], f'{place}.{key}')
    elif isinstance(one, list):
        assert len(one) == len(other), place
        for index, parts in enumerate(zip(one, other, strict=True)):
            assert_same(*parts, f'{place}[{index}]')
    elif isinstance(one, torch.Tensor):
        assert torch.equal(one, other), place
    else:
        assert one == other, place


@pytest.mark.parametrize(('changes', 'kill'), CASES)
def test_killed_and_resumed_equals_never_stopped(toy_runner, killed, tmp_path, changes, kill):
    toy_runner('whole', **changes).train()
    try:
        toy_runner('cut', kill=kill, **changes).train()
    except killed:
        toy_runner('cut', resume=True, **changes).train()
    else:
        assert 'val_evaluator' in changes  # early stopping had come to its end
    for part in ('state_dict', 'ema_state_dict', 'optimizer', 'param_schedulers', 'early_stopping'):
        whole, cut = state(tmp_path / 'whole'), state(tmp_path / 'cut')
        assert_same(whole.get(part), cut.get(part), part)
    best = [torch.load(tmp_path / name / 'best.pth', weights_only=True) for name in ('whole', 'cut')]
    assert_same(best[0]['state_dict'], best[1]['state_dict'], 'best')
    lines = [(tmp_path / name / 'scalars.csv').read_text() for name in ('whole', 'cut')]
    assert lines[0] == lines[1]
    assert_same(*(json.loads((tmp_path / name / 'state.json').read_text()) for name in ('whole', 'cut')), 'state')


def test_another_optimizer_does_not_go_on_with_the_state_of_the_first(toy_runner):
    toy_runner(train_cfg={'max_epochs': 1}).train()
    with pytest.raises(UserError, match='was trained with optimizer AdamW, here it is AdamP; resume with the same'):
        toy_runner(resume=True, optim_wrapper=ADAMP).train()
