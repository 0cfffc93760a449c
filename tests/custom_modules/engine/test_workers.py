"""Loaders have no more workers than there are cores for them."""

import pytest
from mmengine.config import Config

from custom_modules.engine import workers
from custom_modules.engine.workers import limit_workers, usable_cores

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ('cores', 'ranks', 'asked', 'expected', 'line'),
    [
        pytest.param(8, 1, (4, 4), (4, 4), '', id='enough'),
        pytest.param(4, 1, (4, 4), (4, 4), '', id='just-enough'),
        pytest.param(2, 1, (4, 1), (2, 1), 'workers: 2 a loader, not 4, for 2 usable core(s)', id='few-cores'),
        pytest.param(8, 4, (4, 3), (2, 2), 'workers: 2 a loader, not 4, for 8 usable core(s) and 4 rank', id='ranks'),
        pytest.param(2, 4, (4, 4), (1, 1), 'workers: 1 a loader, not 4', id='more-ranks-than-cores'),
        pytest.param(2, 4, (0, 0), (0, 0), '', id='none-asked'),
        pytest.param(2, 1, ('x', 2), ('x', 2), '', id='left-to-torch-to-refuse'),
    ],
)
def test_workers_are_limited_and_told_once(monkeypatch, cores, ranks, asked, expected, line):
    monkeypatch.setattr(workers, 'usable_cores', lambda: cores)
    monkeypatch.setattr(workers, 'num_ranks', lambda: ranks)
    monkeypatch.setenv('LOCAL_WORLD_SIZE', str(ranks))
    cfg = Config({'train_dataloader': {'num_workers': asked[0]}, 'val_dataloader': {'num_workers': asked[1]}})
    told = limit_workers(cfg)
    assert (cfg.train_dataloader.num_workers, cfg.val_dataloader.num_workers) == expected
    assert [text.startswith(line) for text in told] == [True] * bool(line)


def test_a_variable_without_a_group_means_nothing(monkeypatch):
    monkeypatch.setenv('LOCAL_WORLD_SIZE', '10000')
    cfg = Config({'train_dataloader': {'num_workers': usable_cores()}, 'val_dataloader': None})
    assert limit_workers(cfg) == []
