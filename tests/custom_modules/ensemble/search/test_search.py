"""The search as a whole, on simulated members."""

import csv
from dataclasses import replace

import numpy as np
import pytest

from custom_modules.ensemble import FusionParams, search_fusion
from custom_modules.ensemble.search.held_out import compare, score_held_out
from custom_modules.ensemble.search.moves import equal_weights, single
from custom_modules.ensemble.search.splits import make_splits
from custom_modules.ensemble.search.trials import Trials
from custom_modules.evaluation import FastMap50, evaluate_boxes
from custom_modules.utils import UserError


def _sizes(coco):
    return {image['id']: (image['height'], image['width']) for image in coco['images']}


def test_finds_what_helps_and_drops_what_hurts(make_members):
    coco, members = make_members((0.7, 0.7, 0.6, 0.02))
    result = search_fusion(coco, members, budget=120)
    assert result.choice == 'searched'
    assert result.params.weights[3] == 0 and len(result.params.used) >= 2
    assert result.gain.low > 0
    assert result.held_out['searched'].score.value > result.held_out['equal'].score.value
    assert result.held_out['single'].gain.value == 0
    weak = result.members[3]
    assert weak.adds.value < 0 and result.members[0].adds.low > 0
    alone = evaluate_boxes(coco, members[weak.name]).mAP50
    assert weak.single == pytest.approx(alone, abs=1e-9)


def test_scores_of_trials_are_those_of_the_fused_file(make_members):
    coco, members = make_members((0.7, 0.6, 0.5), num_images=20)
    result = search_fusion(coco, members, budget=40, folds=2, repeats=1)
    params, score = max(result.trials, key=lambda trial: trial[1])
    fused = params.fuse(members, _sizes(coco))
    assert evaluate_boxes(coco, fused).mAP50 == pytest.approx(score, abs=1e-6)
    assert len({params for params, _ in result.trials}) == len(result.trials) <= 40


def test_one_member_alone_where_the_others_only_hurt(make_members):
    coco, members = make_members((0.98, 0.02, 0.0), num_images=24)
    result = search_fusion(coco, members, budget=150, folds=3, repeats=1)
    assert (result.choice, result.params.used) == ('single', (0,))
    assert result.gain.value == 0
    assert 'm0/predictions/val.json alone' in result.report()
    assert result.params.fuse(members, _sizes(coco)) is next(iter(members.values()))


@pytest.mark.parametrize('seed', range(4))
def test_never_below_the_best_single_member_on_held_out_images(make_members, seed):
    coco, members = make_members((0.3, 0.3), num_images=12, seed=seed)
    result = search_fusion(coco, members, budget=30, folds=2, repeats=2, seed=seed)
    assert result.gain.value >= 0
    assert result.gain.value == max(way.gain.value for way in result.held_out.values())


def test_score_scales_of_each_class(make_members):
    """Either member is good at one class and full of confident false alarms in the other."""
    coco, members = make_members(([0.95, 0.15], [0.15, 0.95]), num_images=60)
    result = search_fusion(coco, members, budget=300, folds=2, repeats=1)
    scale = np.array(result.params.score_scale)
    assert scale[0, 0] > scale[1, 0] and scale[0, 1] < scale[1, 1]
    assert result.held_out['searched'].score.value > result.held_out['equal'].score.value + 0.05


def test_the_same_seed_gives_the_same_result(make_members):
    coco, members = make_members((0.7, 0.5, 0.4), num_images=20)
    first, same, other = (search_fusion(coco, members, budget=40, folds=2, repeats=1, seed=seed) for seed in (1, 1, 2))
    assert replace(first, seconds=0) == replace(same, seconds=0)
    assert first.held_out != other.held_out


def test_progress_and_budget(make_members):
    coco, members = make_members((0.7, 0.5, 0.4), num_images=20)
    told = []
    result = search_fusion(
        coco,
        members,
        budget=25,
        folds=2,
        repeats=1,
        progress=lambda done, budget, best: told.append((done, budget, best)),
    )
    assert [row[0] for row in told] == list(range(1, len(result.trials) + 1))
    assert len(told) <= 25 and {row[1] for row in told} == {25}
    assert not result.converged and 'the budget of 25 ended it' in result.report()
    assert told[-1][2] > 0.5


