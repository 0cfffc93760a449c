"""What a run has otherwise than its base."""

import pytest

from custom_modules.leaderboard import config_differences

pytestmark = pytest.mark.fast

HEADS = {'model': {'heads': [{'type': 'Box', 'loss': 'DIoU'}, {'type': 'Box', 'loss': 'DIoU'}]}}


def with_losses(*names: str) -> dict:
    return {'model': {'heads': [{'type': 'Box', 'loss': name} for name in names]}}


PIPELINE = {'pipeline': [{'type': 'Load'}, {'type': 'Resize', 'scale': (9, 9)}]}


@pytest.mark.parametrize(
    ('run', 'base', 'expected'),
    [
        pytest.param(HEADS, HEADS, [], id='nothing'),
        pytest.param(with_losses('GIoU', 'GIoU'), HEADS, ['model.heads.*.loss=GIoU'], id='alike-in-all-positions'),
        pytest.param(with_losses('GIoU', 'DIoU'), HEADS, ['model.heads.0.loss=GIoU'], id='in-one-position'),
        pytest.param(
            with_losses('GIoU', 'CIoU'),
            HEADS,
            ['model.heads.0.loss=GIoU', 'model.heads.1.loss=CIoU'],
            id='otherwise-in-each-position',
        ),
        pytest.param(
            {'pipeline': [*PIPELINE['pipeline'], {'type': 'Crop', 'size': 5}]},
            PIPELINE,
            ['pipeline=[Load, Resize, Crop]'],
            id='longer-list',
        ),
        pytest.param(
            {'pipeline': [{'type': 'Load'}, {'type': 'Resize', 'scale': [8, 8]}]},
            PIPELINE,
            ['pipeline.1.scale=[8, 8]'],
            id='inside-a-list',
        ),
        pytest.param({'a': (1, 2)}, {'a': [1, 2]}, [], id='tuple-or-list'),
        pytest.param({}, {'a': 1}, ['a=-'], id='missing-in-the-run'),
        pytest.param({'load_from': None}, {}, [], id='nothing-said-and-none'),
        pytest.param({'load_from': '/x/y/best.pth'}, {}, ['load_from=best.pth'], id='a-checkpoint-is-its-name'),
        pytest.param({'neck': {'type': 'BiFPN', 'n': 3}}, {'neck': None}, ['neck=BiFPN'], id='new-part'),
        pytest.param({'z': 1, 'model': {'a': 1}}, {}, ['model={a}', 'z=1'], id='the-model-first'),
        pytest.param(
            {
                'work_dir': 'x',
                'launcher': 'none',
                'train_dataloader': {'batch_size': 8, 'dataset': {'ann_file': '/a', 'data_root': '/b'}},
                'model': {'head': {'num_classes': 10}},
                'optim_wrapper': {'accumulative_counts': 1},
            },
            {'train_dataloader': {'dataset': {'ann_file': 'a'}}, 'model': {'head': {'num_classes': 80}}},
            ['optim_wrapper={accumulative_counts}'],
            id='filled-in-by-tools',
        ),
    ],
)
def test_differences(run, base, expected):
    assert [str(one) for one in config_differences(run, base)] == expected
