"""The total batch is made up exactly, or the nearest values are named."""

import re

import pytest
from mmengine.config import Config

from custom_modules.engine.batch import count_in_updates, share_out_batch
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
        pytest.param(8, 3, None, 2, ['total_batch_size=6', 'batch_size=4'], id='named-and-wrong'),
        pytest.param(2, None, None, 4, ['total_batch_size=4', '1 or 2 rank(s)'], id='more-cards-than-pictures'),
        pytest.param(None, None, None, 1, ['total_batch_size is missing'], id='missing'),
        pytest.param('abc', None, None, 1, ["total_batch_size is 'abc'"], id='text'),
        pytest.param(8, None, 0, 1, ['accumulative_counts is 0', 'from 1 on'], id='no-steps'),
        pytest.param(8, -2, None, 1, ['train_dataloader.batch_size is -2'], id='negative'),
    ],
)
def test_impossible_shares_name_the_nearest(total, per_rank, steps, ranks, named):
    with pytest.raises(UserError) as error:
        share_out_batch(config(total, per_rank, steps), ranks)
    assert all(text in str(error.value) for text in named)
    assert '\n' not in str(error.value)


@pytest.mark.parametrize(
    ('total', 'per_rank', 'steps', 'ranks', 'expected'),
    [
        pytest.param(
            16,
            2,
            None,
            1,
            {('accumulative_counts', 8), ('batch_size', 16), ('rank(s)', 8), ('total_batch_size', 2)},
            id='smaller-on-one-card',
        ),
        pytest.param(16, 32, None, 1, {('batch_size', 16), ('total_batch_size', 32)}, id='larger-on-one-card'),
        pytest.param(8, 3, None, 2, {('batch_size', 4), ('total_batch_size', 6)}, id='no-whole-number-of-it'),
        pytest.param(
            8, None, None, 3, {('rank(s)', 2), ('rank(s)', 4), ('total_batch_size', 6), ('total_batch_size', 9)}, id='3'
        ),
        pytest.param(
            8,
            None,
            3,
            1,
            {
                ('accumulative_counts', 2),
                ('accumulative_counts', 4),
                ('total_batch_size', 6),
                ('total_batch_size', 9),
            },
            id='accumulated',
        ),
        pytest.param(5, 2, 3, 4, {('total_batch_size', 24)}, id='nothing-keeps-it'),
    ],
)
def test_every_remedy_is_accepted(total, per_rank, steps, ranks, expected):
    with pytest.raises(UserError) as error:
        share_out_batch(config(total, per_rank, steps), ranks)
    advice = str(error.value).split(';', 1)[1]
    remedies = re.findall(r'(\w+)=(\d+(?: or \d+)*)', advice)
    remedies += [('rank(s)', numbers) for numbers in re.findall(r'(\d+(?: or \d+)*) rank', advice)]
    remedies = {(name, int(number)) for name, numbers in remedies for number in numbers.split(' or ')}
    assert remedies == expected
    for name, number in remedies:
        cfg = config(total, per_rank, steps)
        parts = {'batch_size': cfg.train_dataloader, 'accumulative_counts': cfg.optim_wrapper, 'total_batch_size': cfg}
        if name in parts:
            parts[name][name] = number
        share_out_batch(cfg, number if name == 'rank(s)' else ranks)


@pytest.mark.parametrize('section', ['train_dataloader', 'optim_wrapper'])
def test_a_missing_section_is_named(section):
    cfg = config(8)
    cfg.pop(section)
    with pytest.raises(UserError, match=f'{section} is missing'):
        share_out_batch(cfg, 1)


@pytest.mark.parametrize(
    ('schedule', 'expected'),
    [
        pytest.param(
            {'by_epoch': False, 'begin': 0, 'end': 30}, {'by_epoch': False, 'begin': 0, 'end': 60}, id='warm-up'
        ),
        pytest.param(
            {'by_epoch': False, 'milestones': [5, 8]}, {'by_epoch': False, 'milestones': [10, 16]}, id='steps'
        ),
        pytest.param({'by_epoch': True, 'T_max': 16}, {'by_epoch': True, 'T_max': 16}, id='by-epoch'),
        pytest.param({'by_epoch': False, 'periods': [4, 6]}, {'by_epoch': False, 'periods': [8, 12]}, id='cycles'),
        pytest.param({'T_max': 16}, {'T_max': 16}, id='by-epoch-is-the-default'),
    ],
)
def test_schedules_by_iteration_count_updates(schedule, expected):
    assert count_in_updates(schedule, 2) == expected
