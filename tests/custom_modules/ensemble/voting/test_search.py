"""The search for a vote on simulated members: what they miss is chance, more or less often."""

import csv
import sys
import types

import numpy as np
import pytest

from custom_modules.datasets import load_coco
from custom_modules.datasets.label_maps import LabelMaps
from custom_modules.ensemble.voting import open_members, vote_labels
from custom_modules.ensemble.voting import pixel_sample as sampling
from custom_modules.ensemble.voting.comparison import Comparing
from custom_modules.ensemble.voting.outcomes import outcomes
from custom_modules.ensemble.voting.params import VoteParams
from custom_modules.ensemble.voting.pixel_sample import draw_sample, level_of
from custom_modules.ensemble.voting.search import search_vote
from custom_modules.evaluation import SegmentationScorer
from custom_modules.utils import UserError

SIDE = 32
ONE = np.ones((1, 12))


class Truth(dict):
    """Label maps by image id."""


@pytest.fixture
def make_election(add_probs, add_ann):
    """Build members that see a block of 8 x 8 pixels right with some probability, and the truth."""

    def build(skills, *, num_images=12, seed=0, sizes=None):
        rng = np.random.default_rng(seed)
        shapes = dict.fromkeys(range(1, num_images + 1), (SIDE, SIDE))
        truth = Truth(
            {number: np.kron(rng.integers(0, 3, (4, 4)), np.ones((8, 8))).astype(np.uint8) for number in shapes}
        )
        paths = []
        for index, skill in enumerate(skills):
            skill = np.broadcast_to(skill, 3)
            labels = {}
            for number, answer in truth.items():
                blocks = answer[::8, ::8]
                right = rng.random(blocks.shape) < skill[blocks]
                seen = np.where(right, blocks, rng.integers(0, 3, blocks.shape))
                labels[number] = np.kron(seen, np.ones((8, 8))).astype(np.uint8)
            step = 2 if sizes == index else 1
            labels = {number: one[::step, ::step] for number, one in labels.items()}
            paths.append(add_probs(f'{index}.probs', labels, share=0.5 + 0.1 * index))
        return open_members(paths, load_coco(add_ann(sizes=shapes), check_images=False)), truth

    return build


def miou_of(electorate, truth, params):
    scorer = SegmentationScorer(electorate.classes)
    for picture in electorate.pictures:
        layers = [member.layer(picture) for member in electorate.members]
        scorer.add(picture.id, vote_labels(layers, picture.size, params.matrix, params.method), truth[picture.id])
    return scorer.result().mIoU


def test_a_sample_of_all_pixels_is_exact(make_election):
    electorate, truth = make_election((0.7, 0.5), sizes=1)
    truth[3][:16] = 255
    sample = draw_sample(electorate, truth, seed=0)
    assert sample.share == 1 and (sample.counts == 1).all() and sample.num_images == 12
    weights = np.array([[1.0, 0.5, 1], [0.7, 1, 0.2]])
    areas = sample.areas(sample.vote(weights, 'soft'))
    params = VoteParams(tuple(electorate.names), electorate.classes, (1.0, 1.0), 'soft', tuple(map(tuple, weights)))
    assert areas.miou(np.ones((1, 12)))[0] == pytest.approx(miou_of(electorate, truth, params), abs=2e-3)
    single = sample.areas(sample.vote(np.array([[1.0, 1, 1], [0, 0, 0]]), 'hard')).miou(ONE)[0]
    alone = VoteParams(tuple(electorate.names), electorate.classes, (1.0, 0.0))
    assert single == pytest.approx(miou_of(electorate, truth, alone), abs=1e-12)


def test_a_sample_of_some_pixels_is_near_and_keeps_what_is_rare(make_election, monkeypatch):
    electorate, truth = make_election((0.7, 0.6, 0.5))
    monkeypatch.setattr(sampling, '_ROW', 256)
    for one in truth.values():
        one[one == 2] = 0
    truth[1][5, 5] = 2
    sample = draw_sample(electorate, truth, seed=0, num_bytes=9 * 12 * 300)
    assert 0.2 < sample.share <= 0.31
    rare = sample.truth == 2
    assert rare.sum() == 1 and sample.counts[rare].tolist() == [1]
    true = [[int((one == label).sum()) for label in range(3)] for one in truth.values()]
    areas = sample.areas(sample.vote(np.ones((3, 3)), 'soft'))
    np.testing.assert_allclose(areas.true, true)
    # Of the vote that the strata are of all areas are exact; of others they are near.
    params = VoteParams(tuple(electorate.names), electorate.classes, (1.0, 1.0, 1.0))
    assert areas.miou(ONE)[0] == pytest.approx(miou_of(electorate, truth, params), abs=1e-9)
    hard = sample.areas(sample.vote(np.array([[1.0] * 3, [0.5] * 3, [0.5] * 3]), 'hard'))
    params = VoteParams(tuple(electorate.names), electorate.classes, (1.0, 0.5, 0.5), 'hard')
    assert hard.miou(ONE)[0] == pytest.approx(miou_of(electorate, truth, params), abs=0.02)
    again = draw_sample(electorate, truth, seed=0, num_bytes=9 * 12 * 300)
    np.testing.assert_array_equal(again.counts, sample.counts)


