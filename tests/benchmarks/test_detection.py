"""The comparison of detectors: which runs there are, in which order, what is recorded and shown."""

import json

import pytest

from benchmarks.comparison import BASELINE, MORE_SEEDS, NO_START, PHOTOGRAPHS, PRETRAINING, ROOT, SYNTHETIC, Run
from benchmarks.detection import main
from benchmarks.detection_grid import CELLS, DETECTION
from benchmarks.detection_table import write_table
from custom_modules.engine import load_config

FIRSTS = list(DETECTION.first_runs())
SIDE = {'commit': 'abc', 'machine': 'two cores', 'amp': True, 'seconds': 100.0, 'steps': 250}


def record(score: float) -> dict:
    return {'mAP50': score, 'mAP': score / 2, **SIDE}


def everything(score: float = 0.4) -> dict[str, dict]:
    """Make records of every first run, all alike."""
    return {run.key: record(score) for run in FIRSTS if not run.gpu}


@pytest.mark.fast
def test_every_cell_has_a_config_and_every_config_a_cell():
    used = {ROOT / run.config for run in FIRSTS}
    assert all(path.is_file() for path in used)
    assert set(CELLS.glob('*.py')) <= used


@pytest.mark.parametrize('path', sorted(CELLS.glob('*.py')), ids=lambda path: path.stem)
def test_a_cell_loads_and_says_how_to_run_it(path):
    assert load_config(path).model.type == 'CascadeRCNN'
    options = path.read_text().split('--only ')[1].split('\n')[0]
    assert any(options in run.key for run in FIRSTS if run.config.endswith(f'/{path.name}'))


@pytest.mark.fast
def test_order():
    runs = DETECTION.all_runs({})
    keys = [run.key for run in runs]
    assert len(keys) == len(set(keys))
    assert keys[:2] == ['synthetic_pretraining_s0', 'synthetic_baseline_s0']
    first_of_groups = {run.group for run in runs[:18]}
    assert {'neck', 'box loss', 'class loss', 'sampling', 'copy-paste', 'start weights'} <= first_of_groups
    repeats = [run for run in runs if run.cell == BASELINE and run.seed]
    assert len(repeats) == 4 and runs.index(repeats[-1]) < len(runs) / 2
    assert [run.gpu for run in runs] == sorted(run.gpu for run in runs)


@pytest.mark.fast
def test_starts():
    start = {(run.cell, run.data): run.start for run in FIRSTS}
    assert start[BASELINE, SYNTHETIC] == start[PRETRAINING, SYNTHETIC] == start[NO_START, PHOTOGRAPHS] == 'none'
    assert start[BASELINE, PHOTOGRAPHS] == start['dino_swin', PHOTOGRAPHS] == PRETRAINING


@pytest.mark.fast
def test_the_four_largest_differences_get_more_seeds():
    results = everything()
    assert {run.cell for run in DETECTION.all_runs(results) if run.seed} > {BASELINE}
    for key, score in {'synthetic_giou': 0.1, 'photographs_bifpn': 0.9, 'synthetic_focal': 0.2}.items():
        results[f'{key}_s0'] = record(score)
    results['photographs_mosaic_s0'] = {'error': 'broken', **SIDE}
    results['synthetic_eqlv2_s0'] = record(0.41)
    more = [run for run in DETECTION.all_runs(results) if run.seed and run.cell != BASELINE]
    assert [run.cell for run in more] == [cell for cell in ('bifpn', 'giou', 'focal', 'eqlv2') for _ in MORE_SEEDS]
    del results['synthetic_giou_s0']  # not all have been run: nobody knows
    assert {run.cell for run in DETECTION.all_runs(results) if run.seed} == {BASELINE}


@pytest.mark.fast
def test_difference_is_to_the_mean_of_the_same_pictures():
    giou = next(run for run in FIRSTS if run.key == 'synthetic_giou_s0')
    results = {giou.key: record(0.5), 'photographs_baseline_s0': record(0.9)}
    assert DETECTION.difference(giou, results) is None
    results |= {f'synthetic_baseline_s{seed}': record(score) for seed, score in enumerate((0.3, 0.4, 0.5))}
    assert DETECTION.difference(giou, results) == pytest.approx(0.1)


