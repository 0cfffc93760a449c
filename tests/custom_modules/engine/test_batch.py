"""The total batch is made up exactly, or the nearest values are named."""

import pytest
from mmengine.config import Config

from custom_modules.engine.batch import share_out_batch
from custom_modules.utils import UserError

pytestmark = pytest.mark.fast


def config(total: int | None, per_rank: int | None = None, steps: int | None = None) -> Config:
    loader = {} if per_rank is None else {'batch_size': per_rank}
    wrapper = {} if steps is None else {'accumulative_counts': steps}
    return Config({'total_batch_size': total, 'train_dataloader': loader, 'optim_wrapper': wrapper})


@pytest.mark.parametrize(
    ('total', 'per_rank', 'steps', 'ranks', 'expected'),
    [
        pytest.param(8, None, None, 1, (8, 1), id='one-card'),
        pytest.param(8, None, None, 4, (2, 1), id='four-cards'),
        pytest.param(8, None, 4, 2, (1, 4), id='accumulated'),
        pytest.param(8, 4, None, 2, (4, 1), id='named-and-right'),
    ],
)
def test_shares(total, per_rank, steps, ranks, expected):
    cfg = config(total, per_rank, steps)
    share_out_batch(cfg, ranks)
    assert (cfg.train_dataloader.batch_size, cfg.optim_wrapper.accumulative_counts) == expected


@pytest.mark.parametrize(
    ('total', 'per_rank', 'steps', 'ranks', 'named'),
    [
        pytest.param(8, None, None, 3, ['total_batch_size=6 or 9', '2 or 4 rank(s)'], id='three-cards'),
        pytest.param(8, 3, None, 2, ['total_batch_size=6 or 12', 'batch_size=4'], id='named-and-wrong'),
        pytest.param(2, None, None, 4, ['total_batch_size=4', '1 or 2 rank(s)'], id='more-cards-than-pictures'),
        pytest.param(None, None, None, 1, ['total_batch_size is missing'], id='missing'),
    ],
)
def test_impossible_shares_name_the_nearest(total, per_rank, steps, ranks, named):
    with pytest.raises(UserError) as error:
        share_out_batch(config(total, per_rank, steps), ranks)
    assert all(text in str(error.value) for text in named)
    assert '\n' not in str(error.value)
