"""What reaches the trackers, once each, across a restart; trackers that fail leave the training alone."""

import json
import time

import cv2
import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator
from mmengine.logging import HistoryBuffer
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from custom_modules.engine.tracking import TRACKERS, Tracker, training_scalars, validation_scalars
from custom_modules.engine.tracking.pictures import validation_sheet
from custom_modules.evaluation import SegmentationScorer
from custom_modules.evaluation.trash_iou_metric import TrashIoUMetric
from custom_modules.utils import UserError

KILL = ('before_train_iter', 14)


class Memory(Tracker):
    """A tracker that keeps what it is told, and fails when told to."""

    name, package, install, shows_pictures = 'memory', 'json', 'nothing', True
    told: list = []
    fails_at: int | None = None

    def start(self, run) -> str:
        run.memory['run'] = run.memory.get('run', f'started at {run.iteration}')
        self.told.append(('start', run.memory['run']))
        return 'memory'

    def log_scalars(self, values, iteration) -> None:
        if iteration == self.fails_at:
            raise OSError('the disk is full\nand more')
        self.told.append((iteration, sorted(values)))

    def note(self, facts) -> None:
        self.told.append(('note', sorted(facts)))

    def finish(self, *, completed) -> None:
        self.told.append(('finish', completed))


@pytest.fixture
def memory(monkeypatch) -> type[Memory]:
    monkeypatch.setitem(TRACKERS, 'memory', Memory)
    monkeypatch.setattr(Memory, 'told', [])
    return Memory


def tracking(*names: str) -> dict:
    return {'default_hooks': {'tracking': {'trackers': list(names), 'interval': 2}}}


def test_each_iteration_is_told_once_across_a_kill(toy_runner, killed, memory):
    with pytest.raises(killed):
        toy_runner(kill=KILL, **tracking('memory')).train()
    toy_runner(resume=True, **tracking('memory')).train()
    train = [at for at, names in memory.told if isinstance(at, int) and 'train/loss' in names]
    val = [at for at, names in memory.told if isinstance(at, int) and 'val/mAP50' in names]
    assert train == [2, 4, 5, 7, 9, 10, 12, 14, 15, 17, 19, 20]
    assert val == [5, 10, 15, 20]
    starts = [what for what in memory.told if what[0] in ('start', 'finish')]
    assert starts == [('start', 'started at 0'), ('finish', False), ('start', 'started at 0'), ('finish', True)]
    assert ('note', ['best_checkpoint', 'best_mAP50']) in memory.told


def test_predictions_are_given_up_once_they_are_shown(toy_runner, memory, monkeypatch):
    """They would stay on the card, masks and all, while the next epoch trains."""
    shown = []
    monkeypatch.setattr(Memory, 'note', lambda self, facts: shown.append(len(hook._seen)))
    runner = toy_runner(**tracking('memory'), train_cfg={'max_epochs': 1})
    hook = next(hook for hook in runner.hooks if type(hook).__name__ == 'TrackingHook')
    runner.train()
    assert shown == [4] and hook._seen == []


def test_a_new_run_in_the_same_folder_is_a_new_run(toy_runner, killed, memory, tmp_path):
    with pytest.raises(killed):
        toy_runner(kill=('before_train_iter', 3), **tracking('memory')).train()
    memory.told.clear()
    (tmp_path / 'run' / 'tracking.json').write_text(json.dumps({'memory': {'run': 'old', 'train': 99}}))
    toy_runner(train_cfg={'max_epochs': 1}, **tracking('memory')).train()
    assert ('start', 'started at 0') in memory.told and (2, ['train/loss', 'train/loss_cls', 'train/lr']) in memory.told


def test_a_tracker_that_fails_is_left_out_with_one_warning(toy_runner, memory, monkeypatch, capfd):
    monkeypatch.setattr(Memory, 'fails_at', 7)
    toy_runner(**tracking('memory')).train()
    assert [at for at, _ in memory.told if isinstance(at, int)] == [2, 4, 5, 5]
    said = ''.join(capfd.readouterr())
    assert said.count('memory failed and is left out from here on: the disk is full; the training goes on') == 1


def test_a_tracker_that_does_not_start_is_said_before_training(toy_runner, memory, monkeypatch):
    monkeypatch.setattr(Memory, 'start', lambda self, run: 1 / 0)
    runner = toy_runner(**tracking('memory'))
    with pytest.raises(UserError, match='--track memory: division by zero'):
        runner.train()
    assert not runner.has_trained


@pytest.mark.parametrize(
    ('name', 'said'),
    [('wandbb', '--track wandbb: no such tracker; there are tensorboard, wandb, mlflow'), ('gone', 'is not installed')],
)
def test_what_cannot_be_is_refused(toy_runner, monkeypatch, name, said):
    monkeypatch.setitem(TRACKERS, 'gone', type('Gone', (Memory,), {'package': 'no_such_package'}))
    if name != 'gone':
        monkeypatch.delitem(TRACKERS, 'gone')
    with pytest.raises(UserError, match=said):
        toy_runner(**tracking(name))


