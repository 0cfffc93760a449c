"""The measurement of votes: which cells there are, what each needs, and what is kept of a vote."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.fusion_plan import EQUAL, PHOTOGRAPHS, PREDICT, SCORED_ON, SEARCHED_ON, SYNTHETIC, Step
from benchmarks.grid import run_until
from benchmarks.segmentation_ensemble import VoteGrid, main, parse_args
from benchmarks.segmentation_ensemble_plan import CRF, NONE, PLAN, PSEUDO, REFINED, STUDENT, TEACHER
from benchmarks.segmentation_ensemble_table import write_table
from custom_modules.datasets import load_coco
from custom_modules.datasets.label_maps import LabelMaps
from custom_modules.engine import load_config
from custom_modules.ensemble import ProbsWriter
from tools._launch import ROOT

STEPS = PLAN.all_steps()
SIDE = {'commit': 'abc', 'machine': 'two cores', 'amp': True, 'seconds': 100.0}


@pytest.mark.fast
def test_what_a_cell_needs_comes_before_it():
    places = {step: place for place, step in enumerate(STEPS)}
    assert len(places) == len(STEPS) == len({step.key for step in STEPS})
    assert all(places[need] < places[step] for step in STEPS for need in PLAN.needs(step))
    assert len(PLAN.members) == 4


@pytest.mark.fast
def test_students_go_on_from_the_teacher():
    needs = [need.key for need in PLAN.needs(Step(PHOTOGRAPHS, STUDENT, PSEUDO))]
    assert needs == [
        f'photographs_train_{TEACHER}_s0',
        *(f'photographs_predict_{member}_s0' for member in PLAN.members),
    ]
    assert [need.key for need in PLAN.needs(Step(SYNTHETIC, STUDENT, NONE))] == [f'synthetic_train_{TEACHER}_s0']
    assert PLAN.config(Step(PHOTOGRAPHS, STUDENT, PSEUDO)) == PLAN.members[TEACHER].config


@pytest.mark.parametrize('config', sorted({PLAN.config(step) for step in STEPS} - {''}))
def test_configs_load_and_photographs_keep_their_size(config):
    scale = tuple(load_config(ROOT / config).val_dataloader.dataset.pipeline[1].scale)
    is_real = config.startswith('benchmarks/') and 'synthetic' not in config
    assert scale == ((416, 416) if is_real else (192, 192))


@pytest.fixture
def grid(synthetic_root, tmp_path) -> VoteGrid:
    """A grid over synthetic pictures, all predictions made: each member is wrong in a quarter of every picture."""
    folders = {'--photographs': synthetic_root, '--work-dir': tmp_path / 'runs', '--out': tmp_path / 's.json'}
    grid = VoteGrid(parse_args([str(part) for pair in folders.items() for part in pair]))
    for number, member in enumerate(PLAN.needs(Step(PHOTOGRAPHS, EQUAL))):
        for ann in (SEARCHED_ON, SCORED_ON):
            coco = load_coco(synthetic_root / ann, synthetic_root)
            truth, path = LabelMaps(coco), grid.predictions(member, ann)
            path.parent.mkdir(parents=True, exist_ok=True)
            with ProbsWriter(path, truth.classes) as writer:
                for image in coco.images:
                    labels = truth[image['id']].copy()
                    quarter = labels.shape[0] // 4
                    labels[number * quarter : (number + 1) * quarter] = 1
                    hot = np.eye(len(truth.classes), dtype=np.float32)[np.where(labels == 255, 0, labels)]
                    writer.add(image['id'], image['file_name'], hot.transpose(2, 0, 1) * 0.9 + 0.1 / hot.shape[2])
        grid.results[member.key] = {'mIoU': 0.5, **SIDE}
    return grid


@pytest.mark.parametrize('kind', [EQUAL, CRF])
def test_a_vote_is_made_scored_and_its_probabilities_removed(grid, tmp_path, kind):
    cell = Step(PHOTOGRAPHS, kind)
    assert grid.what_it_waits_for(cell) is None
    single = grid.figures(Step(PHOTOGRAPHS, PREDICT, TEACHER), Path('log'))
    for command in grid.commands(cell):
        assert run_until(command, tmp_path / 'log', float('inf')) == 0, (tmp_path / 'log').read_text()
    figures = grid.figures(cell, tmp_path / 'log')
    assert figures['mIoU'] > single['mIoU'] and figures['search']['interval']
    assert figures['best_single'] in PLAN.members and set(figures['steps']) <= {'vote', 'CRF'}
    assert figures['steps']['vote'] == pytest.approx(1)  # three of four are right everywhere
    assert (figures['mIoU'] < 0.9) == (kind == CRF)  # which takes what is alike for one thing
    assert not grid.predictions(cell, SCORED_ON).exists()
    json.dumps(figures, allow_nan=False)


@pytest.mark.fast
def test_commands(grid):
    first, second = grid.commands(Step(PHOTOGRAPHS, REFINED))
    assert {'--crf', '--rescue', '--search'} <= set(first) and first[0] == sys.executable
    assert '--search' not in second
    assert second[second.index('--params') + 1] == first[first.index('--out') + 1].replace('.probs', '.params.json')
    student = grid.commands(Step(PHOTOGRAPHS, STUDENT, PSEUDO))
    labelling = next(student)
    for name in (PSEUDO, NONE):
        root = grid.args.work_dir / 'data' / f'{PHOTOGRAPHS}_{name}'
        root.mkdir(parents=True)
        for file in ('train_pseudo.json', 'train.json'):
            (root / file).write_text('{"images": [{}]}')
    training, *predictions = student
    assert Path(labelling[1]).name == 'pseudo_label.py' and 'train_pseudo.json' in training and len(predictions) == 2
    assert 'train_pseudo.json' not in next(grid.commands(Step(PHOTOGRAPHS, STUDENT, NONE)))


@pytest.mark.fast
def test_table():
    score = {'mIoU': 0.2, 'interval': [0.15, 0.25], 'search': {'mIoU': 0.3, 'interval': [0.25, 0.35]}, **SIDE}
    gain = {'gain': 0.02, 'gain_interval': [-0.01, 0.05], 'best_single': TEACHER}
    params = {'weights': {TEACHER: 1.0, 'unet_r18': 0.0}, 'method': 'soft', 'by_class': True, 'rescue': None}
    params['crf'] = {'gaussian_compat': 1.5}
    found = {'held_out_gain': [0.03, 0.01, 0.05], 'held_out_gain_of_steps': [0.01, 0.0, 0.02], 'params': params}
    results = {
        Step(PHOTOGRAPHS, REFINED).key: {**score, **gain, **found},
        Step(PHOTOGRAPHS, STUDENT, PSEUDO).key: score,
    }
    lines = write_table(results).splitlines()
    row = next(line for line in lines if line.startswith('| vote, CRF and rescue, all searched |'))
    assert '| 0.2000 [0.1500, 0.2500] | +0.0200 [-0.0100, +0.0500] |' in row
    assert any(line.startswith(f'| {TEACHER}, with pseudo labels | 0.3000 [') for line in lines)
    assert any(
        line.endswith(
            f'soft vote of {TEACHER} 1, weighted by class; crf gaussian_compat=1.5; the search itself expected +0.0300 '
            f'[+0.0100, +0.0500] of the vote and +0.0100 [+0.0000, +0.0200] of what follows it.'
        )
        for line in lines
    )
    assert len({line.count('|') for line in lines if line.startswith('|')}) == 1


@pytest.mark.fast
def test_list_runs_nothing(tmp_path, capsys):
    folders = ['--work-dir', str(tmp_path / 'runs'), '--out', str(tmp_path / 's.json')]
    assert main(['--list', *folders, '--photographs', str(tmp_path)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(STEPS)
    assert not (tmp_path / 'runs').exists() and (tmp_path / 's.md').is_file()
