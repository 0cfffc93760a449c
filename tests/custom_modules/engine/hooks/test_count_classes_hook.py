"""Pictures of each class, counted where the training begins."""

from types import SimpleNamespace

import pytest
import torch
from torch.utils.data import ConcatDataset

from custom_modules.datasets.trash_seg_dataset import TrashSegDataset
from custom_modules.engine.hooks import CountClassesHook
from custom_modules.engine.hooks.count_classes_hook import count_pictures
from custom_modules.losses.pixels import ClassBalancedLoss
from custom_modules.utils import UserError

pytestmark = pytest.mark.fast


class Pictures(torch.utils.data.Dataset):
    def __init__(self, labels: list[list[int]], classes: tuple[str, ...]) -> None:
        self.labels, self.metainfo = labels, {'classes': classes}

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> int:
        return index

    def get_cat_ids(self, index: int) -> list[int]:
        return self.labels[index]


def runner_of(dataset, *losses) -> SimpleNamespace:
    return SimpleNamespace(model=torch.nn.ModuleList(losses), train_dataloader=SimpleNamespace(dataset=dataset))


def test_each_picture_counts_once_for_each_class():
    """Two bottles on the first picture, none on the last."""
    dataset = Pictures([[1, 1], [1, 2], [2], []], ('Background', 'bottle', 'can', 'bag'))
    assert count_pictures(dataset, dataset.metainfo['classes']) == [4, 2, 2, 0]


def test_without_background():
    dataset = Pictures([[0, 1], [1]], ('road', 'car'))
    assert count_pictures(dataset, dataset.metainfo['classes']) == [1, 2]
    several = ConcatDataset([dataset, dataset])
    assert count_pictures(several, dataset.metainfo['classes']) == [2, 4]


def test_losses_are_told_and_others_left_alone():
    loss = ClassBalancedLoss(beta=0.5)
    dataset = Pictures([[1], []], ('Background', 'bottle'))
    CountClassesHook().before_train(runner_of(dataset, torch.nn.Linear(2, 2), loss))
    assert loss.class_weight == pytest.approx([0.8, 1.2])  # 2 and 1 pictures: effectively 1.5 and 1


def test_nothing_to_count():
    CountClassesHook().before_train(runner_of(object(), torch.nn.Linear(2, 2)))  # no loss asks
    dataset = SimpleNamespace(metainfo={'classes': ('a', 'b')})
    with pytest.raises(UserError, match='does not say which classes a picture shows'):
        CountClassesHook().before_train(runner_of(dataset, ClassBalancedLoss()))


def test_a_trash_set(synthetic_root):
    dataset = TrashSegDataset(data_root=str(synthetic_root), ann_file='train.json')
    counts = count_pictures(dataset, dataset.metainfo['classes'])
    assert counts[0] == len(dataset) == 16 and len(counts) == len(dataset.metainfo['classes'])
    assert max(counts[1:]) <= 16 and sum(counts[1:]) > 0
