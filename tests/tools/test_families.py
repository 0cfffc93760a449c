"""One detector of each kind through the tools: a step, a prediction; slow: whole trainings, restarts, ranks."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

from custom_modules.engine import TrainOptions, load_config, train
from custom_modules.engine.hooks import TrainingStopped
from custom_modules.engine.shrink import shrink
from tools.predict import main as predict
from tools.test import main as score
from tools.train import main as train_tool

ROOT = Path(__file__).resolve().parents[2]
DEMOS = {'query': 'dino_swin', 'one-stage': 'atss_swin'}
SCHEDULE = ['param_scheduler.1.T_max=16', 'param_scheduler.1.end=16']


def config(name: str) -> str:
    return str(ROOT / 'configs' / 'demo' / f'{name}.py')


@pytest.mark.parametrize('name', DEMOS.values(), ids=DEMOS)
def test_a_step_and_a_prediction(name, synthetic_root, tmp_path):
    """A set whose objects have masks, of which these detectors take the boxes."""
    options = ['--data-root', str(synthetic_root), '--work-dir', str(tmp_path / 'run'), '--load-from', 'none', '--amp']
    quick = ['total_batch_size=4', 'train_cfg.max_epochs=1', 'train_cfg.val_interval=1', *SCHEDULE]
    assert train_tool([config(name), *options, '--train-ann', 'val.json', '--cfg-options', *quick]) == 0
    picture = next((synthetic_root / 'images').rglob('*.jpg'))
    out = tmp_path / 'found.json'
    assert predict([config(name), str(tmp_path / 'run' / 'best.pth'), str(picture), '--out', str(out)]) == 0
    found = json.loads(out.read_text())
    assert found and all(set(box) == {'image_id', 'category_id', 'bbox', 'score'} for box in found)


@HOOKS.register_module()
class StopInTest(Hook):
    """Press ctrl-C during an iteration."""

    priority = 'HIGHEST'

    def __init__(self, iteration: int) -> None:
        self.iteration = iteration

    def after_train_iter(self, runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        if runner.iter + 1 == self.iteration:
            signal.raise_signal(signal.SIGINT)


def small(name: str, *, stop_at: int | None = None):
    """Give a config for three epochs of eight iterations, one of the last plain where it mixes pictures."""
    path = ROOT / 'configs' / name
    cfg = load_config(path)
    if path.parent.name == 'trash':
        shrink(cfg)
    hooks = list(cfg.get('custom_hooks') or [])
    for hook in hooks:
        if hook['type'] == 'StopMixingHook':
            hook['num_last_epochs'] = 1
    for part in cfg.model.data_preprocessor.get('batch_augments') or []:
        part['interval'] = 3  # so that a restart falls into a block
    cfg.custom_hooks = hooks + ([{'type': 'StopInTest', 'iteration': stop_at}] if stop_at else [])
    cfg.total_batch_size = 2
    cfg.train_cfg.update(max_epochs=3, val_interval=3)
    return cfg


@pytest.mark.slow
@pytest.mark.parametrize('stop_at', [11, 20], ids=['second-epoch', 'last-epoch'])
@pytest.mark.parametrize(
    'name', ['demo/dino_swin.py', 'demo/atss_swin.py', 'demo/htc_swin.py', 'trash/yolox_s.py', 'trash/rtmdet_s.py']
)
def test_stopped_and_resumed_equals_never_stopped(name, stop_at, synthetic_root, tmp_path):
    """Also where Mosaic ends with the last epoch, batches change their size and an average of the weights is kept."""
    options = {'data_root': str(synthetic_root), 'load_from': 'none'}
    whole = train(small(name), TrainOptions(**options, work_dir=str(tmp_path / 'whole')))
    cut = {**options, 'work_dir': str(tmp_path / 'cut')}
    with pytest.raises(TrainingStopped):
        train(small(name, stop_at=stop_at), TrainOptions(**cut))
    (tmp_path / 'cut' / '.lock').unlink()  # the end of a process frees its folder
    resumed = train(small(name), TrainOptions(**cut, resume=True))
    one, other = (torch.load(folder / 'last.pth', weights_only=True) for folder in (whole, resumed))
    assert one['meta']['iter'] == other['meta']['iter'] == 24
    for part in ('state_dict', 'ema_state_dict'):
        for key, value in one.get(part, {}).items():
            assert torch.equal(value, other[part][key]), f'{part} {key}'
    for index, moments in one['optimizer']['state'].items():
        for key, value in moments.items():
            assert torch.equal(torch.as_tensor(value), torch.as_tensor(other['optimizer']['state'][index][key]))


@pytest.mark.slow
@pytest.mark.parametrize('name', [*DEMOS.values(), 'htc_swin'], ids=[*DEMOS, 'two-stage'])
def test_a_full_training_learns(name, synthetic_root, tmp_path):
    """Sixteen pictures, learned by heart: the loss falls, and what is scored on them is far from nothing."""
    options = ['--data-root', str(synthetic_root), '--work-dir', str(tmp_path / 'run'), '--load-from', 'none']
    epochs = 40
    schedule = [f'param_scheduler.1.T_max={epochs}', f'param_scheduler.1.end={epochs}']
    length = [f'train_cfg.max_epochs={epochs}', f'train_cfg.val_interval={epochs}', 'total_batch_size=4']
    assert train_tool([config(name), *options, '--cfg-options', *length, *schedule]) == 0
    rows = [line.split(',') for line in (tmp_path / 'run' / 'scalars.csv').read_text().splitlines()]
    losses = [float(row[-1]) for row in rows if row[-2] == 'loss']
    assert losses[-1] < 0.7 * losses[0]
    out = tmp_path / 'found.json'
    best = str(tmp_path / 'run' / 'best.pth')
    ann = ['--ann', 'train.json', '--out', str(out)]
    assert score([config(name), best, '--data-root', str(synthetic_root), *ann]) == 0
    assert json.loads((tmp_path / 'found.metrics.json').read_text())['scores']['mAP50'] > 0.15


@pytest.mark.slow
@pytest.mark.parametrize('name', ['demo/dino_swin.py', 'demo/atss_swin.py'], ids=DEMOS)
def test_two_ranks_of_which_some_see_no_objects(name, synthetic_root, tmp_path):
    """Only one picture of four has objects, so most steps have a rank without."""
    folder = tmp_path / 'data'
    folder.mkdir()
    shutil.copytree(synthetic_root / 'images', folder / 'images')
    for ann in ('train.json', 'val.json'):
        content = json.loads((synthetic_root / ann).read_text())
        kept = {image['id'] for image in content['images'][::4]}
        content['annotations'] = [a for a in content['annotations'] if a['image_id'] in kept]
        (folder / ann).write_text(json.dumps(content))
    options = ['--data-root', str(folder), '--work-dir', str(tmp_path / 'run'), '--load-from', 'none']
    quick = ['total_batch_size=2', 'train_cfg.max_epochs=1', 'train_cfg.val_interval=1']
    command = [ROOT / 'tools' / 'dist_train.sh', ROOT / 'configs' / name, '2', *options, '--cfg-options', *quick]
    environment = {**os.environ, 'PATH': f'{Path(sys.executable).parent}:{os.environ["PATH"]}', 'OMP_NUM_THREADS': '1'}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=400, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(torch.load(tmp_path / 'run' / 'last.pth', weights_only=True)['random_states']) == 2
