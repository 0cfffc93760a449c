"""The same file, whether predicting was killed, by how many processes it was done, and what was unreadable."""

import dataclasses
import json
import os
import random
import resource
import shutil
import signal
from pathlib import Path

import pytest

from custom_modules.engine.inference import (
    Picture,
    PredictionProgress,
    find_pictures,
    pictures_of_split,
    predict_to_file,
)
from custom_modules.evaluation import read_predictions
from custom_modules.utils import UserError

from .ranks import fork, fork_ranks, wait

BATCH = 2


@pytest.fixture
def predict(config, checkpoint, data_root):
    """Return a function that predicts on the test pictures, two at a time, in this process alone."""
    pictures = pictures_of_split(data_root, 'test.json')

    def run(out: Path, **options) -> list:
        options = {'batch_size': BATCH, 'num_workers': 0, 'pictures': pictures, **options}
        return predict_to_file(config(), checkpoint, options.pop('pictures'), out, **options)

    return run


@pytest.fixture(scope='session')
def whole(checkpoint, data_root, tmp_path_factory) -> bytes:
    """What an uninterrupted call writes."""
    from .conftest import small_config

    out = tmp_path_factory.mktemp('whole') / 'test.json'
    pictures = pictures_of_split(data_root, 'test.json')
    assert predict_to_file(small_config(), checkpoint, pictures, out, batch_size=BATCH, num_workers=0) == []
    assert {path.name for path in out.parent.iterdir()} == {'test.json', 'test.run.json'}
    return out.read_bytes()


class KillAt:
    """Kill the own process at the nth picture."""

    def __init__(self, number: int) -> None:
        self.left = number

    def __call__(self, result) -> None:
        self.left -= result.is_new
        if not self.left:
            os.kill(os.getpid(), signal.SIGKILL)


class Count:
    """Count new and earlier pictures."""

    def __init__(self) -> None:
        self.new, self.earlier, self.ids = 0, 0, []

    def __call__(self, result) -> None:
        self.new += result.is_new
        self.earlier += not result.is_new
        self.ids.append(result.picture.image_id)
        assert set(result.predictions.image_ids.tolist()) <= {result.picture.image_id}


def test_every_picture_comes_once_in_order_with_masks(whole, data_root, tmp_path):
    (tmp_path / 'test.json').write_bytes(whole)
    images = json.loads((data_root / 'test.json').read_text())['images']
    predictions = read_predictions(tmp_path / 'test.json')
    assert list(dict.fromkeys(predictions.image_ids.tolist())) == sorted(image['id'] for image in images)
    assert {tuple(rle['size']) for rle in predictions.segmentations} == {(64, 64)}


@pytest.mark.fast
def test_a_killed_call_goes_on_and_writes_the_same_bytes(predict, whole, data_root, tmp_path):
    out = tmp_path / 'test.json'
    assert wait([fork(lambda: predict(out, each=KillAt(4)))]) == [-signal.SIGKILL]
    assert not out.exists() and (tmp_path / '.test.json.parts').is_dir()
    count = Count()
    assert predict(out, each=count) == []
    assert out.read_bytes() == whole
    # The fourth picture was in the second batch, which was not finished.
    assert (count.earlier, count.new) == (2, 5)
    assert sorted(count.ids) == [picture.image_id for picture in pictures_of_split(data_root, 'test.json')]
    assert {path.name for path in tmp_path.iterdir()} == {'test.json', 'test.run.json'}