@pytest.mark.parametrize(
    ('sizes', 'quota', 'level'),
    [
        pytest.param([5, 1], 9, 5, id='all'),
        pytest.param([100, 2, 50], 22, 10, id='the small one whole'),
        pytest.param([100, 100, 100], 2, 1, id='one each at least'),
        pytest.param([], 5, 1, id='none'),
        pytest.param([4, 6], 10, 6, id='just all'),
    ],
)
def test_level_of_strata(sizes, quota, level):
    assert level_of(np.array(sizes, int), quota) == level


def test_finds_what_helps_and_drops_what_hurts(make_election, tmp_path):
    electorate, truth = make_election((0.75, 0.7, 0.65, 0.0), num_images=16)
    told = []
    result = search_vote(
        electorate, draw_sample(electorate, truth, seed=0), budget=150, folds=2, repeats=1,
        progress=lambda *row: told.append(row),
    )  # fmt: skip
    matrix = result.params.matrix
    assert result.choice == 'searched' and (matrix[3] < 0.5 * matrix[:3].min(axis=0)).all()
    assert result.gain.value > 0 and result.held_out['single'].gain.value == 0
    assert result.held_out['searched'].score.value > result.held_out['equal'].score.value
    params, score = max(result.trials, key=lambda trial: trial[1])
    assert score == pytest.approx(miou_of(electorate, truth, params), abs=1e-9)
    assert [row[0] for row in told] == list(range(1, len(result.trials) + 1)) and len(told) <= 150
    assert 'use the vote found: ' in result.report() and 'mIoU over the best single member' in result.report()
    result.save(tmp_path / 'p.params.json')
    assert VoteParams.load(tmp_path / 'p.params.json') == result.params
    with open(tmp_path / 'p.params.trials.csv', newline='') as file:
        assert [float(row['mIoU']) for row in csv.DictReader(file)] == [score for _, score in result.trials]


def test_weights_by_class(make_election):
    """Either member is good at one class and bad at another."""
    electorate, truth = make_election(([0.9, 0.95, 0.0], [0.9, 0.0, 0.95]), num_images=30)
    result = search_vote(electorate, draw_sample(electorate, truth, seed=0), budget=200, folds=2, repeats=1)
    assert result.gain.value > 0.1
    rows = np.array(result.params.class_weights)
    assert rows[0, 1] > rows[1, 1] and rows[0, 2] < rows[1, 2]


@pytest.mark.parametrize('seed', range(3))
def test_never_below_the_best_single_member_on_held_out_pictures(make_election, seed):
    electorate, truth = make_election((0.5, 0.5), num_images=8, seed=seed)
    result = search_vote(
        electorate, draw_sample(electorate, truth, seed=seed), budget=40, folds=2, repeats=2, seed=seed
    )
    assert result.gain.value >= 0
    gains = {name: way.gain.value for name, way in result.held_out.items()}
    assert result.choice == 'single' or gains[result.choice] == max(gains.values())


def test_refusals(make_election):
    electorate, truth = make_election((0.5, 0.5), num_images=6)
    sample = draw_sample(electorate, truth, seed=0)
    with pytest.raises(UserError, match='budget of 2 trials is too small: 2 members need 3'):
        search_vote(electorate, sample, budget=2)
    with pytest.raises(UserError, match='6 pictures with objects are too few .* needs 8; leave out --search'):
        search_vote(electorate, sample)
    for one in truth.values():
        one[:] = 255
    with pytest.raises(UserError, match='no pixel of val.json counts'):
        draw_sample(electorate, truth, seed=0)
    truth[1][0, 0] = 7
    with pytest.raises(UserError, match=r'test/0001\.jpg: the true labels have another size or other classes'):
        draw_sample(electorate, truth, seed=0)


