"""The measurement of TTA and fusion: which cells there are, what each needs, and what is kept of a fusion."""

import json
from pathlib import Path

import pytest

from benchmarks.ensemble import EnsembleGrid, main, parse_args
from benchmarks.ensemble_plan import PLAN
from benchmarks.ensemble_table import write_table
from benchmarks.fusion_plan import EQUAL, PHOTOGRAPHS, PREDICT, SEARCH, SYNTHETIC, TRAIN, Step
from custom_modules.engine import load_config
from tools._launch import ROOT

STEPS, MEMBERS = PLAN.all_steps(), PLAN.members
SIDE = {'commit': 'abc', 'machine': 'two cores', 'amp': True, 'seconds': 100.0}
CATEGORIES = [{'id': 1, 'name': 'Paper'}, {'id': 2, 'name': 'Glass'}]


@pytest.mark.fast
def test_what_a_cell_needs_comes_before_it():
    places = {step: place for place, step in enumerate(STEPS)}
    assert len(places) == len(STEPS) == len({step.key for step in STEPS})
    assert all(places[need] < places[step] for step in STEPS for need in PLAN.needs(step))


@pytest.mark.fast
def test_the_fusion_on_photographs_is_first():
    kinds = [(step.data, step.kind) for step in STEPS]
    first = kinds.index((PHOTOGRAPHS, SEARCH))
    assert first == 3 * len(MEMBERS) + 1
    assert not any(step.tta or step.seed for step in STEPS[: first + 1])
    assert (SYNTHETIC, PREDICT) not in kinds[:first]


@pytest.mark.fast
@pytest.mark.parametrize(
    ('step', 'needs'),
    [
        pytest.param(Step(SYNTHETIC, TRAIN, 'rtmdet'), [], id='first-training'),
        pytest.param(
            Step(PHOTOGRAPHS, TRAIN, 'rtmdet', seed=2), ['synthetic_train_rtmdet_s0'], id='one-start-for-all-seeds'
        ),
        pytest.param(
            Step(PHOTOGRAPHS, PREDICT, 'rtmdet', tta=True, seed=2), ['photographs_train_rtmdet_s2'], id='prediction'
        ),
        pytest.param(
            Step(PHOTOGRAPHS, EQUAL, tta=True),
            [f'photographs_predict_{member}_tta_s0' for member in MEMBERS],
            id='fusion',
        ),
    ],
)
def test_needs(step, needs):
    assert [need.key for need in PLAN.needs(step)] == needs


@pytest.mark.parametrize('config', sorted({PLAN.config(step) for step in STEPS if PLAN.config(step)}))
def test_configs_load_and_photographs_keep_their_size(config):
    cfg = load_config(ROOT / config)
    scale = cfg.val_dataloader.dataset.pipeline[1].scale
    types = [transform.type for transform in cfg.train_dataloader.dataset.pipeline]
    if config.startswith('benchmarks/') and 'synthetic' not in config:
        assert tuple(scale) == (416, 416) and 'RandomCrop' in types
    else:
        assert tuple(scale) == (192, 192)


def ann_with(count: int) -> dict:
    """Make pictures with one object each, of the two classes in turn."""
    return {
        'images': [{'id': i, 'file_name': f'{i}.jpg', 'width': 100, 'height': 100} for i in range(count)],
        'categories': CATEGORIES,
        'annotations': [
            {'id': i, 'image_id': i, 'category_id': i % 2 + 1, 'bbox': [10, 10, 20, 20], 'area': 400, 'iscrowd': 0}
            for i in range(count)
        ],
    }


@pytest.fixture
def grid(tmp_path) -> EnsembleGrid:
    """A grid over 20 pictures, all predictions made: each detector finds every picture but those of its number."""
    data = tmp_path / 'data'
    data.mkdir()
    for name in ('train', 'val', 'test_answers'):
        (data / f'{name}.json').write_text(json.dumps(ann_with(20)))
    folders = {
        '--photographs': data,
        '--synthetic': data,
        '--work-dir': tmp_path / 'runs',
        '--out': tmp_path / 'e.json',
    }
    grid = EnsembleGrid(parse_args([str(part) for pair in folders.items() for part in pair]))
    for number, need in enumerate(PLAN.needs(Step(PHOTOGRAPHS, EQUAL))):
        folder = grid.folder(need) / 'predictions'
        folder.mkdir(parents=True)
        boxes = [
            {
                'image_id': picture,
                'category_id': picture % 2 + 1,
                'bbox': [10, 10, 20, 20] if picture % 5 != number else [60, 60, 20, 20],
                'score': 0.9 if picture % 5 != number else 0.5,
            }
            for picture in range(20)
        ]
        for ann in ('val.json', 'test_answers.json'):
            (folder / ann).write_text(json.dumps(boxes))
        grid.results[need.key] = {'mAP50': 0.5, **SIDE}
    return grid


def test_a_fusion_waits_for_all_predictions(grid):
    step = Step(PHOTOGRAPHS, EQUAL)
    assert grid.what_it_waits_for(step) is None
    last = list(PLAN.needs(step))[-1]
    grid.results[last.key] = {'error': 'out of memory'}
    assert grid.what_it_waits_for(step) == f'waits for {last.key}'


def test_predictions_are_scored_on_both_files(grid):
    figures = grid.figures(Step(PHOTOGRAPHS, PREDICT, next(iter(MEMBERS))), Path('log'))
    # 16 of 20 objects are found, the misses have the lowest scores: precision 1 up to a recall of 0.8.
    assert figures['mAP50'] == pytest.approx(81 / 101)
    low, high = figures['interval']
    assert 0.5 < low < figures['mAP50'] < high <= 1 and figures['search']['mAP50'] == figures['mAP50']


