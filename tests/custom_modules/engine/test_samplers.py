"""Samplers that repeat rare classes: counts, lengths, ranks, and passes entered in the middle."""

import math
import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mmdet.datasets import MultiImageMixDataset
from mmengine.dataset import ConcatDataset
from torch.utils.data import DataLoader, Dataset

from custom_modules.datasets.picture_classes import classes_per_picture
from custom_modules.datasets.trash_det_dataset import TrashDetDataset
from custom_modules.engine import (
    ResumableClassAwareSampler,
    ResumableRepeatFactorSampler,
    ResumableSampler,
    class_aware_sampler,
    repeat_factor_sampler,
)
from custom_modules.engine.class_aware_sampler import pictures_by_class
from custom_modules.engine.repeat_factor_sampler import chances, class_name, repeat_factors, systematic_draw
from custom_modules.engine.seeding import SeededDataset
from custom_modules.utils import UserError


class Labelled(Dataset):
    """Pictures that are nothing but their classes."""

    def __init__(self, labels):
        self.labels = labels
        self.metainfo = {'classes': ('Paper', 'Glass', 'Battery')}

    def __len__(self):
        return len(self.labels)

    def get_cat_ids(self, idx):
        return list(self.labels[idx])

    def full_init(self):
        """Nothing to load."""


class Bare(Dataset):
    """A data set that knows no classes."""

    def __len__(self):
        return 3


# Paper on all eight pictures, Glass on two, Battery on one.
EIGHT = Labelled([{0}] * 6 + [{0, 1}, {0, 1, 2}])
label_lists = st.lists(st.frozensets(st.integers(0, 5), max_size=3), min_size=1, max_size=60)


def counts(sampler, epoch=0):
    """How often each picture comes in a pass, on one rank."""
    sampler.set_epoch(epoch)
    return np.bincount(list(sampler), minlength=len(sampler.dataset))


@pytest.mark.fast
def test_factors_are_those_of_the_paper():
    """Threshold 1/2: Glass sqrt(1/2 / 1/4) = 1.4142, Battery sqrt(1/2 / 1/8) = 2, Paper 1; the rarest class counts."""
    factors = repeat_factors(classes_per_picture(EIGHT), 0.5)
    np.testing.assert_allclose(factors, [1] * 6 + [2**0.5, 2], atol=1e-6)


@pytest.mark.fast
def test_a_picture_without_objects_comes_once():
    assert repeat_factors([frozenset(), frozenset({0})], 1.0).tolist() == [1, 1.414214]


@pytest.mark.fast
@pytest.mark.parametrize(
    ('factors', 'expected'),
    [
        pytest.param([1, 2, 3], [0, 0, 0], id='whole factors: nothing is left to chance'),
        pytest.param([1.5, 1.5, 2], [0.5, 0.5, 0], id='fractions that add up to 1 stay'),
        pytest.param([1.5, 1.75], [0.4, 0.6], id='1.25 becomes 1: times 0.8'),
        pytest.param([1.5, 2.25], [0.6, 0.4], id='0.75 becomes 1: what lacks to 1 times 0.8'),
    ],
)
def test_chances_add_up_to_a_whole_number(factors, expected):
    np.testing.assert_allclose(chances(np.array(factors)), expected)


@pytest.mark.fast
@pytest.mark.parametrize(
    ('start', 'drawn'),
    [
        pytest.param(0.0, [1, 0, 1, 0], id='points 0, 1'),
        pytest.param(0.5, [0, 1, 0, 1], id='points 0.5, 1.5'),
        pytest.param(0.3, [1, 0, 1, 0], id='points 0.3, 1.3'),
    ],
)
def test_systematic_draw(start, drawn):
    """Chances 0.4, 0.6, 0.4, 0.6 cover [0, 0.4), [0.4, 1), [1, 1.4), [1.4, 2)."""
    assert systematic_draw(np.array([0.4, 0.6, 0.4, 0.6]), start).tolist() == drawn


@settings(max_examples=60, deadline=None)
@given(labels=label_lists, threshold=st.floats(0.01, 1), seed=st.integers(0, 9), epoch=st.integers(0, 50))
def test_each_picture_comes_floor_or_ceil_of_its_factor_times(labels, threshold, seed, epoch):
    sampler = ResumableRepeatFactorSampler(Labelled(labels), threshold=threshold, seed=seed)
    came = counts(sampler, epoch)
    assert (came >= np.floor(sampler.factors)).all() and (came <= np.ceil(sampler.factors)).all()
    assert came.sum() == len(sampler)
    assert abs(len(sampler) - sampler.factors.sum()) <= 0.5 + 1e-9


