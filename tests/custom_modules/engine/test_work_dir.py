"""Which folders are a run's own, which may be started over, and what is resumed."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from custom_modules.engine import work_dir
from custom_modules.engine.work_dir import checkpoint_to_resume, claim_folder, missing_run, release_folders
from custom_modules.utils import UserError

pytestmark = pytest.mark.fast
BEFORE_FIRST_CHECKPOINT = ['.lock', 'run.json', 'config.py', '20250131_235959/log', 'scalars.csv', '.last.pth.x1.tmp']


def folder_with(folder: Path, names: list[str]) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


@pytest.mark.parametrize('resume', [None, True], ids=['new', 'resume'])
@pytest.mark.parametrize('names', [[], BEFORE_FIRST_CHECKPOINT], ids=['no-folder', 'killed-before-a-checkpoint'])
def test_a_run_without_results_starts_from_the_beginning(tmp_path, names, resume):
    assert checkpoint_to_resume(folder_with(tmp_path / 'run', names), resume) is None


@pytest.mark.parametrize(
    ('names', 'resume', 'message'),
    [
        pytest.param(['last.pth', 'run.json'], None, r'earlier run \(last.pth\).*--resume.*--work-dir', id='last'),
        pytest.param(['best.pth'], None, r'earlier run \(best.pth\)', id='best'),
        pytest.param(['predictions/val.json'], None, 'earlier run', id='predictions'),
        pytest.param(['best.pth'], True, 'last.pth: nothing to resume', id='resume-without-last'),
        pytest.param(['thesis.tex'], None, r'something else \(thesis.tex\)', id='foreign'),
        pytest.param(['thesis.tex'], True, r'something else \(thesis.tex\)', id='resume-foreign'),
        pytest.param([], 'gone.pth', 'gone.pth: nothing to resume.*name a checkpoint$', id='resume-gone'),
        pytest.param(
            ['last.pth'],
            'run/lats.pth',
            r'nothing to resume.*name a checkpoint; did you mean run/last.pth\?',
            id='typo',
        ),
        pytest.param(['last.pth'], 'run', r'run: nothing to resume.*; did you mean run/last.pth\?', id='run-folder'),
    ],
)
def test_refusals(tmp_path, names, resume, message):
    os.chdir(tmp_path)
    with pytest.raises(UserError, match=message):
        checkpoint_to_resume(folder_with(tmp_path / 'run', names), resume)


def test_the_newest_and_a_named_checkpoint_are_resumed(tmp_path):
    run = folder_with(tmp_path / 'run', ['last.pth', 'run.json', 'kept.pth'])
    assert checkpoint_to_resume(run, True) == run / 'last.pth'
    assert checkpoint_to_resume(run, str(run / 'kept.pth')) == run / 'kept.pth'
    assert checkpoint_to_resume(tmp_path / 'other', str(run / 'last.pth')) == run / 'last.pth'


def test_a_mistyped_run_folder_is_named_with_runs_like_it(tmp_path):
    os.chdir(tmp_path)
    folder_with(Path('work_dirs/first_run'), ['run.json'])
    folder_with(Path('work_dirs/first_sun'), ['sun.json'])
    assert missing_run(Path('work_dirs/first_run')) is None
    message = missing_run(Path('work_dirs/fist_run'))
    assert 'no run folder work_dirs/fist_run,' in message and 'from the beginning' in message
    assert message.endswith('; did you mean work_dirs/first_run?')
    assert missing_run(Path('elsewhere')).endswith('from the beginning')


def test_a_checkpoint_is_not_resumed_into_another_run(tmp_path):
    run = folder_with(tmp_path / 'run', ['last.pth'])
    other = folder_with(tmp_path / 'other', ['last.pth'])
    with pytest.raises(UserError, match=r'other holds an earlier run'):
        checkpoint_to_resume(other, str(run / 'last.pth'))


def test_run_json_keeps_every_call(tmp_path):
    run = tmp_path / 'run'
    for seed in (1, 2, 3):
        assert claim_folder(run, {'options': {'seed': seed}}) is (seed == 1)
        release_folders()
    said = json.loads((run / 'run.json').read_text())
    assert said['options'] == {'seed': 3}
    assert [call['options']['seed'] for call in said['earlier']] == [1, 2]


def test_a_folder_is_one_job_s_until_it_is_given_back(tmp_path):
    claim_folder(tmp_path / 'run', {})
    worker = subprocess.Popen(['sleep', '60'], pass_fds=[lock.fileno() for lock in work_dir._locks])
    try:
        with pytest.raises(UserError, match='another job trains here'):
            claim_folder(tmp_path / 'run', {})
        release_folders()
        claim_folder(tmp_path / 'run', {})
    finally:
        worker.kill()
        worker.wait()
        release_folders()