def test_comparison_is_that_of_single_votes(make_election):
    electorate, truth = make_election((0.7, 0.6, 0.5), sizes=1)
    names = tuple(electorate.names)
    params = VoteParams(names, electorate.classes, (1.0, 0.5, 0.5), 'hard')
    comparing = Comparing(electorate, params, truth)
    found = list(comparing.watch(outcomes(electorate, params, compare=True)))
    comparison = comparing.result()
    assert comparison.vote == comparison.final == pytest.approx(miou_of(electorate, truth, params))
    assert comparison.result.mIoU == pytest.approx(comparison.final)
    for index, name in enumerate(names):
        alone = VoteParams(names, electorate.classes, tuple(float(at == index) for at in range(3)))
        assert comparison.members[name] == pytest.approx(miou_of(electorate, truth, alone))
        weights = tuple(0.0 if at == index else weight for at, weight in enumerate(params.weights))
        others = VoteParams(names, electorate.classes, weights, 'hard')
        assert comparison.without[name] == pytest.approx(miou_of(electorate, truth, others))
    assert comparison.gain == pytest.approx(comparison.final - max(comparison.members.values()))
    assert comparison.interval[0] <= comparison.gain <= comparison.interval[1]
    assert [one.picture.id for one in found] == list(truth)


def stand_in_crf(monkeypatch, refined):
    """Put a CRF whose labels a function gives, and a rescue that changes nothing."""
    from dataclasses import dataclass

    crf, rescue = types.ModuleType('crf'), types.ModuleType('rescue')

    @dataclass(frozen=True)
    class CrfParams:
        bilateral_srgb: float = 10.0

    @dataclass(frozen=True)
    class RescueParams:
        max_area: int = 100
        min_agreement: float = 0.9

    def dense_crf(probs, picture, params):
        labels = refined(int(picture[0, 0, 0]), probs, params)
        return (np.arange(len(probs))[:, None, None] == labels).astype(np.float32)

    crf.CrfParams, crf.dense_crf = CrfParams, dense_crf
    rescue.RescueParams = RescueParams
    rescue.rescue_small_objects = lambda labels, members, params, weights=None: labels
    monkeypatch.setitem(sys.modules, 'custom_modules.ensemble.crf', crf)
    monkeypatch.setitem(sys.modules, 'custom_modules.ensemble.rescue', rescue)


class Photographs:
    """Photographs that show the id of their picture."""

    @staticmethod
    def read(picture):
        return np.full((*picture.size, 3), picture.id, np.uint8)


@pytest.mark.parametrize('helps', [True, False])
def test_settings_of_what_follows(make_election, monkeypatch, helps):
    from custom_modules.ensemble.voting.refinement import search_refinement

    electorate, truth = make_election((0.7, 0.6))

    def refined(image_id, probs, params):
        """Give the truth for one setting, or never; nothing for others."""
        return truth[image_id] if helps and params.bilateral_srgb == 5 else np.zeros_like(truth[image_id])

    stand_in_crf(monkeypatch, refined)
    params = VoteParams(tuple(electorate.names), electorate.classes, (1.0, 1.0))
    told = []
    found = search_refinement(
        electorate,
        params,
        truth,
        Photographs,
        rescue=True,
        folds=2,
        num_pictures=8,
        progress=lambda *row: told.append(row),
    )
    assert told[-1] == (8, 8) and found.num_images == 8
    assert len(found.trials) == 1 + 2 * 5  # of two different CRFs, each with four rescues or without
    if helps:
        assert found.params.crf == (('bilateral_srgb', 5.0),)
        assert found.gain.value > 0.1 and found.gain.low > 0 and 'use crf bilateral_srgb=5: ' in found.report()
    else:
        assert found.params == params and found.gain.value == 0 and 'leave the CRF out' in found.report()
    assert found.as_dict()['num_pictures'] == 8


def test_truth_of_a_data_set(add_ann, add_probs):
    """The tool's truth has what a search needs."""
    square = [[1, 1, 3, 1, 3, 3, 1, 3]]
    answers = [
        {
            'id': i,
            'image_id': i,
            'category_id': 1,
            'bbox': [1, 1, 2, 2],
            'area': 4,
            'iscrowd': 0,
            'segmentation': square,
        }
        for i in (3, 4, 9)
    ]
    coco = load_coco(add_ann(annotations=answers), check_images=False)
    truth = LabelMaps(coco)
    labels = {number: truth[number] for number in truth.image_ids}
    electorate = open_members([add_probs('a.probs', labels), add_probs('b.probs', labels)], coco)
    sample = draw_sample(electorate, truth, seed=0)
    assert sample.presence.tolist() == [[True, True, False]] * 3
    assert sample.areas(sample.vote(np.ones((2, 3)), 'soft')).both.sum() == 48 + 20 + 48
