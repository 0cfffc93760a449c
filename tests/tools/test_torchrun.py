"""Several ranks from one command: what torchrun is asked for, how it ends, what is said."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from torch.distributed.elastic.multiprocessing.errors import ProcessFailure

from tools._torchrun import check_meeting_point, check_ranks, main, report_failure, torchrun_arguments

ROOT = Path(__file__).resolve().parents[2]


def test_one_machine_takes_a_free_port():
    assert torchrun_arguments(4, {}) == ['--nproc-per-node=4', '--standalone']


@pytest.mark.parametrize(('port', 'expected'), [({}, '29500'), ({'PORT': '12345'}, '12345')], ids=['default', 'given'])
def test_several_machines_share_a_port(port, expected):
    environment = {'NNODES': '2', 'NODE_RANK': '1', 'MASTER_ADDR': '10.0.0.1', **port}
    assert torchrun_arguments(8, environment) == [
        '--nproc-per-node=8',
        '--nnodes=2',
        '--node-rank=1',
        '--master-addr=10.0.0.1',
        f'--master-port={expected}',
    ]


def test_an_empty_variable_is_as_good_as_none():
    assert torchrun_arguments(4, {'NNODES': '', 'PORT': ''}) == ['--nproc-per-node=4', '--standalone']


TWO = {'NNODES': '2', 'NODE_RANK': '0', 'MASTER_ADDR': '127.0.0.1'}


@pytest.mark.parametrize(
    ('environment', 'message'),
    [
        pytest.param({'NNODES': '2', 'NODE_RANK': '0'}, 'needs MASTER_ADDR', id='no-address'),
        pytest.param({'NNODES': 'two'}, "NNODES is 'two'", id='word'),
        pytest.param({**TWO, 'NODE_RANK': '2'}, 'counted from 0 to 1', id='rank'),
        pytest.param({**TWO, 'PORT': 'x'}, "PORT is 'x'", id='port'),
    ],
)
def test_wrong_variables_are_named(environment, message, capsys):
    with pytest.raises(SystemExit) as ended:
        torchrun_arguments(8, environment)
    assert ended.value.code == 2 and message in capsys.readouterr().err


def test_a_taken_port_is_named(capsys):
    with socket.socket() as listener:
        listener.bind(('', 0))
        listener.listen()
        port = str(listener.getsockname()[1])
        with pytest.raises(SystemExit) as ended:
            check_meeting_point(torchrun_arguments(2, {**TWO, 'PORT': port}))
        assert ended.value.code == 2
        words = capsys.readouterr().err
        assert f'127.0.0.1:{port}: ' in words and 'PORT must be free' in words and words.count('\n') == 1
        check_meeting_point(torchrun_arguments(2, {**TWO, 'PORT': port, 'NODE_RANK': '1'}))  # listens nowhere


@pytest.mark.parametrize(
    ('text', 'cards', 'message'),
    [
        pytest.param('four', 4, "GPUS is 'four'", id='word'),
        pytest.param('0', 4, "GPUS is '0'", id='zero'),
        pytest.param('8', 4, 'this machine has 4 card(s)', id='too-many'),
    ],
)
def test_wrong_numbers_of_cards(text, cards, message, capsys):
    with pytest.raises(SystemExit):
        check_ranks(text, cards)
    assert message in capsys.readouterr().err


def test_without_cards_any_number_of_cpu_ranks_will_do():
    assert check_ranks('3', 0) == 3


def failure(folder, rank, code, message=None, timestamp=0.0):
    """What torchrun tells of a rank; with a message the rank has left its file."""
    path = folder / f'{rank}.json'
    if message:
        path.write_text(json.dumps({'message': message, 'timestamp': timestamp}))
    return ProcessFailure(local_rank=rank, pid=1, exitcode=code, error_file=str(path))


@pytest.mark.parametrize(
    ('ranks', 'code', 'said'),
    [
        pytest.param([(2, 'error: no', 5.1), (2, 'error: no', 5.2)], 2, 'error: no\n', id='mistake-said-once'),
        pytest.param(
            [(1, 'Traceback: peer gone', 5.9), (1, 'Traceback: IndexError', 5.3)],
            1,
            'Traceback: IndexError\nerror: rank 1 ended with code 1, see above\n',
            id='first-of-two-tracebacks',
        ),
        pytest.param([(1, '2 not read', 5.1)], 1, '2 not read\n', id='done-but-for-some'),
        pytest.param([(-15,), (-11,)], 139, 'error: rank 1 ended with code -11, see above\n', id='crash'),
        pytest.param([(143,), (2, 'error: no', 9e12)], 2, 'error: no\n', id='the-others-were-stopped'),
    ],
)
def test_the_cause_is_told_once(ranks, code, said, tmp_path, capsys):
    failures = {rank: failure(tmp_path, rank, *facts) for rank, facts in enumerate(ranks)}
    assert report_failure(failures) == code
    assert capsys.readouterr().err == said


def test_wrong_options_are_said_once_and_before_any_rank(capsys, monkeypatch):
    monkeypatch.setattr(sys, 'argv', ['_torchrun.py'])
    with pytest.raises(SystemExit) as ended:
        main(['2', str(ROOT / 'tools' / 'train.py'), 'config.py', '--sed', '1'])
    assert ended.value.code == 2
    assert capsys.readouterr().err.count('unrecognized arguments: --sed') == 1


def start(script: str, *arguments: str, folder: Path) -> subprocess.Popen:
    """Start a dist script on two ranks; what it says goes to folder/log."""
    environment = {**os.environ, 'PATH': f'{Path(sys.executable).parent}:{os.environ["PATH"]}', 'OMP_NUM_THREADS': '1'}
    with open(folder / 'log', 'w') as log:
        return subprocess.Popen([ROOT / 'tools' / script, *arguments], env=environment, stdout=log, stderr=log)


@pytest.mark.slow
@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM], ids=['ctrl-C', 'terminate'])
def test_a_signal_to_the_launcher_leaves_a_checkpoint(synthetic_root, htc, tmp_path, number):
    options = ['--data-root', str(synthetic_root), '--work-dir', str(tmp_path / 'run'), '--load-from', 'none']
    changes = ['total_batch_size=4', 'train_cfg.max_epochs=30', 'train_cfg.val_interval=30']
    options += ['--cfg-options', *changes, 'train_dataloader.num_workers=1']
    process = start('dist_train.sh', htc, '2', *options, folder=tmp_path)
    end = time.monotonic() + 120
    while 'epoch 1/' not in (tmp_path / 'log').read_text():
        assert process.poll() is None and time.monotonic() < end, (tmp_path / 'log').read_text()
        time.sleep(0.1)
    process.send_signal(number)
    assert process.wait(90) == 128 + number
    words = (tmp_path / 'log').read_text()
    assert 'Traceback' not in words and words.count('stopped after iteration') == 1
    assert 'no usable card' in words or torch.cuda.is_available()
    state = torch.load(tmp_path / 'run' / 'last.pth', weights_only=True)
    assert state['meta']['iter'] > 0 and len(state['random_states']) == 2


@pytest.mark.slow
def test_ranks_score_as_one_process_does(trained_htc, htc, synthetic_root, tmp_path):
    from tools.test import main as test

    best, data = str(trained_htc / 'best.pth'), ['--data-root', str(synthetic_root)]
    process = start('dist_test.sh', htc, best, '2', *data, '--out', str(tmp_path / 'two.json'), folder=tmp_path)
    assert process.wait(120) == 0, (tmp_path / 'log').read_text()
    assert test([htc, best, *data, '--out', str(tmp_path / 'one.json')]) == 0
    one, two = (json.loads((tmp_path / f'{name}.metrics.json').read_text())['scores'] for name in ('one', 'two'))
    assert one == pytest.approx(two, abs=1e-6)
    assert f'mAP50 {two["mAP50"]:.6f}' in (tmp_path / 'log').read_text()


@pytest.mark.slow
@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM], ids=['ctrl-C', 'terminate'])
def test_a_stopped_prediction_says_how_to_go_on(trained_htc, htc, synthetic_root, tmp_path, number):
    """The pictures of the data set many times over, one of them damaged."""
    for picture in range(60):
        source = next(synthetic_root.rglob('*.jpg'))
        (tmp_path / f'{picture:02d}.jpg').write_bytes(source.read_bytes() if picture else b'gone')
    out = tmp_path / 'out.json'
    command = [htc, str(trained_htc / 'best.pth'), '2', str(tmp_path), '--out', str(out)]
    process = start('dist_predict.sh', *command, folder=tmp_path)
    journal, end = tmp_path / '.out.json.parts' / 'rank00000.journal', time.monotonic() + 120
    while not (journal.exists() and journal.read_bytes().count(b'\n') > 3):
        assert process.poll() is None and time.monotonic() < end, (tmp_path / 'log').read_text()
        time.sleep(0.1)
    process.send_signal(number)
    assert process.wait(60) == 128 + number
    words = (tmp_path / 'log').read_text()
    assert words.count('of 60 pictures are done, the same command goes on from there') == 1
    assert 'Traceback' not in words and 'error' not in words
    process = start('dist_predict.sh', *command, folder=tmp_path)
    assert process.wait(300) == 1
    words = (tmp_path / 'log').read_text()
    assert 'of 60 pictures are done, going on from there' in words
    assert words.endswith('1 picture(s) could not be read\n') and 'error: ' not in words
    assert '59 pictures, detections in' in words and words.count('not read: ') == 1


@pytest.mark.slow
def test_a_mistake_is_told_once_by_all_ranks(htc, tmp_path):
    process = start('dist_train.sh', htc, '2', '--data-root', '/nowhere', folder=tmp_path)
    assert process.wait(120) == 2
    words = (tmp_path / 'log').read_text()
    assert words.count('error: ') == 1 and 'no data folder /nowhere' in words and 'Traceback' not in words


@pytest.mark.parametrize('tool', ['train', 'test', 'predict'])
def test_help_comes_at_once(tool):
    command = [sys.executable, '-X', 'importtime', str(ROOT / 'tools' / f'{tool}.py'), '--help']
    started = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert time.monotonic() - started < 2
    assert 'usage: ' in done.stdout
    assert not re.search(r'\| +(torch|numpy|mm\w+|custom_modules(\.(?!utils\b).*)?)$', done.stderr, re.MULTILINE)
