"""A config that a data set cannot be put into is told so in one line."""

import pytest
from mmengine.config import Config

from custom_modules.engine.data import use_data
from custom_modules.utils import UserError

pytestmark = pytest.mark.fast


def config(**changes) -> Config:
    dataset = {'type': 'TrashDetDataset', 'ann_file': 'train.json', 'pipeline': []}
    loaders = {f'{split}_dataloader': {'dataset': dict(dataset)} for split in ('train', 'val', 'test')}
    return Config({**loaders, 'val_evaluator': {'type': 'TrashCocoMetric'}, **changes})


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        pytest.param({}, 'names no data_root; give --data-root', id='no-root'),
        pytest.param({'train_dataloader': {'dataset': {'type': 'RepeatDataset'}}}, 'is a RepeatDataset', id='wrapper'),
        pytest.param({'val_dataloader': None}, 'val_dataloader.dataset is missing.*detection.py', id='no-loader'),
        pytest.param({'val_evaluator': None}, 'val_evaluator is missing.*detection.py', id='no-evaluator'),
    ],
)
def test_configs_without_a_place_for_the_data(changes, message):
    with pytest.raises(UserError, match=message):
        use_data(config(**changes))
