"""The comparison of pseudo labels: its order, its commands, its verdicts, and one pass through the real tools."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import quarter
from benchmarks.pseudo_labels import PseudoLabelGrid, main, parse_args
from benchmarks.pseudo_labels_cells import (
    AGREEMENT,
    ALL_LABELS,
    BAND,
    CALIBRATED,
    FIXED,
    HALF,
    NONE,
    SECOND,
    SYNTHETIC,
    TEACHER,
    WIDE,
    Cell,
    all_cells,
)
from benchmarks.pseudo_labels_table import best_fixed, spread, write_table

pytestmark = pytest.mark.fast


def records(scores: dict[str, list[float]]) -> dict[str, dict]:
    """Make records of synthetic cells: one score a seed."""
    common = {'mAP': 0.1, 'steps': 250, 'seconds': 100.0, 'amp': True, 'machine': 'a machine'}
    cells = [(Cell(SYNTHETIC, name, seed), score) for name, row in scores.items() for seed, score in enumerate(row)]
    return {cell.key: {'mAP50': score, **common} for cell, score in cells}


def test_every_cell_comes_once_and_after_what_it_needs():
    cells = all_cells()
    assert len({cell.key for cell in cells}) == len(cells) == 2 * (3 * 11 + 3)
    for place, cell in enumerate(cells):
        assert all(cells.index(one) < place for one in cell.needs())
    assert [cell.name for cell in cells[:6]] == [TEACHER, NONE, BAND, HALF, WIDE, 'fixed_0.5']
    assert {Path(cell.config).is_file() or cell.config for cell in cells} == {True}


@pytest.fixture
def grid(tmp_path):
    """Return a grid in a temporary folder whose teacher has been trained."""
    args = parse_args(['--work-dir', str(tmp_path), '--out', str(tmp_path / 'out.json'), '--amp'])
    grid = PseudoLabelGrid(args)
    root = tmp_path / 'data' / SYNTHETIC
    root.mkdir(parents=True)
    for name in ('labelled_s0', 'all_s0', 'train_calibrated_band_s0'):
        (root / f'{name}.json').write_text(json.dumps({'images': [{}] * 16}))
    return grid


def labelling(grid, name: str) -> list[str]:
    """Give the options of the labelling of a cell."""
    cell = Cell(SYNTHETIC, name)
    grid._ann(cell, f'train_{name}').unlink(missing_ok=True)
    return next(grid.commands(cell))[2:]


def test_how_students_get_their_labels(grid):
    band = labelling(grid, BAND)
    assert band[1] == str(grid.args.work_dir / 'synthetic_teacher_s0' / 'best.pth')
    pairs = dict(zip(band[band.index('--unlabelled') :: 2], band[band.index('--unlabelled') + 1 :: 2], strict=False))
    root = grid.args.work_dir / 'data' / 'synthetic'
    assert pairs == {
        '--unlabelled': 'unlabelled_s0.json',
        '--calibrate-ann': 'val.json',
        '--answers': 'unlabelled_answers_s0.json',
        '--train-ann': 'labelled_s0.json',
        '--out': str(root / 'train_calibrated_band_s0.json'),
    }
    assert labelling(grid, CALIBRATED)[-1:] == ['--no-ignore']
    assert [labelling(grid, name)[-2:] for name in FIXED] == [['--score-thr', f'0.{n}'] for n in (3, 5, 7)]
    both = labelling(grid, AGREEMENT)
    files = both[both.index('--predictions') + 1 : both.index('--calibrate')]
    runs = [grid.args.work_dir / f'synthetic_{name}_s0' for name in (TEACHER, SECOND)]
    assert files == [str(run / 'predictions' / 'unlabelled_s0.json') for run in runs]


def test_students_start_from_their_teacher_and_are_equally_long(grid):
    for name in (NONE, ALL_LABELS, BAND):
        training, scoring = grid.commands(Cell(SYNTHETIC, name))
        assert training[training.index('--load-from') + 1] == str(grid.folder(Cell(SYNTHETIC, TEACHER)) / 'best.pth')
        assert 'train_cfg.max_iters=250' in training
        assert scoring[-2:] == ['--ann', 'test_answers.json']
    training, *predictions = grid.commands(Cell(SYNTHETIC, TEACHER))
    assert training[training.index('--load-from') + 1] == 'none' and 'train_cfg.max_iters=500' in training
    assert [command[-1] for command in predictions] == ['test_answers.json', 'val.json', 'unlabelled_s0.json']


def test_photographs_wait_for_the_shared_start(grid, tmp_path):
    (tmp_path / 'train.json').touch()
    grid.args.photographs, grid.args.starts = tmp_path, tmp_path / 'starts'
    cell = Cell('photographs', TEACHER)
    assert grid.what_it_waits_for(cell).endswith('--only synthetic_train_cascade_mask_rcnn_swin')
    assert grid.what_it_waits_for(replace(cell, name=NONE)) == 'waits for photographs_teacher_s0'
    start = tmp_path / 'starts' / 'synthetic_train_cascade_mask_rcnn_swin_s0' / 'best.pth'
    start.parent.mkdir(parents=True)
    start.touch()
    assert grid.what_it_waits_for(cell) is None


@pytest.mark.parametrize(
    ('figures', 'text'),
    [
        pytest.param([], '', id='none'),
        pytest.param([0.5], '0.5000', id='one'),
        pytest.param([0.4, 0.5, 0.6], '0.5000 ± 0.1000 (3 seeds)', id='three'),
        pytest.param([0.4, 0.4, 0.7], '0.5000 ± 0.2000 (3 seeds)', id='the-farthest-counts'),
    ],
)
def test_spread(figures, text):
    assert spread(figures) == text


def test_the_best_fixed_threshold_is_named_once_all_have_the_same_seeds():
    scores = {'fixed_0.3': [0.2, 0.4], 'fixed_0.5': [0.3, 0.5], 'fixed_0.7': [0.1, 0.6]}
    assert best_fixed(SYNTHETIC, records(scores)) == 'fixed_0.5'
    assert best_fixed(SYNTHETIC, records({**scores, 'fixed_0.7': [0.9]})) is None
    assert best_fixed(SYNTHETIC, {}) is None


def test_table_and_verdicts():
    scores = {TEACHER: [0.3] * 3, NONE: [0.30, 0.32, 0.34], BAND: [0.33, 0.33, 0.33], CALIBRATED: [0.31, 0.35, 0.36]}
    found = records({**scores, **{name: [0.30, 0.33, 0.36] for name in FIXED}})
    found['synthetic_calibrated_s0'] |= {'labels': 900, 'real_precision': 0.714}
    lines = write_table(found).splitlines()
    row = next(line for line in lines if line.startswith('| calibrated, ignore'))
    assert '| 0.3300 ± 0.0000 (3 seeds) | +0.0100 ± 0.0200 (3 seeds) |' in row
    row = next(line for line in lines if line.startswith('| calibrated |'))
    assert row.endswith('| 900 | 0.71 |  |  | 250 | 100 |')
    verdicts = [line for line in lines if 'against' in line]
    assert verdicts[:6] == [
        '- calibrated, against none: reached, +0.0200 ± 0.0100 (3 seeds), ahead with 3 of 3',
        '- calibrated, against the best fixed threshold (0.3): reached, +0.0100 ± 0.0100 (3 seeds), ahead with 2 of 3',
        '- calibrated, ignore band, against none: reached, +0.0100 ± 0.0200 (3 seeds), ahead with 2 of 3',
        '- calibrated, ignore band, against the best fixed threshold (0.3): '
        'reached, +0.0000 ± 0.0300 (3 seeds), ahead with 1 of 3',
        '- the same, every second picture with real labels, against none: open',
        '- the same, every second picture with real labels, against the best fixed threshold (0.3): open',
    ]
    assert all(line.endswith(': open') for line in verdicts[6:]) and len(verdicts) == 12
    assert write_table({}).count('open') == 12


def test_a_quarter_keeps_its_labels(synthetic_root, tmp_path):
    quarter.main([str(synthetic_root), '--out', str(tmp_path), '--seed', '2'])
    files = {path.stem: json.loads(path.read_text()) for path in tmp_path.glob('*.json')}
    ids = {name: {image['id'] for image in content['images']} for name, content in files.items()}
    assert len(ids['labelled_s2']) == 4 and len(ids['unlabelled_s2']) == 12
    assert ids['labelled_s2'] | ids['unlabelled_s2'] == ids['all_s2'] and len(ids['all_s2']) == 16
    assert ids['unlabelled_s2'] == ids['unlabelled_answers_s2'] and files['unlabelled_s2']['annotations'] == []
    objects = {name: len(content['annotations']) for name, content in files.items()}
    assert objects['labelled_s2'] + objects['unlabelled_answers_s2'] == objects['all_s2']
    names = {image['file_name'] for content in files.values() for image in content['images']}
    assert len(names) == 24 and all((tmp_path / name).samefile(synthetic_root / name) for name in names)


@pytest.mark.slow
def test_cells_are_made_by_the_real_tools(synthetic_root, tmp_path, capsys):
    options = ['--work-dir', str(tmp_path), '--out', str(tmp_path / 'out.json'), '--synthetic', str(synthetic_root)]
    only = ['synthetic_teacher_s0', 'synthetic_fixed_0.5_s0']
    assert main([*options, '--shorter', '125', '--minutes', '9', '--only', *only]) == 0
    found = json.loads((tmp_path / 'out.json').read_text())
    assert set(found) == set(only) and not [record for record in found.values() if 'error' in record], found
    assert found[only[1]]['steps'] == 2 and found[only[1]]['ignore_regions'] == 0
    assert '0 of 2 runs are still to come' in capsys.readouterr().out