def test_killed_between_the_file_and_the_end(predict, whole, tmp_path, monkeypatch):
    out = tmp_path / 'test.json'
    module = 'custom_modules.engine.inference.writing'

    def killed() -> None:
        monkeypatch.setattr(f'{module}._list_unreadable', lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        predict(out)

    assert wait([fork(killed)]) == [-signal.SIGKILL]
    assert out.read_bytes() == whole and not (tmp_path / 'test.run.json').exists()
    count = Count()
    predict(out, each=count)
    assert out.read_bytes() == whole and count.new == 0
    assert {path.name for path in tmp_path.iterdir()} == {'test.json', 'test.run.json'}


def test_two_ranks_write_the_same_bytes(predict, whole, tmp_path):
    out = tmp_path / 'test.json'
    assert wait(fork_ranks(lambda rank: predict(out), 2, tmp_path / 'meeting')) == [0, 0]
    assert out.read_bytes() == whole
    assert json.loads((tmp_path / 'test.run.json').read_text())['num_processes'] == 2


def test_ranks_that_find_other_pictures_are_refused(predict, data_root, tmp_path):
    """As when pictures are added meanwhile, or the machines do not have the same."""

    def one_rank(rank: int) -> None:
        pictures = pictures_of_split(data_root, 'test.json')[rank:]
        try:
            predict(tmp_path / 'test.json', pictures=pictures)
        except UserError as error:
            os._exit(7 if 'process 1 was given other pictures than process 0' in str(error) else 8)

    first, second = fork_ranks(one_rank, 2, tmp_path / 'meeting')
    second.join(60)
    assert second.exitcode == 7 and not (tmp_path / 'test.json').exists()
    first.kill()  # as the launcher does when a rank has failed
    first.join()


def test_one_rank_goes_on_with_what_two_have_begun(predict, whole, tmp_path):
    out = tmp_path / 'test.json'

    def one_rank(rank: int) -> None:
        predict(out, each=KillAt(3))

    assert wait(fork_ranks(one_rank, 2, tmp_path / 'meeting')) == [-signal.SIGKILL] * 2
    count = Count()
    predict(out, each=count)
    assert out.read_bytes() == whole and (count.earlier, count.new) == (4, 3)


def test_machines_without_a_shared_folder_write_the_same_bytes(predict, whole, tmp_path):
    def one_rank(rank: int) -> None:
        predict(tmp_path / f'machine{rank}' / 'test.json')

    assert wait(fork_ranks(one_rank, 2, tmp_path / 'meeting', machines=True)) == [0, 0]
    assert (tmp_path / 'machine0' / 'test.json').read_bytes() == whole
    assert not list((tmp_path / 'machine1').iterdir())


def repeated(data_root: Path, count: int) -> list[Picture]:
    """Give the test pictures over and over, each time under other ids."""
    few = pictures_of_split(data_root, 'test.json')
    return [dataclasses.replace(few[number % len(few)], image_id=number) for number in range(count)]


@pytest.mark.slow
def test_twenty_kills_at_any_moment(predict, data_root, tmp_path):
    """500 pictures; each attempt lives for a random while, most of which goes into loading the model."""
    out, rng, kills, many = tmp_path / 'test.json', random.Random(0), 0, repeated(data_root, 500)
    predict(tmp_path / 'whole.json', pictures=many)
    whole = (tmp_path / 'whole.json').read_bytes()
    while kills < 20:
        child = fork(lambda: predict(out, pictures=many))
        child.join(rng.uniform(0.3, 4))
        child.kill()
        child.join()
        kills += child.exitcode == -signal.SIGKILL
        assert not out.exists() or out.read_bytes() == whole
        if child.exitcode == 0:
            out.unlink()
    predict(out, pictures=many)
    assert out.read_bytes() == whole
    records = read_predictions(out)
    assert list(dict.fromkeys(records.image_ids.tolist())) == list(range(500))  # each once, in order


@pytest.mark.slow
def test_memory_does_not_grow_with_the_pictures(predict, data_root, tmp_path):
    many, measured = repeated(data_root, 800), []

    def measure(result) -> None:
        if result.picture.image_id in (199, 799):
            status = Path('/proc/self/status').read_text()
            measured.append(int(status.split('VmRSS:')[1].split()[0]) / 1024)

    def run() -> None:
        predict(tmp_path / 'many.json', pictures=many, each=measure)
        assert measured[1] - measured[0] < 8, measured  # megabytes

    assert wait([fork(run)], 600) == [0]


def test_a_full_disk_is_one_line_and_the_same_command_goes_on(predict, whole, tmp_path):
    """Files may not grow beyond a size that the journal reaches before its end."""
    out = tmp_path / 'test.json'

    def limited() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        limit = (len(whole) // 2,) * 2
        with pytest.raises(UserError, match=r'cannot be written \(File too large\); the same command goes on'):
            predict(out, each=lambda result: resource.setrlimit(resource.RLIMIT_FSIZE, limit))

    assert wait([fork(limited)]) == [0]
    assert not out.exists()
    count = Count()
    predict(out, each=count)
    assert out.read_bytes() == whole and count.earlier > 0


@pytest.mark.fast
def test_unreadable_pictures_are_listed_and_change_nothing_else(predict, data_root, tmp_path):
    good = [picture.path for picture in pictures_of_split(data_root, 'test.json')][:3]
    for number, path in enumerate(good):
        shutil.copy(path, tmp_path / f'{2 * number}.jpg')
    (tmp_path / '1.jpg').write_bytes(b'<html>')
    (tmp_path / '3.jpg').write_bytes(good[0].read_bytes()[:900])
    out = tmp_path / 'found.json'
    pictures = find_pictures([str(tmp_path)])
    unreadable = predict(out, pictures=pictures, batch_size=1)
    assert [picture.image_id for picture, _ in unreadable] == [2, 4]
    listed = json.loads((tmp_path / 'found.unreadable.json').read_text())
    assert [(record['image_id'], record['file_name']) for record in listed] == [
        (2, str(tmp_path / '1.jpg')),
        (4, str(tmp_path / '3.jpg')),
    ]
    assert 'no picture' in listed[0]['reason'] and listed[0]['reason'] == unreadable[0][1]
    found = read_predictions(out)
    predict(tmp_path / 'clean.json', pictures=[p for p in pictures if p.image_id % 2], batch_size=1)
    assert (tmp_path / 'clean.json').read_bytes() == out.read_bytes()
    assert set(found.image_ids.tolist()) == {1, 3, 5}
    assert not (tmp_path / 'clean.unreadable.json').exists()


def test_parts_of_other_settings_are_discarded_with_a_line(predict, whole, tmp_path, capsys):
    import sys

    out = tmp_path / 'test.json'
    assert wait([fork(lambda: predict(out, batch_size=3, each=KillAt(4)))]) == [-signal.SIGKILL]
    count = Count()
    predict(out, each=count, progress=PredictionProgress(sys.stderr))
    assert out.read_bytes() == whole and count.earlier == 0
    assert f'{tmp_path / ".test.json.parts"}: left by an interrupted call with other batch size, discarded' in (
        capsys.readouterr().err
    )


def test_beside_the_predictions_it_says_what_made_them(predict, checkpoint, data_root, tmp_path):
    import hashlib

    out = tmp_path / 'test.json'
    ids = list(range(101, 111))
    predict(out, ann=data_root / 'test.json', cat_ids=ids, amp=True)
    facts = json.loads((tmp_path / 'test.run.json').read_text())
    assert facts['checkpoint'] == str(checkpoint)
    assert facts['checkpoint_sha256'] == hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    assert facts['config'].endswith('configs/demo/cascade_mask_rcnn_swin.py') and facts['tta'] is None
    assert facts['ann'] == str(data_root / 'test.json') and facts['amp'] is True and facts['cat_ids'] == ids
    assert facts['num_pictures'] == 7 and facts['num_unreadable'] == 0
    assert set(read_predictions(out).category_ids.tolist()) <= set(ids)


def test_no_pictures_give_an_empty_file(predict, tmp_path):
    assert predict(tmp_path / 'none.json', pictures=[]) == []
    assert json.loads((tmp_path / 'none.json').read_text()) == []