@pytest.mark.parametrize('kind', [EQUAL, SEARCH])
def test_what_is_kept_of_a_fusion(grid, kind):
    figures = grid.figures(Step(PHOTOGRAPHS, kind), Path('log'))
    assert figures['mAP50'] == pytest.approx(1)  # four of five detectors find each object
    assert figures['gain'] == pytest.approx(1 - 81 / 101)
    low, high = figures['gain_interval']
    assert 0 < low <= figures['gain'] <= high
    assert figures['best_single'] in MEMBERS and set(figures['params']['weights']) == set(MEMBERS)
    assert ('held_out_gain' in figures) == (kind == SEARCH)
    json.dumps(figures, allow_nan=False)


@pytest.mark.fast
def test_table():
    score = {'mAP50': 0.2, 'interval': [0.15, 0.25], 'search': {'mAP50': 0.3, 'interval': [0.25, 0.35]}, **SIDE}
    gain = {'gain': 0.02, 'gain_interval': [-0.01, 0.05], 'best_single': 'htc_swin'}
    params = {'weights': {'htc_swin': 1.0, 'rtmdet': 0.0, 'dino_swin': 0.5}, 'method': 'wbf', 'iou_thr': 0.6}
    params |= {'skip_box_thr': 0.05, 'conf_type': 'max', 'scales_by_class': True}
    results = {
        Step(PHOTOGRAPHS, TRAIN, 'htc_swin').key: {'mAP50': 0.3, 'mAP': 0.1, 'steps': 600, **SIDE},
        Step(PHOTOGRAPHS, PREDICT, 'htc_swin').key: score,
        Step(PHOTOGRAPHS, SEARCH).key: {**score, **gain, 'held_out_gain': [0.03, 0.01, 0.05], 'params': params},
        Step(SYNTHETIC, TRAIN, 'rtmdet').key: {'error': 'broken', **SIDE},
    }
    lines = write_table(results).splitlines()
    row = next(line for line in lines if line.startswith('| htc_swin |'))
    assert row == '| htc_swin | 0.3000 [0.2500, 0.3500] | 0.2000 [0.1500, 0.2500] |  |  |  |  | 600 | 100 |'
    assert any(line.startswith('| all, searched | 0.3000') and '+0.0200 [-0.0100, +0.0500]' in line for line in lines)
    # 0.02 over 0.18.
    assert (
        'Searched: +11.1% over htc_swin, target reached; the search itself expected +0.0300 [+0.0100, +0.0500].'
        in lines
    )
    assert 'Found: wbf of htc_swin 1, dino_swin 0.5; IoU 0.6, skip 0.05, max, scores scaled by class.' in lines
    assert '- synthetic_train_rtmdet_s0: broken' in lines
    assert len({line.count('|') for line in lines if line.startswith('|')}) == 1


@pytest.mark.fast
def test_seeds_side_by_side():
    score = {'mAP50': 0.2, 'interval': [0.1, 0.3], **SIDE}
    gain = {'gain': 0.0, 'gain_interval': [0, 0], 'best_single': 'x', 'held_out_gain': [0, 0, 0]}
    params = {'params': {'weights': {}, 'method': 'wbf', 'iou_thr': 0, 'skip_box_thr': 0, 'conf_type': 'avg'}}
    params['params']['scales_by_class'] = False
    results = {Step(PHOTOGRAPHS, SEARCH, seed=seed).key: {**score, **gain, **params} for seed in (0, 2)}
    results[Step(PHOTOGRAPHS, PREDICT, 'rtmdet', seed=2).key] = {**score, 'mAP50': 0.15}
    lines = write_table(results).splitlines()
    assert '| 2 | 0.1500 [0.1000, 0.3000] |  | 0.2000 [0.1000, 0.3000] |' in lines
    assert '| 0 |  |  | 0.2000 [0.1000, 0.3000] |' in lines


@pytest.mark.fast
def test_list_runs_nothing(tmp_path, capsys):
    folders = ['--work-dir', str(tmp_path / 'runs'), '--out', str(tmp_path / 'e.json')]
    assert main(['--list', *folders, '--photographs', str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(STEPS)
    assert next(line for line in lines if ' synthetic_train_htc_swin_s0 ' in line).endswith('to run')
    assert next(line for line in lines if ' photographs_train_htc_swin_s0 ' in line).endswith('needs --photographs')
    assert not (tmp_path / 'runs').exists() and (tmp_path / 'e.md').is_file()


@pytest.mark.slow
def test_from_training_to_prediction(synthetic_root, tmp_path):
    folders = {'--synthetic': synthetic_root, '--photographs': synthetic_root, '--work-dir': tmp_path / 'runs'}
    options = [str(part) for pair in folders.items() for part in pair]
    options += ['--out', str(tmp_path / 'e.json'), '--shorter', '1000', '--minutes', '30']
    assert main([*options, '--only', 'rtmdet_s0', 'rtmdet_tta_s0']) == 0
    results = json.loads((tmp_path / 'e.json').read_text())
    assert len(results) == 6 and not any('error' in record for record in results.values())
    log = (tmp_path / 'runs' / 'photographs_train_rtmdet_s0.log').read_text()
    assert 'synthetic_train_rtmdet_s0' in log  # it started from there
    assert results['photographs_predict_rtmdet_s0']['search']['interval']
