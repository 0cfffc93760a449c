"""Training through the command line: a run, its files, its restarts, its refusals."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from custom_modules.engine import training, workers
from custom_modules.engine.tracking.trackers import TRACKERS
from custom_modules.utils import UserError
from tools.train import main

ROOT = Path(__file__).resolve().parents[2]
HTC = str(ROOT / 'configs' / 'demo' / 'htc_swin.py')
CASCADE = str(ROOT / 'configs' / 'demo' / 'cascade_mask_rcnn_swin.py')
FEW = ['--train-ann', 'val.json']  # four pictures: one iteration an epoch
QUICK = ['--load-from', 'none', '--cfg-options', 'total_batch_size=4', 'train_cfg.val_interval=1']


def arguments(data_root, work_dir, *options, config=CASCADE, epochs=1):
    # A schedule longer than any test, so that it is always under way.
    schedule = ['param_scheduler.1.T_max=16', 'param_scheduler.1.end=16']
    quick = [*QUICK, *schedule, f'train_cfg.max_epochs={epochs}']
    return [config, '--data-root', str(data_root), '--work-dir', str(work_dir), *options, *quick]


@pytest.fixture(scope='module')
def finished_run(synthetic_root, tmp_path_factory) -> Path:
    """Two epochs of four iterations, never interrupted."""
    folder = tmp_path_factory.mktemp('run')
    folder.rmdir()
    assert main(arguments(synthetic_root, folder, epochs=2)) == 0
    return folder


def state(folder: Path) -> dict:
    return torch.load(folder / 'last.pth', weights_only=True)


def assert_same_state(one: dict, other: dict) -> None:
    assert one['meta']['iter'] == other['meta']['iter']
    for name, value in one['state_dict'].items():
        assert torch.equal(value, other['state_dict'][name]), name
    for index, moments in one['optimizer']['state'].items():
        for name, value in moments.items():
            assert torch.equal(torch.as_tensor(value), torch.as_tensor(other['optimizer']['state'][index][name]))
    assert one['param_schedulers'] == other['param_schedulers']


def numbers(folder: Path) -> list[str]:
    """Lines of scalars.csv that do not measure time."""
    return [line for line in (folder / 'scalars.csv').read_text().splitlines() if 'time' not in line]


def test_a_run_leaves_everything_a_user_looks_for(finished_run):
    names = {path.name for path in finished_run.iterdir()}
    assert {'config.py', 'run.json', 'last.pth', 'best.pth', 'state.json', 'scalars.csv', 'curves.png', 'val'} <= names
    assert {path.name for path in (finished_run / 'val').iterdir()} >= {'per_class.csv', 'pr_curves.png'}
    best = torch.load(finished_run / 'best.pth', weights_only=True)
    assert len(best['meta']['classes']) == 10 and 'optimizer' not in best
    assert state(finished_run)['meta']['iter'] == 8


def test_heads_follow_the_data_set(finished_run):
    weights = state(finished_run)['state_dict']
    assert weights['roi_head.bbox_head.2.fc_cls.weight'].shape[0] == 11  # ten classes and background


@pytest.mark.slow
def test_killed_and_resumed_equals_never_stopped(finished_run, synthetic_root, tmp_path):
    """SIGKILL in the second epoch, after its first iterations are lost: the end is the same to the bit."""
    command = [sys.executable, str(ROOT / 'tools' / 'train.py'), *arguments(synthetic_root, tmp_path / 'run', epochs=2)]
    with open(tmp_path / 'log', 'w') as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_for(lambda: (tmp_path / 'run' / 'state.json').is_file(), process)
        process.kill()
        process.wait()
    assert main(arguments(synthetic_root, tmp_path / 'run', '--resume', epochs=2)) == 0
    assert_same_state(state(finished_run), state(tmp_path / 'run'))
    assert numbers(finished_run) == numbers(tmp_path / 'run')


@pytest.mark.parametrize(
    ('number', 'code'),
    [
        pytest.param(signal.SIGINT, 130, id='ctrl-C'),
        pytest.param(signal.SIGTERM, 143, id='terminate', marks=pytest.mark.slow),
    ],
)
def test_a_signal_loses_no_iteration(finished_run, synthetic_root, tmp_path, number, code):
    command = [sys.executable, str(ROOT / 'tools' / 'train.py'), *arguments(synthetic_root, tmp_path / 'run', epochs=2)]
    with open(tmp_path / 'log', 'w') as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_for(lambda: 'epoch 1/' in (tmp_path / 'log').read_text(), process)
        process.send_signal(number)
        assert process.wait(60) == code
    assert '--resume' in (tmp_path / 'log').read_text()
    assert main(arguments(synthetic_root, tmp_path / 'run', '--resume', epochs=2)) == 0
    assert_same_state(state(finished_run), state(tmp_path / 'run'))


def test_a_time_limit_ends_with_a_checkpoint_to_go_on_from(finished_run, synthetic_root, tmp_path, capfd):
    """There is no time at all: one iteration, then the rest."""
    assert main(arguments(synthetic_root, tmp_path / 'stopped', '--max-hours', '0.0001', epochs=2)) == 0
    assert 'stopped by the time limit after iteration 1, everything is in' in capfd.readouterr().out
    shutil.copytree(tmp_path / 'stopped', tmp_path / 'run')  # the first one stays locked as long as this process lives
    assert main(arguments(synthetic_root, tmp_path / 'run', '--resume', epochs=2)) == 0
    assert_same_state(state(finished_run), state(tmp_path / 'run'))
    assert numbers(finished_run) == numbers(tmp_path / 'run')


@pytest.mark.slow
def test_a_detector_with_all_choices_goes_on_exactly(synthetic_root, tmp_path):
    """AdamP, layer-wise decay, averaged weights, cosine restarts, early stopping; cut off and resumed three times."""
    config = tmp_path / 'choices.py'
    bases = [CASCADE, str(ROOT / 'configs' / '_base_' / 'schedules' / 'choices.py')]
    config.write_text(
        f'_base_ = {bases}\n'
        'optim_wrapper = dict(_base_.layer_decay, optimizer=dict(type="AdamP", lr=1e-5))\n'
        'param_scheduler = [dict(_base_.cosine_restarts, T_0=2, eta_max=1e-3)]\n'
        'custom_hooks = [_base_.ema, _base_.early_stopping]\n'
    )
    options = ['--data-root', str(synthetic_root), *QUICK, 'train_cfg.max_epochs=2']
    assert main([str(config), '--work-dir', str(tmp_path / 'whole'), *options]) == 0
    folder = tmp_path / 'cut0'
    assert main([str(config), '--work-dir', str(folder), '--max-hours', '0.0001', *options]) == 0
    for start in range(1, 4):
        folder = Path(shutil.copytree(folder, tmp_path / f'cut{start}'))  # another folder: locks go with the process
        limit = ['--max-hours', '0.0001'] if start < 3 else []
        assert main([str(config), '--work-dir', str(folder), '--resume', *limit, *options]) == 0
    whole, cut = state(tmp_path / 'whole'), state(folder)
    assert_same_state(whole, cut)
    for name, value in whole['ema_state_dict'].items():
        assert torch.equal(value, cut['ema_state_dict'][name]), name
    assert whole['early_stopping'] == cut['early_stopping']
    assert numbers(tmp_path / 'whole') == numbers(folder)


@pytest.mark.slow
def test_ranks_stop_together_at_the_time_limit(synthetic_root, tmp_path):
    script = str(ROOT / 'tools' / 'dist_train.sh')
    options = arguments(synthetic_root, tmp_path / 'run', '--max-hours', '0.0001')[1:]
    environment = {**os.environ, 'PATH': f'{Path(sys.executable).parent}:{os.environ["PATH"]}'}
    done = subprocess.run(
        [script, CASCADE, '2', *options], env=environment, capture_output=True, text=True, timeout=300, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('stopped by the time limit after iteration 1,') == 1
    assert len(state(tmp_path / 'run')['random_states']) == 2


def wait_for(condition, process, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None and time.monotonic() < end, 'the training ended or hung before the signal'
        time.sleep(0.05)


def test_a_run_killed_before_its_first_checkpoint_starts_again(finished_run, synthetic_root, tmp_path, capfd):
    folder = shutil.copytree(finished_run, tmp_path / 'run', ignore=shutil.ignore_patterns('*.pth'))
    assert main(arguments(synthetic_root, folder, '--resume', *FEW)) == 0
    assert 'starting from the beginning' in ''.join(capfd.readouterr())
    assert state(folder)['meta']['iter'] == 1
    assert max(int(line.split(',')[0]) for line in (folder / 'scalars.csv').read_text().splitlines()[1:]) == 1


def test_a_run_that_is_not_there_is_started_with_a_warning(synthetic_root, tmp_path, capfd, monkeypatch):
    monkeypatch.setattr(workers, 'usable_cores', lambda: 1)
    os.chdir(tmp_path)
    (tmp_path / 'first_run').mkdir()
    (tmp_path / 'first_run' / 'run.json').touch()
    options = arguments(synthetic_root, tmp_path / 'fist_run', '--resume', *FEW)
    assert main([*options, 'val_dataloader.num_workers=2']) == 0
    out, err = capfd.readouterr()
    assert f'no run folder {tmp_path}/fist_run,' in out + err and f'did you mean {tmp_path}/first_run?' in out + err
    assert (out + err).count('WARNING - --resume') == 1
    assert 'workers: 1 a loader, not 2' in out + err
    assert out.endswith('finished, see fist_run\n')


def test_another_accumulation_goes_on_at_the_same_epoch(finished_run, synthetic_root, tmp_path):
    """Two epochs of four iterations, then one of eight half as large: 24 of a run that accumulates all along.

    The warm-up ends after 30 updates, 60 iterations; after 24, the rate is 0.05 + 0.95 * 24 / 59 of the full one.
    """
    folder = shutil.copytree(finished_run, tmp_path / 'run')
    options = arguments(synthetic_root, folder, '--resume', epochs=3)
    assert main([*options, 'optim_wrapper.accumulative_counts=2']) == 0
    content = state(folder)
    assert (content['meta']['iter'], content['meta']['epoch']) == (24, 3)
    warm_up, cosine = content['param_schedulers']
    assert (warm_up['last_step'], warm_up['end'], cosine['last_step'], cosine['T_max']) == (24, 60, 24, 16 * 8)
    full = 1e-3 * 0.95 * (0.05 + 0.95 * 24 / 59)  # the cosine has fallen by 5 % or so
    assert content['optimizer']['param_groups'][0]['lr'] == pytest.approx(full, rel=0.06)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        pytest.param(['total_batch_size=8'], 'trained with total_batch_size 4, here it is 8', id='batch'),
        pytest.param(['randomness.seed=5'], 'resume with --seed 0', id='seed'),
        pytest.param(['train_dataloader.sampler.shuffle=false'], 'here it is ResumableSampler(shuffle=F', id='sampler'),
        pytest.param(['param_scheduler=none'], "schedule is not the config's", id='schedule'),
        pytest.param(['optim_wrapper.paramwise_cfg=none'], "optimizer or schedule is not the config's", id='groups'),
    ],
)
def test_resuming_a_different_training_is_refused(finished_run, synthetic_root, tmp_path, options, message):
    before = arguments(synthetic_root, tmp_path / 'run', '--resume', str(finished_run / 'last.pth'), epochs=3)
    with pytest.raises(UserError) as error:
        main([*before, *options])
    assert message in str(error.value) and '\n' not in str(error.value)
    assert not (tmp_path / 'run').exists()


def test_resuming_on_other_data_is_refused(finished_run, synthetic_root, tmp_path):
    resume = ('--resume', str(finished_run / 'last.pth'))
    for name in ('train.json', 'val.json'):
        content = json.loads((synthetic_root / name).read_text())
        content['categories'][0]['name'] = 'something else'
        (tmp_path / name).write_text(json.dumps(content))
    shutil.copytree(synthetic_root / 'images', tmp_path / 'images')
    with pytest.raises(UserError, match='trained with classes .*--load-from'):
        main(arguments(tmp_path, tmp_path / 'run', *resume, epochs=3))
    with pytest.raises(UserError, match='trained with num_images 16, here it is 4'):
        main(arguments(synthetic_root, tmp_path / 'run', *resume, *FEW, epochs=3))


def test_weights_alone_are_not_resumed(finished_run, synthetic_root, tmp_path):
    with pytest.raises(UserError, match=r'best\.pth: holds weights only'):
        main(arguments(synthetic_root, tmp_path / 'run', '--resume', str(finished_run / 'best.pth')))


def test_another_accumulation_inside_an_epoch_is_refused(finished_run, synthetic_root, tmp_path):
    content = state(finished_run)
    content['meta'].update(iter=6, epoch=1)
    torch.save(content, tmp_path / 'inside.pth')
    options = arguments(synthetic_root, tmp_path / 'run', '--resume', str(tmp_path / 'inside.pth'), epochs=3)
    with pytest.raises(UserError, match=r'inside an epoch of 4 iterations .* of 8; .*accumulative_counts=1'):
        main([*options, 'optim_wrapper.accumulative_counts=2'])


def test_a_changed_schedule_is_not_followed_in_silence(finished_run, synthetic_root, tmp_path, capfd):
    folder = shutil.copytree(finished_run, tmp_path / 'run')
    assert main([*arguments(synthetic_root, folder, '--resume', epochs=2), 'param_scheduler.1.T_max=20']) == 0
    assert 'CosineAnnealingLR.T_max 64 (config: 80)' in ''.join(capfd.readouterr())


def test_a_folder_in_use_is_refused(finished_run, synthetic_root):
    before = (finished_run / 'last.pth').stat().st_mtime
    with pytest.raises(UserError, match=r'--resume.*--work-dir'):
        main(arguments(synthetic_root, finished_run))
    assert (finished_run / 'last.pth').stat().st_mtime == before


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        pytest.param(['--data-root', '/nowhere'], 'there is no data folder /nowhere', id='data-root'),
        pytest.param(['--train-ann', 'gone.json'], 'gone.json', id='train-ann'),
        pytest.param(['--load-from', 'gone.pth'], 'gone.pth: no such checkpoint', id='load-from'),
        pytest.param(['--resume', 'gone.pth'], 'nothing to resume', id='resume'),
        pytest.param(['--track', 'wandb,comet'], '--track comet: no such tracker; there are tensorboard', id='track'),
        pytest.param(['--max-hours', '-1'], '--max-hours -1.0: give a number above 0', id='max-hours'),
        pytest.param(['--cfg-options', 'total_batch_size=0'], 'total_batch_size is 0', id='batch'),
        pytest.param(['--cfg-options', 'model.bbox_hed=1'], "argument 'bbox_hed'", id='model'),
        pytest.param(['--cfg-options', 'default_hooks.curves.every=1'], "argument 'every'", id='hook'),
        pytest.param(['--cfg-options', 'train_cfg.max_epoch=1'], 'train_cfg: ', id='train_cfg'),
        pytest.param(['--cfg-options', 'optim_wrapper.clip_grad=5'], 'optim_wrapper: If `clip_grad`', id='clip_grad'),
        pytest.param(['--cfg-options', 'optim_wrapper.optimizer.lrr=1'], "argument 'lrr'", id='optimizer'),
        pytest.param(['--cfg-options', 'param_scheduler.1.T_maximum=1'], 'param_scheduler: ', id='param_scheduler'),
        pytest.param(['--cfg-options', 'train_dataloader.dataset.filter=1'], 'train_dataloader: ', id='dataset'),
        pytest.param(['--cfg-options', 'train_dataloader.sampler.shuffled=1'], 'train_dataloader: ', id='sampler'),
        pytest.param(['--cfg-options', 'val_evaluator.metrics=1'], 'val_evaluator: ', id='evaluator'),
    ],
)
def test_mistakes_end_in_one_line_and_leave_nothing(synthetic_root, tmp_path, options, message):
    command = [CASCADE, '--data-root', str(synthetic_root), '--work-dir', str(tmp_path / 'run'), '--load-from', 'none']
    with pytest.raises(UserError) as error:
        main([*command, *options])
    assert message in str(error.value)
    assert '\n' not in str(error.value)
    assert not (tmp_path / 'run').exists()


@pytest.mark.fast
def test_a_tracker_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setattr(TRACKERS['mlflow'], 'package', 'no_such_module')
    with pytest.raises(UserError, match='^--track mlflow: no_such_module is not installed; pip install -r requirem'):
        main([CASCADE, '--track', 'mlflow'])


def test_not_a_number_stops_the_run_and_keeps_the_checkpoint_good(synthetic_root, tmp_path):
    options = [*arguments(synthetic_root, tmp_path / 'run', epochs=2), 'optim_wrapper.optimizer.lr=1e30']
    with pytest.raises(UserError, match='finite'):
        main(options)
    for path in (tmp_path / 'run').glob('*.pth'):
        weights = torch.load(path, weights_only=True)['state_dict']
        assert all(value.isfinite().all() for value in weights.values() if value.is_floating_point())


@pytest.mark.parametrize('option', ['--amp', '--low-memory'])
def test_options_for_small_cards(synthetic_root, tmp_path, option, capfd, monkeypatch):
    exact = []
    monkeypatch.setattr(training, 'keep_boxes_exact', exact.append)
    assert main(arguments(synthetic_root, tmp_path / 'run', option, *FEW, config=HTC)) == 0
    said = {'--amp': 'mixed precision: bfloat16', '--low-memory': 'recomputed in the backward'}[option]
    assert said in ''.join(capfd.readouterr())
    assert [type(model).__name__ for model in exact] == ['HybridTaskCascade'] * (option == '--amp')


def test_a_set_with_boxes_only_trains_without_masks(synthetic_root, tmp_path, capfd):
    folder = tmp_path / 'boxes'
    folder.mkdir()
    shutil.copytree(synthetic_root / 'images', folder / 'images')
    for name in ('train.json', 'val.json'):
        content = json.loads((synthetic_root / name).read_text())
        for annotation in content['annotations']:
            del annotation['segmentation']
        (folder / name).write_text(json.dumps(content))
    assert main(arguments(folder, tmp_path / 'run', *FEW, config=HTC)) == 0
    assert 'boxes only, the mask branch is left out' in ''.join(capfd.readouterr())
    assert not any('mask_head' in name for name in state(tmp_path / 'run')['state_dict'])


def test_start_from_another_detector_reports_what_fitted(finished_run, synthetic_root, tmp_path, capfd):
    options = ['--data-root', str(synthetic_root), '--work-dir', str(tmp_path / 'run')]
    start = ['--load-from', str(finished_run / 'best.pth'), '--cfg-options', 'train_cfg.max_epochs=1']
    assert main([HTC, *options, *FEW, *start, 'total_batch_size=4']) == 0
    said = ''.join(capfd.readouterr())
    assert 'tensors of the model: backbone, neck' in said and 'start untrained' in said and 'mask_head' in said


@pytest.mark.slow
@pytest.mark.parametrize('ranks', [2, 4])
def test_ranks_on_the_cpu_train_together(synthetic_root, tmp_path, ranks):
    """Half of the pictures have no object, so that some ranks see only such pictures."""
    folder = tmp_path / 'data'
    folder.mkdir()
    shutil.copytree(synthetic_root / 'images', folder / 'images')
    for name in ('train.json', 'val.json'):
        content = json.loads((synthetic_root / name).read_text())
        kept = {image['id'] for image in content['images'][::2]}
        content['annotations'] = [a for a in content['annotations'] if a['image_id'] in kept]
        (folder / name).write_text(json.dumps(content))
    script = str(ROOT / 'tools' / 'dist_train.sh')
    options = arguments(folder, tmp_path / 'run', config=HTC)[1:]
    environment = {**os.environ, 'PATH': f'{Path(sys.executable).parent}:{os.environ["PATH"]}'}
    done = subprocess.run(
        [script, HTC, str(ranks), *options], env=environment, capture_output=True, text=True, timeout=300, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert len(state(tmp_path / 'run')['random_states']) == ranks
    assert done.stdout.count('finished, see') == 1