def test_smallest_budget(make_members):
    coco, members = make_members((0.7, 0.7), num_images=20)
    result = search_fusion(coco, members, budget=3, folds=2, repeats=1)
    assert [params.used for params, _ in result.trials] == [(0,), (1,), (0, 1)]
    assert result.choice == 'equal'


def test_files(make_members, tmp_path):
    coco, members = make_members((0.7, 0.5), num_images=20)
    result = search_fusion(coco, members, budget=20, folds=2, repeats=1)
    result.save(tmp_path / 'params.json')
    assert FusionParams.load(tmp_path / 'params.json') == result.params
    with open(tmp_path / 'params.trials.csv', newline='') as file:
        rows = list(csv.DictReader(file))
    assert [float(row['mAP50']) for row in rows] == [score for _, score in result.trials]
    assert rows[2]['weights'] == '1 1'


def test_report_has_all_figures(make_members):
    coco, members = make_members((0.7, 0.5), num_images=20)
    result = search_fusion(coco, members, budget=20, folds=2, repeats=1)
    report = result.report()
    for name, row in zip(members, result.members, strict=True):
        assert f'{name}  {row.single:.4f}' in report
    for way in result.held_out.values():
        assert f'{way.score.value:.4f}' in report and f'{way.gain.value:+.4f}' in report


def test_held_out_scores_are_those_of_the_parts(make_members):
    coco, members = make_members((0.7, 0.5), num_images=20)
    scorer = FastMap50(coco)
    splits = make_splits(scorer.num_objects, 2, 2, seed=0)
    trials = Trials(scorer, members, _sizes(coco), splits.fit.astype(float), budget=0, progress=lambda done: None)
    equal = equal_weights(list(members), [0, 1])
    ways = {'single': [single(equal, part % 2) for part in range(4)], 'equal': [equal] * 4}
    scores = score_held_out(trials, splits, ways, reference='single', seed=0)
    parts = [(scorer.image_ids[part].tolist(), index % 2) for index, part in enumerate(splits.held_out)]
    fused, alone = equal.fuse(members, _sizes(coco)), list(members.values())
    equal_scores = [evaluate_boxes(coco, fused, image_ids=ids).mAP50 for ids, _ in parts]
    single_scores = [evaluate_boxes(coco, alone[member], image_ids=ids).mAP50 for ids, member in parts]
    assert scores['equal'].score.value == pytest.approx(np.mean(equal_scores), abs=1e-6)
    assert scores['single'].score.value == pytest.approx(np.mean(single_scores), abs=1e-6)
    assert scores['equal'].gain.value == pytest.approx(np.mean(equal_scores) - np.mean(single_scores), abs=1e-6)
    for way in scores.values():
        assert way.score.low < way.score.value < way.score.high
    [difference] = compare(trials, equal, [single(equal, 0)], seed=0)
    expected = evaluate_boxes(coco, fused).mAP50 - evaluate_boxes(coco, alone[0]).mAP50
    assert difference.value == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        pytest.param({'num_members': 1}, 'at least two models, not 1', id='one member'),
        pytest.param({'budget': 2}, 'budget of 2 trials .* need 3', id='budget'),
        pytest.param({'folds': 1}, 'at least 2 folds', id='folds'),
        pytest.param({'folds': 40}, 'too few to search on', id='more parts than images'),
        pytest.param({'num_images': 10}, r'm0/predictions/val.json: record \d+: image_id', id='another data set'),
    ],
)
def test_refusals(make_members, options, message):
    coco, members = make_members((0.7, 0.5), num_images=20)
    options = dict(options)
    members = dict(list(members.items())[: options.pop('num_members', 2)])
    images = coco['images'][: options.pop('num_images', 20)]
    ids = {image['id'] for image in images}
    coco = {**coco, 'images': images, 'annotations': [a for a in coco['annotations'] if a['image_id'] in ids]}
    with pytest.raises(UserError, match=message):
        search_fusion(coco, members, **options)