@pytest.mark.fast
def test_over_many_epochs_each_picture_comes_factor_times():
    generator = np.random.default_rng(0)
    labels = [set(np.flatnonzero(generator.random(4) < [0.6, 0.2, 0.05, 0.02]).tolist()) for _ in range(200)]
    sampler = ResumableRepeatFactorSampler(Labelled(labels), threshold=0.3, seed=1)
    mean = sum(counts(sampler, epoch) for epoch in range(400)) / 400
    # Standard deviation of a mean of 400 draws: at most 0.025; four of it, and what rounding the total moves.
    assert np.abs(mean - sampler.factors).max() < 0.1 + 0.5 / 200
    assert np.abs(mean - sampler.factors).mean() < 0.02


def make(kind, labels, seed=3):
    """A sampler of each kind over the same pictures."""
    return {
        'plain': lambda: ResumableSampler(Labelled(labels), seed=seed),
        'repeat factor': lambda: ResumableRepeatFactorSampler(Labelled(labels), threshold=0.5, seed=seed),
        'class aware': lambda: ResumableClassAwareSampler(Labelled(labels), seed=seed),
    }[kind]()


def keys(sampler, epoch, start=0, rank=0, world_size=1):
    """What a rank is dealt: index, epoch, repeat."""
    sampler.rank, sampler.world_size = rank, world_size
    sampler.set_epoch(epoch, start)
    return [(int(key), key.epoch, key.repeat) for key in sampler]


KINDS = pytest.mark.parametrize('kind', ['plain', 'repeat factor', 'class aware'])