def test_tensorboard_holds_each_step_once(toy_runner, killed, tmp_path):
    """TensorBoard hides what came after the checkpoint a run went on from."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with pytest.raises(killed):
        toy_runner(kill=KILL, **tracking('tensorboard')).train()
    toy_runner(resume=True, **tracking('tensorboard')).train()
    events = EventAccumulator(str(tmp_path / 'run' / 'tensorboard')).Reload()
    assert [event.step for event in events.Scalars('train/loss')] == [2, 4, 5, 7, 9, 10, 12, 14, 15, 17, 19, 20]
    assert [event.step for event in events.Scalars('val/mAP50')] == [5, 10, 15, 20]
    assert set(events.Tags()['scalars']) == {'train/loss', 'train/lr', 'train/loss_cls', 'val/mAP50', 'val/mAP'}


@pytest.mark.slow
def test_wandb_offline_goes_on_with_its_run(toy_runner, killed, tmp_path, monkeypatch):
    pytest.importorskip('wandb')
    monkeypatch.setenv('WANDB_MODE', 'offline')
    with pytest.raises(killed):
        toy_runner(kill=KILL, **tracking('wandb')).train()
    toy_runner(resume=True, **tracking('wandb')).train()
    files = (tmp_path / 'run' / 'wandb').glob('offline-run-*/*.wandb')
    rows = [row for file in sorted(files) for row in history(file)]
    train = [row['iteration'] for row in rows if 'train/loss' in row]
    assert train == [2, 4, 5, 7, 9, 10, 12, 14, 15, 17, 19, 20]
    assert all(row['_step'] == row['iteration'] for row in rows)
    names = {file.parent.name.rsplit('-', 1)[-1] for file in (tmp_path / 'run' / 'wandb').glob('offline-run-*/*.wandb')}
    assert names == {json.loads((tmp_path / 'run' / 'tracking.json').read_text())['wandb']['run']}


def wait_for_the_end(file) -> None:
    """The process that writes a run's file does so a moment after the run has finished."""
    size, end = -1, time.monotonic() + 20
    while size != (size := file.stat().st_size) and time.monotonic() < end:
        time.sleep(1)


def history(file) -> list[dict]:
    """Read the rows of an offline run."""
    from wandb.proto import wandb_internal_pb2
    from wandb.sdk.internal.datastore import DataStore

    store, rows = DataStore(), []
    wait_for_the_end(file)
    store.open_for_scan(str(file))
    while (data := store.scan_data()) is not None:
        record = wandb_internal_pb2.Record()
        record.ParseFromString(data)
        if record.WhichOneof('record_type') == 'history':
            items = {item.key or '.'.join(item.nested_key): json.loads(item.value_json) for item in record.history.item}
            rows.append({'_step': record.history.step.num, **items})
    return rows


@pytest.mark.slow
def test_mlflow_goes_on_with_its_run(toy_runner, killed, tmp_path):
    mlflow = pytest.importorskip('mlflow')
    with pytest.raises(killed):
        toy_runner(kill=KILL, **tracking('mlflow')).train()
    toy_runner(resume=True, **tracking('mlflow')).train()
    client = mlflow.MlflowClient(tracking_uri=(tmp_path / 'run' / 'mlflow').as_uri())
    (run,) = client.search_runs([client.get_experiment_by_name('trash-zoo').experiment_id])
    steps = [metric.step for metric in client.get_metric_history(run.info.run_id, 'train/loss')]
    assert steps == [2, 4, 5, 7, 9, 10, 12, 14, 15, 17, 19, 20]
    assert run.info.status == 'FINISHED' and run.data.params['optim_wrapper.optimizer.lr'] == '0.01'
    assert run.data.tags['best_checkpoint'].endswith('best.pth')


def test_a_segmenters_pictures_are_shown(tmp_path):
    """The truth of the sample beside what was predicted, in the data set's colours."""
    cv2.imwrite(str(tmp_path / 'a.png'), np.full((60, 80, 3), 100, dtype=np.uint8))
    labels = torch.zeros((1, 60, 80), dtype=torch.int64)
    labels[:, 10:50, 10:70] = 1
    sample = SegDataSample(metainfo={'img_id': 1, 'img_path': str(tmp_path / 'a.png')})
    sample.gt_sem_seg, sample.pred_sem_seg = PixelData(data=labels), PixelData(data=torch.zeros_like(labels))
    metric = TrashIoUMetric()
    metric.dataset_meta = {'classes': ('Background', 'Can'), 'palette': [(0, 0, 0), (250, 0, 0)]}
    Evaluator(metric).process([sample], None)
    metric.evaluate(1)
    sheet = validation_sheet([sample], metric)
    middle = sheet.shape[0] // 2 - 10
    assert sheet[middle, 12 + 160].tolist() == [190, 40, 40]  # the truth, RGB
    assert sheet[middle, 12 + 320 + 12 + 160].tolist() == [100, 100, 100]


@pytest.mark.fast
def test_parts_of_the_loss_are_summed_over_stages():
    values = {
        'train/loss': 6.0,
        'train/lr': 1e-6,
        'train/base_lr': 1e-4,
        'train/s0.loss_cls': 1.0,
        'train/s1.loss_cls': 2.0,
        'train/loss_rpn_bbox': 3.0,
        'train/s0.acc': 90.0,
        'train/time': 0.5,
        'val/mAP50': 0.5,
    }
    buffers = {name: HistoryBuffer([value], [1]) for name, value in values.items()}
    assert training_scalars(buffers, 20) == {'loss': 6.0, 'lr': 1e-4, 'loss_cls': 3.0, 'loss_rpn_bbox': 3.0}


@pytest.mark.fast
def test_scores_of_classes_that_are_there():
    scorer = SegmentationScorer(('Background', 'Paper', 'Glass'))
    scorer.add(1, np.array([[0, 0, 1]]), np.array([[0, 1, 1]]))
    chosen = validation_scalars({'mIoU': 0.5, 'mAcc': 0.2}, scorer.result())
    assert chosen == {'val/mIoU': 0.5, 'IoU/Background': 0.5, 'IoU/Paper': 0.5}
    assert validation_scalars({'mAP50': 0.5, 'mAP75': 0.2}) == {'val/mAP50': 0.5}
