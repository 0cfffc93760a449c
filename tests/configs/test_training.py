"""Every leaf on disk trains for a step and predicts: shrunk by default, at full width under `make test-zoo`."""

import gc
from pathlib import Path

import pytest
from mmengine.config import ConfigDict

from benchmarks.comparison import Run
from benchmarks.segmentation_configs import leaf_text
from benchmarks.segmentation_grid import SEGMENTATION
from custom_modules.engine import load_config
from custom_modules.engine.shrink import shrink
from custom_modules.engine.tasks import is_segmentation
from tests.configs.one_step import check_outcome, train_one_step

ROOT = Path(__file__).resolve().parents[2]
LEAVES = sorted(path for folder in ('trash', 'demo') for path in (ROOT / 'configs' / folder).glob('*.py'))
CELLS = sorted((ROOT / 'benchmarks' / 'detection').glob('*.py'))
CELLS += sorted(path for path in (ROOT / 'benchmarks' / 'segmentation').glob('*.py') if path.stem != 'crops')
WRITTEN = [run for run in SEGMENTATION.first_runs() if not run.config]


def name(path: Path) -> str:
    return f'{path.parent.name}/{path.stem}'


@pytest.mark.parametrize('path', LEAVES, ids=name)
def test_one_step_shrunk(path, one_step):
    cfg = load_config(path)
    shrink(cfg)
    outcome = one_step(cfg)
    check_outcome(outcome)
    size = sum(weight.numel() for weight in outcome.runner.model.parameters())
    assert size < 3e6, f'{size / 1e6:.1f} M parameters are left: teach custom_modules/engine/shrink.py about them'


MIXING = [
    {'type': 'CutMix', 'prob': 1.0},
    {'type': 'CopyBlob', 'paste': {'car': ['road'], 'bicycle': ['building']}, 'prob': 1.0},
    {'type': 'TrashSegCopyPaste', 'prob': 1.0},
]


@pytest.mark.parametrize('steps', [[], MIXING], ids=['plain', 'mixing'])
def test_one_step_on_label_pictures(indexed_minicity, tmp_path, steps):
    cfg = load_config(ROOT / 'configs' / 'trash' / 'minicity_deeplabv3_r50.py')
    if steps:
        inner = cfg.train_dataloader.dataset
        pipeline, inner.pipeline = inner.pipeline, inner.pipeline[:2]
        cfg.train_dataloader.dataset = ConfigDict(
            type='MultiImageMixDataset', dataset=inner, pipeline=[*steps, *pipeline[2:]]
        )
    shrink(cfg)
    outcome = train_one_step(cfg, indexed_minicity, tmp_path / 'run')
    assert outcome.changed == outcome.trainable
    assert outcome.runner.model.decode_head.num_classes == 19
    assert outcome.found.data.shape == (1, 32, 64) and outcome.found.data.max() < 19


@pytest.mark.slow
@pytest.mark.parametrize('path', CELLS, ids=name)
def test_one_step_of_a_benchmark(path, one_step):
    cfg = load_config(path)
    shrink(cfg)
    check_outcome(one_step(cfg))


@pytest.mark.slow
@pytest.mark.parametrize('run', WRITTEN, ids=lambda run: run.key)
def test_one_step_of_a_config_written_for_a_benchmark(run: Run, tmp_path, one_step):
    path = tmp_path / 'leaf.py'
    path.write_text(leaf_text(run.cell, run.group, run.data))
    cfg = load_config(path)
    shrink(cfg)
    check_outcome(one_step(cfg))


@pytest.mark.zoo
@pytest.mark.parametrize('path', LEAVES, ids=name)
def test_one_step_at_full_width(path, one_step):
    cfg = load_config(path)
    shrink(cfg, model=False, pictures=4)  # 1024 px become 256
    # Batch norm after pooling to one pixel needs two pictures.
    cfg.total_batch_size = cfg.optim_wrapper.get('accumulative_counts', 1) * (2 if is_segmentation(cfg) else 1)
    check_outcome(one_step(cfg, keeps_files=False))
    gc.collect()  # runners are full of cycles: without this two large models would be in memory at a time
