"""The comparison of segmenters: its runs and their order, the configs written for them, what is recorded and shown."""

import json
from dataclasses import replace

import pytest

from benchmarks.comparison import BASELINE, NO_START, PHOTOGRAPHS, PRETRAINING, ROOT, SYNTHETIC, Run
from benchmarks.segmentation import main
from benchmarks.segmentation_configs import BLOCK_OF, MIXING, choices, leaf_text
from benchmarks.segmentation_grid import LEFT_OUT, SEGMENTATION, TTA
from benchmarks.segmentation_table import write_table
from custom_modules.datasets.synthetic import make_synthetic
from custom_modules.engine import load_config

FIRSTS = list(SEGMENTATION.first_runs())
WRITTEN = [run for run in FIRSTS if not run.config]
FILES = sorted({run.config for run in FIRSTS if run.config})
SIDE = {'commit': 'abc', 'machine': 'two cores', 'amp': True, 'seconds': 100.0, 'steps': 500}


def record(score: float) -> dict:
    return {'mIoU': score, 'mIoU_per_image': score / 2, 'boundary_IoU': score / 4, **SIDE}


def cell_config(run: Run, folder):
    """Load the config that is written for a run."""
    path = folder / 'leaf.py'
    path.write_text(leaf_text(run.cell, run.group, run.data))
    return load_config(path)


@pytest.mark.fast
def test_every_choice_of_the_blocks_has_its_cells():
    for group in BLOCK_OF:
        for data in (SYNTHETIC, PHOTOGRAPHS):
            cells = {run.cell for run in FIRSTS if (run.group, run.data) == (group, data)}
            assert cells >= set(choices(group)) - set(LEFT_OUT) and not cells & set(LEFT_OUT)
    assert {'lovasz', 'cdb', 'class_balanced'} <= set(choices('loss')) and 'evonorm_b0' in choices('normalisation')
    assert not {'parts', 'heads'} & set(choices('normalisation')) and 'constant' not in choices('augmentation')
    assert set(LEFT_OUT) <= {name for group in BLOCK_OF for name in choices(group)}


@pytest.mark.fast
def test_files_of_cells_are_there():
    assert all((ROOT / config).is_file() for config in FILES)
    leaves = {path.name for path in (ROOT / 'benchmarks' / 'segmentation').glob('*.py')} - {'crops.py'}
    assert leaves == {config.split('/')[-1] for config in FILES if config.startswith('benchmarks/')}


@pytest.mark.parametrize('config', [config for config in FILES if 'trash' not in config])
def test_photographs_keep_their_size(config):
    cfg = load_config(ROOT / config)
    scale = tuple(cfg.val_dataloader.dataset.pipeline[1].scale)
    types = [transform.type for transform in cfg.train_dataloader.dataset.pipeline]
    is_real = config.startswith('benchmarks/')
    assert (scale, tuple(cfg.model.data_preprocessor.size)) == (
        ((416,) * 2, (256,) * 2) if is_real else ((192,) * 2,) * 2
    )
    assert cfg.test_dataloader.dataset.pipeline == cfg.val_dataloader.dataset.pipeline
    assert ('RandomCrop' in types) == is_real
    assert cfg.val_dataloader.batch_size == 1  # photographs have different shapes


@pytest.mark.parametrize('run', WRITTEN, ids=lambda run: run.key)
def test_a_written_config_loads_and_differs(run, tmp_path):
    baseline = load_config(ROOT / SEGMENTATION.config(BASELINE, BASELINE, run.data))
    cfg = cell_config(run, tmp_path)
    changed = {key for key in set(cfg) | set(baseline) if cfg.get(key) != baseline.get(key)}
    is_model = run.group in ('loss', 'normalisation')
    assert changed - {'default_hooks'} == {'model' if is_model else 'train_dataloader'}
    assert ('default_hooks' in changed) == (run.cell == 'copy_paste_refreshed')
    if run.group == MIXING:
        assert cfg.train_dataloader.dataset.type == 'MultiImageMixDataset'
    assert f'--only {run.key.removesuffix("s0")}' in (tmp_path / 'leaf.py').read_text()


@pytest.mark.parametrize(
    ('cell', 'data', 'sizes'),
    [
        pytest.param('multi_scale_1024', SYNTHETIC, (96, 384, 192), id='half-to-twice-192'),
        pytest.param('multi_scale_1280', PHOTOGRAPHS, (260, 1040, 256), id='five-eighths-to-two-and-a-half-416'),
    ],
)
def test_scales_are_those_of_the_pictures(cell, data, sizes, tmp_path):
    run = next(run for run in FIRSTS if (run.cell, run.data) == (cell, data))
    resize, crop = cell_config(run, tmp_path).train_dataloader.dataset.pipeline[-3:-1]
    assert (*resize.scales[0], *resize.scales[-1], *crop.crop_size) == tuple(size for size in sizes for _ in range(2))