@pytest.mark.fast
def test_table():
    results = {'synthetic_baseline_s0': record(0.3), 'synthetic_giou_s0': record(0.25)}
    results['synthetic_baseline_s1'] = record(0.4)
    results['synthetic_focal_s0'] = {'error': 'out of memory', **SIDE}
    speed = next(run for run in FIRSTS if run.speed == (2, True))
    results[speed.key] = {'images_per_second': 3.25, 'memory_gib': 30.5, **SIDE}
    lines = write_table(results).splitlines()
    rows = {line.split(' | ')[1].strip(): line for line in lines if line.startswith('|') and ' | ' in line}
    assert '0.3500 ± 0.0500 (2 seeds) |  | 0.1750 ± 0.0250 (2 seeds) | 250 | 100 |' in rows[BASELINE]
    assert '| 0.2500 | -0.1000 | 0.1250 | 250 | 100 |' in rows['giou']
    assert '0.' not in rows['focal'] and '- synthetic_focal_s0: out of memory' in lines
    assert '| batch 2, bfloat16 | 3.25 | 30.50 |' in lines
    widths = {line.count('|') for line in lines if line.startswith('|') and len(line) > 60 and 'configs' not in line}
    assert len(widths) == 1


@pytest.mark.fast
def test_the_table_belongs_to_the_records():
    folder = ROOT / 'benchmarks'
    results = json.loads((folder / 'detection.json').read_text(encoding='utf-8'))
    seeds = ('_s0', *(f'_s{seed}' for seed in MORE_SEEDS))
    assert set(results) <= {run.key.removesuffix('_s0') + seed for run in FIRSTS for seed in seeds}
    assert write_table(results) == (folder / 'detection.md').read_text(encoding='utf-8')


@pytest.mark.fast
def test_list_runs_nothing(tmp_path, capsys):
    out = tmp_path / 'results.json'
    out.write_text(json.dumps({'synthetic_baseline_s0': record(0.3)}))
    options = [
        '--list',
        '--out',
        str(out),
        '--work-dir',
        str(tmp_path / 'runs'),
        '--only',
        'baseline',
        'speed',
        'batch',
    ]
    assert main(options) == 0
    lines = capsys.readouterr().out.splitlines()
    assert next(line for line in lines if 'synthetic_baseline_s0' in line).endswith('mAP50 0.3000')
    assert next(line for line in lines if 'photographs_baseline_s0' in line).endswith(('pretraining', '--photographs'))
    assert not (tmp_path / 'runs').exists() and out.with_suffix('.md').is_file()


@pytest.fixture
def bench_options(synthetic_root, tmp_path) -> list[str]:
    """Options that keep everything in a temporary folder."""
    folders = {'--synthetic': synthetic_root, '--photographs': synthetic_root, '--work-dir': tmp_path / 'runs'}
    options = [part for name, folder in folders.items() for part in (name, str(folder))]
    return [*options, '--out', str(tmp_path / 'results.json'), '--steps', '2']


@pytest.mark.slow
def test_runs_are_recorded_and_not_repeated(bench_options, tmp_path, capsys):
    only = ['--only', 'pretraining', 'photographs_repeat_factor', 'photographs_copy_paste_offline']
    assert main([*bench_options, '--minutes', '20', *only]) == 0
    results = json.loads((tmp_path / 'results.json').read_text())
    assert {key: value.get('steps') for key, value in results.items()} == {
        'synthetic_pretraining_s0': 4,
        'photographs_repeat_factor_s0': 2,
        'photographs_copy_paste_offline_s0': 2,
    }
    log = (tmp_path / 'runs' / 'photographs_repeat_factor_s0.log').read_text()
    assert 'best.pth' in log and 'synthetic_pretraining_s0' in log  # it started from the pretraining
    before = (tmp_path / 'results.json').read_bytes()
    assert main([*bench_options, '--minutes', '20', *only]) == 0
    assert (tmp_path / 'results.json').read_bytes() == before


@pytest.mark.slow
def test_a_failure_is_recorded_and_the_next_run_begins(bench_options, tmp_path, monkeypatch):
    run = Run('broken', 'neck', SYNTHETIC, config='configs/demo/no_such_config.py')
    good = Run('fine', 'neck', SYNTHETIC, config='benchmarks/detection/baseline.py')
    monkeypatch.setattr(DETECTION, 'all_runs', lambda results: [run, good])
    assert main([*bench_options, '--minutes', '20']) == 0
    results = json.loads((tmp_path / 'results.json').read_text())
    assert 'no such config' in results[run.key]['error'] and results[good.key]['steps'] == 2
