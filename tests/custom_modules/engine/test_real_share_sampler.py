"""Pictures with real labels keep their share of an epoch."""

import json

import pytest
import torch
from torch.utils.data import ConcatDataset

from custom_modules.datasets.trash_det_dataset import TrashDetDataset
from custom_modules.engine import ResumableRealShareSampler
from custom_modules.engine.seeding import SeededDataset
from custom_modules.utils import UserError


class Pictures:
    """Some real pictures, then pseudo-labelled ones."""

    def __init__(self, real: int, pseudo: int) -> None:
        self.kinds = [False] * real + [True] * pseudo

    def __len__(self) -> int:
        return len(self.kinds)

    def get_data_info(self, index: int) -> dict:
        return {'is_pseudo': True} if self.kinds[index] else {}


def drawn(sampler: ResumableRealShareSampler, epoch: int = 0) -> list[int]:
    sampler.set_epoch(epoch)
    return [int(key) for key in sampler]


@pytest.mark.parametrize(
    ('real', 'pseudo', 'share', 'times'),
    [
        pytest.param(2, 8, 0.5, 5, id='few real ones come several times'),
        pytest.param(8, 2, 0.5, 5, id='few pseudo ones do'),
        pytest.param(3, 7, 0.3, 3, id='the share they have'),
    ],
)
def test_shares(real, pseudo, share, times):
    indices = drawn(ResumableRealShareSampler(Pictures(real, pseudo), real_share=share))
    assert len(indices) == real + pseudo
    of_real = [index for index in indices if index < real]
    assert len(of_real) == times
    for kind in (of_real, [index for index in indices if index >= real]):
        counts = [kind.count(index) for index in set(kind)]
        assert max(counts) - min(counts) <= 1  # all come before one comes again


def test_epochs_differ_and_seeds_repeat():
    sampler = ResumableRealShareSampler(Pictures(4, 12), real_share=0.5, seed=1)
    again = ResumableRealShareSampler(Pictures(4, 12), real_share=0.5, seed=1)
    assert drawn(sampler) == drawn(again) != drawn(sampler, epoch=1)
    assert repr(sampler) == 'ResumableRealShareSampler(real_share=0.5)'


@pytest.mark.parametrize('wrap', [lambda data: SeededDataset(data, seed=0), lambda data: ConcatDataset([data, data])])
def test_kinds_come_from_the_json_of_pseudo_labels(synthetic_root, tmp_path, wrap):
    content = json.loads((synthetic_root / 'train.json').read_text())
    for image in content['images'][4:]:
        image['source'] = {'pseudo': 1, 'image_id': 7}
    (tmp_path / 'train.json').write_text(json.dumps(content))
    data = TrashDetDataset(str(tmp_path / 'train.json'), data_root=str(synthetic_root))
    sampler = ResumableRealShareSampler(wrap(data), real_share=0.5)
    assert (sampler.real[:4], sampler.pseudo[:12]) == ([0, 1, 2, 3], list(range(4, 16)))
    assert len(sampler) == len(sampler.real) + len(sampler.pseudo)
    assert torch.tensor(drawn(sampler)).max() < len(sampler)


@pytest.mark.parametrize(
    ('real', 'pseudo', 'share', 'message'),
    [
        (2, 2, 0, 'real_share is 0'),
        (2, 2, 1, 'above 0 and below 1'),
        (3, 0, 0.5, 'no picture has pseudo labels; train on a json of tools/pseudo_label.py'),
        (0, 3, 0.5, 'no picture has real labels'),
    ],
)
def test_mistakes(real, pseudo, share, message):
    with pytest.raises(UserError, match=message):
        ResumableRealShareSampler(Pictures(real, pseudo), real_share=share)