@pytest.mark.fast
def test_order():
    runs = SEGMENTATION.all_runs({})
    keys = [run.key for run in runs]
    assert len(keys) == len(set(keys))
    assert keys[:2] == ['synthetic_pretraining_s0', 'synthetic_baseline_s0']
    assert {run.group for run in runs[:19]} >= {*BLOCK_OF, TTA, 'family', 'start weights'}
    repeats = [run for run in runs if run.cell == BASELINE and run.seed]
    assert len(repeats) == 4 and runs.index(repeats[-1]) < len(runs) / 3
    assert [run.gpu for run in runs] == sorted(run.gpu for run in runs)
    for place, run in enumerate(runs):
        assert run.source is None or run.source.key in keys[:place]


@pytest.mark.fast
@pytest.mark.parametrize(
    ('cell', 'data', 'seed', 'source'),
    [
        pytest.param(BASELINE, SYNTHETIC, 1, None, id='untrained'),
        pytest.param(NO_START, PHOTOGRAPHS, 0, None, id='untrained-on-purpose'),
        pytest.param('lovasz', PHOTOGRAPHS, 2, 'synthetic_pretraining_s0', id='one-start-for-all-seeds'),
        pytest.param('upernet_swin', SYNTHETIC, 0, None, id='family'),
        pytest.param(
            'upernet_swin', PHOTOGRAPHS, 1, 'synthetic_pretraining_of_upernet_swin_s0', id='family-on-photographs'
        ),
        pytest.param('tta', PHOTOGRAPHS, 2, 'photographs_baseline_s2', id='prediction-by-its-seed'),
    ],
)
def test_what_a_run_starts_from(cell, data, seed, source):
    run = replace(next(run for run in FIRSTS if (run.cell, run.data) == (cell, data)), seed=seed)
    assert (run.source and run.source.key) == source


@pytest.mark.fast
def test_table():
    results = {f'synthetic_baseline_s{seed}': record(score) for seed, score in enumerate((0.3, 0.4))}
    results |= {'synthetic_lovasz_s0': record(0.25), 'synthetic_dice_s0': {'error': 'not finite', **SIDE}}
    results['synthetic_tta_s0'] = {**record(0.5), 'steps': None}
    speed = next(run for run in FIRSTS if run.speed == (16, True))
    results[speed.key] = {'iterations_per_second': 2.5, 'images_per_second': 40.0, 'memory_gib': 30.5, **SIDE}
    lines = write_table(results).splitlines()
    rows = {line.split(' | ')[1].strip(): line for line in lines if line.startswith('|') and ' | ' in line}
    assert '| 0.3500 ± 0.0500 (2 seeds) |  | 0.1750 ± 0.0250 (2 seeds) | 0.0875 ±' in rows[BASELINE]
    assert '| 0.2500 | -0.1000 | 0.1250 | 0.0625 | 500 | 100 |' in rows['lovasz']
    assert '| 0.5000 | +0.1500 | 0.2500 | 0.1250 |  | 100 |' in rows['tta']
    assert '0.' not in rows['dice'] and '- synthetic_dice_s0: not finite' in lines
    assert '| upernet_swin_l, batch 16, bfloat16 | 2.50 | 40.00 | 30.50 |' in lines
    assert {PRETRAINING, f'{PRETRAINING} of upernet_swin', 'ce', 'no_flip'} <= set(rows)
    assert len({line.count('|') for line in lines if line.startswith('|') and len(line) > 70}) == 1


@pytest.mark.fast
def test_the_table_belongs_to_the_records():
    folder = ROOT / 'benchmarks'
    results = json.loads((folder / 'segmentation.json').read_text(encoding='utf-8'))
    assert write_table(results) == (folder / 'segmentation.md').read_text(encoding='utf-8')


@pytest.mark.slow
def test_runs_are_recorded_and_not_repeated(tmp_path, capsys):
    data = tmp_path / 'data'
    make_synthetic(data, train=16, val=2, test=1, size=96, seed=5, frequencies='flat')
    folders = {'--synthetic': data, '--photographs': data, '--work-dir': tmp_path / 'runs'}
    out = tmp_path / 'results.json'
    options = [part for name, folder in {**folders, '--out': out}.items() for part in (name, str(folder))]
    options += ['--steps', '2', '--minutes', '30', '--only', f'synthetic_{PRETRAINING}_s0', 'synthetic_baseline_s0']
    options += ['synthetic_tta', 'photographs_evonorm_s0', 'photographs_cdb', 'photographs_cutmix']
    options += ['upernet_swin_s0']
    assert main(options) == 0
    results = json.loads(out.read_text())
    assert {key: value.get('steps') for key, value in results.items()} == {
        'synthetic_pretraining_s0': 4,
        'synthetic_baseline_s0': 2,
        'synthetic_tta_s0': None,
        'photographs_cutmix_s0': 2,
        'synthetic_upernet_swin_s0': 2,
        'synthetic_pretraining_of_upernet_swin_s0': 4,
        'photographs_upernet_swin_s0': 2,
        'photographs_evonorm_s0_s0': 2,
        'photographs_cdb_s0': 2,
    }
    assert all('error' not in one and 0 <= one['mIoU'] <= 1 for one in results.values())
    log = (tmp_path / 'runs' / 'photographs_evonorm_s0_s0.log').read_text()
    assert 'synthetic_pretraining_s0/best.pth: loaded' in log
    before = out.read_bytes()
    assert main(options) == 0 and out.read_bytes() == before
