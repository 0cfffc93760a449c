"""Random numbers that depend on (seed, epoch, index, repeat) and nothing else."""

import pickle
import random

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from custom_modules.engine.sampler import ResumableSampler
from custom_modules.engine.seeding import (
    SampleKey,
    SeededDataset,
    random_numbers_of,
    random_state,
    restore_random_state,
)


class Draws(Dataset):
    """Gives, for each sample, one number of each generator."""

    def __len__(self) -> int:
        return 10

    def __getitem__(self, index: int) -> tuple:
        return int(index), random.random(), float(np.random.rand()), float(torch.rand(()))


def epoch_of_draws(*, num_workers: int, epoch: int, start: int = 0) -> list[tuple]:
    dataset = SeededDataset(Draws(), seed=7)
    sampler = ResumableSampler(dataset, seed=7)
    sampler.set_epoch(epoch, start)
    loader = DataLoader(dataset, batch_size=3, sampler=sampler, num_workers=num_workers, collate_fn=list)
    return [sample for batch in loader for sample in batch]


@pytest.mark.fast
@pytest.mark.parametrize('num_workers', [1, 2], ids=['one-worker', 'two-workers'])
def test_draws_do_not_depend_on_workers(num_workers):
    assert epoch_of_draws(num_workers=num_workers, epoch=1) == epoch_of_draws(num_workers=0, epoch=1)


@pytest.mark.fast
def test_draws_differ_between_epochs_and_between_repeats():
    first = {sample[0]: sample[1:] for sample in epoch_of_draws(num_workers=0, epoch=0)}
    second = {sample[0]: sample[1:] for sample in epoch_of_draws(num_workers=0, epoch=1)}
    assert all(first[index] != second[index] for index in range(10))
    dataset = SeededDataset(Draws(), seed=7)
    assert dataset[SampleKey(4, 0, 0)] != dataset[SampleKey(4, 0, 1)]


@pytest.mark.fast
def test_a_pass_entered_in_the_middle_goes_on_as_if_it_had_not_been_left():
    assert epoch_of_draws(num_workers=0, epoch=2, start=6) == epoch_of_draws(num_workers=0, epoch=2)[6:]


@pytest.mark.fast
@pytest.mark.parametrize('world_size', [1, 2, 4])
def test_global_batches_do_not_depend_on_the_number_of_ranks(world_size):
    """Batches of 4 over all ranks: 10 samples make batches {0-3}, {4-7}, {8, 9 and the first two again}."""
    whole = list(ResumableSampler(Draws(), seed=5))
    ranks = []
    for rank in range(world_size):
        sampler = ResumableSampler(Draws(), seed=5)
        sampler.rank, sampler.world_size = rank, world_size
        ranks.append(list(sampler))
    per_rank = 4 // world_size
    for batch in range(2):
        dealt = {int(key) for keys in ranks for key in keys[batch * per_rank : (batch + 1) * per_rank]}
        assert dealt == {int(key) for key in whole[4 * batch : 4 * batch + 4]}


@pytest.mark.fast
def test_the_filled_up_end_of_a_pass_counts_as_a_repeat():
    sampler = ResumableSampler(Draws(), seed=5)
    sampler.rank, sampler.world_size = 3, 4  # 10 samples for 4 ranks: the last round lacks two
    assert [key.repeat for key in sampler] == [0, 0, 1]


@pytest.mark.fast
def test_key_survives_pickling():
    key = pickle.loads(pickle.dumps(SampleKey(3, 4, 5)))
    assert (key, key.epoch, key.repeat) == (3, 4, 5)


@pytest.mark.fast
def test_block_leaves_the_callers_random_state_alone():
    before = random_state()
    with random_numbers_of(1, 2, 3):
        random.random(), np.random.rand(), torch.rand(3)
    after = random_state()
    assert before['python'] == after['python']
    assert torch.equal(before['numpy'][1], after['numpy'][1]) and before['numpy'][2] == after['numpy'][2]
    assert torch.equal(before['torch'], after['torch'])


@pytest.mark.fast
def test_random_state_survives_a_file(tmp_path):
    random.seed(1), np.random.seed(2), torch.manual_seed(3)
    random.gauss(0, 1), np.random.randn()  # both keep a second number back
    torch.save(random_state(), tmp_path / 'state.pth')
    expected = random.gauss(0, 1), np.random.randn(), torch.rand(2).tolist()
    restore_random_state(torch.load(tmp_path / 'state.pth', weights_only=True))
    assert (random.gauss(0, 1), np.random.randn(), torch.rand(2).tolist()) == expected