@KINDS
@settings(max_examples=30, deadline=None)
@given(data=st.data(), labels=label_lists, world_size=st.integers(1, 5), epoch=st.integers(0, 20))
def test_ranks_share_a_pass_out_and_enter_it_anywhere(kind, data, labels, world_size, epoch):
    labels = [*labels, {0}]
    sampler = make(kind, labels)
    whole = keys(sampler, epoch)
    ranks = [keys(sampler, epoch, rank=rank, world_size=world_size) for rank in range(world_size)]
    dealt = [ranks[position % world_size][position // world_size] for position in range(world_size * len(ranks[0]))]
    assert dealt[: len(whole)] == whole  # as on one rank; the rest fills the last round
    assert len(dealt) - len(whole) < world_size
    assert len(set(dealt)) == len(dealt)  # none with the same random numbers as another
    start = data.draw(st.integers(0, len(ranks[0])))
    assert keys(sampler, epoch, start=start, rank=world_size - 1, world_size=world_size) == ranks[-1][start:]


@pytest.mark.fast
@KINDS
def test_epochs_differ_in_order_and_seeds_too(kind):
    labels = EIGHT.labels
    assert keys(make(kind, labels), 0) == keys(make(kind, labels), 0)
    orders = {tuple(key[0] for key in keys(make(kind, labels, seed), epoch)) for seed in (0, 1) for epoch in (0, 1)}
    assert len(orders) == 4


@pytest.mark.fast
def test_repeats_of_a_picture_are_numbered():
    sampler = ResumableRepeatFactorSampler(EIGHT, threshold=0.5)
    assert sorted(key for key in keys(sampler, 0) if key[0] == 7) == [(7, 0, 0), (7, 0, 1)]


class Drawn(Labelled):
    """Gives each picture's number and what its augmentation would draw."""

    def __getitem__(self, index):
        return int(index), random.random()


def batches(*, start, num_workers):
    """The batches of two of the third epoch, from one of them on; picture 7 comes twice in an epoch of nine."""
    dataset = SeededDataset(Drawn(EIGHT.labels), seed=4)
    sampler = ResumableRepeatFactorSampler(dataset, threshold=0.5, seed=4)
    loader = DataLoader(dataset, batch_size=2, sampler=sampler, num_workers=num_workers, collate_fn=list)
    assert len(loader) == 5
    sampler.set_epoch(2, 2 * start)
    return list(loader)


@pytest.mark.fast
def test_a_longer_epoch_is_entered_in_the_middle_by_other_workers():
    whole = batches(start=0, num_workers=0)
    assert [len(batch) for batch in whole] == [2, 2, 2, 2, 1]
    assert batches(start=2, num_workers=2) == whole[2:]


@pytest.mark.fast
def test_repeats_of_a_picture_are_augmented_differently():
    drawn = [number for batch in batches(start=0, num_workers=0) for index, number in batch if index == 7]
    assert len(set(drawn)) == 2


@pytest.mark.fast
@pytest.mark.parametrize('epoch', range(3))
def test_every_class_is_drawn_equally_often(epoch):
    """Eight samples for three classes: 3, 3 and 2; of a class all pictures come before one comes again."""
    labels = [{0}] * 6 + [{1}, {2}]
    came = counts(ResumableClassAwareSampler(Labelled(labels)), epoch)
    assert sorted([came[:6].sum(), came[6], came[7]]) == [2, 3, 3]
    assert came[:6].max() == 1


@settings(max_examples=60, deadline=None)
@given(labels=label_lists, epoch=st.integers(0, 20), share=st.none() | st.floats(0, 0.9))
def test_class_aware_passes_are_as_long_as_the_data_set(labels, epoch, share):
    labels = [*labels, {0}]
    came = counts(ResumableClassAwareSampler(Labelled(labels), empty_share=share), epoch)
    pictures_of, empty = pictures_by_class([frozenset(found) for found in labels])
    assert came.sum() == len(labels)
    wanted = len(empty) if share is None else round(share * len(labels)) if empty else 0
    assert came[empty].sum() == wanted
    each = (len(labels) - wanted) // len(pictures_of)
    assert all(came[pictures].sum() >= each for pictures in pictures_of.values())


@pytest.fixture(scope='module')
def pictures(synthetic_root):
    """Sixteen pictures with objects of flat frequencies."""
    return TrashDetDataset('train.json', data_root=str(synthetic_root))


@pytest.mark.fast
@pytest.mark.parametrize(
    ('wrap', 'times'),
    [
        pytest.param(lambda data: data, 1, id='bare'),
        pytest.param(lambda data: SeededDataset(data, seed=0), 1, id='seeded'),
        pytest.param(lambda data: MultiImageMixDataset(data, pipeline=[]), 1, id='mixed'),
        pytest.param(lambda data: SeededDataset(MultiImageMixDataset(data, pipeline=[]), seed=0), 1, id='both'),
        pytest.param(lambda data: ConcatDataset([data, data]), 2, id='two data sets'),
    ],
)
def test_classes_are_found_in_wrapped_data_sets(pictures, wrap, times):
    objects = [
        {instance['bbox_label'] for instance in info['instances']} for info in map(pictures.get_data_info, range(16))
    ]
    assert classes_per_picture(wrap(pictures)) == objects * times
    assert len(set().union(*objects)) == 10


@pytest.mark.fast
def test_factors_are_told_by_the_names_of_a_wrapped_data_set(pictures):
    dataset = SeededDataset(MultiImageMixDataset(pictures, pipeline=[]), seed=0)
    assert class_name(dataset, 2) == 'Paper pack'


@pytest.mark.fast
@pytest.mark.parametrize(
    ('make_sampler', 'message'),
    [
        pytest.param(lambda: ResumableRepeatFactorSampler(EIGHT, threshold=0), 'threshold is 0', id='threshold 0'),
        pytest.param(lambda: ResumableRepeatFactorSampler(EIGHT, threshold=1.5), 'up to 1', id='threshold above 1'),
        pytest.param(
            lambda: ResumableRepeatFactorSampler(EIGHT, threshold=math.nan), 'threshold is nan', id='no number'
        ),
        pytest.param(lambda: ResumableRepeatFactorSampler(Bare(), threshold=0.1), 'Bare does not say', id='no classes'),
        pytest.param(lambda: ResumableClassAwareSampler(EIGHT, empty_share=1), 'below 1', id='only empty pictures'),
        pytest.param(lambda: ResumableClassAwareSampler(Labelled([set()])), 'no picture has objects', id='no objects'),
    ],
)
def test_mistakes(make_sampler, message):
    with pytest.raises(UserError, match=message):
        make_sampler()


@pytest.mark.fast
@pytest.mark.parametrize(
    ('make_sampler', 'message'),
    [
        pytest.param(
            lambda: ResumableRepeatFactorSampler(EIGHT, threshold=0.5),
            '9 samples an epoch of 8 pictures; Glass x 1.41, Battery x 2.00',
            id='factors are told',
        ),
        pytest.param(lambda: ResumableRepeatFactorSampler(EIGHT, threshold=0.1), 'repeats nothing', id='low threshold'),
        pytest.param(lambda: ResumableClassAwareSampler(EIGHT), '2.7 samples an epoch for each of 3', id='class aware'),
        pytest.param(lambda: ResumableClassAwareSampler(EIGHT, empty_share=0.1), 'has no effect', id='no empty ones'),
    ],
)
def test_what_is_told(make_sampler, message, monkeypatch):
    told = []
    for module in (repeat_factor_sampler, class_aware_sampler):
        monkeypatch.setattr(module, 'print_log', lambda text, **options: told.append(text))
    make_sampler()
    assert message in ' '.join(told)


@pytest.mark.fast
def test_repr_tells_compositions_apart():
    texts = Counter(map(repr, [make('plain', [{0}]), make('repeat factor', [{0}]), make('class aware', [{0}])]))
    assert set(texts) == {
        'ResumableSampler(shuffle=True)',
        'ResumableRepeatFactorSampler(threshold=0.5)',
        'ResumableClassAwareSampler(empty_share=0)',
    }
