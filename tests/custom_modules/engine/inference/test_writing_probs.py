"""Probabilities are written as detections are: the same bytes after kills and by several processes, in flat memory."""

import dataclasses
import json
import os
import resource
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
import torch

from custom_modules.engine import load_config
from custom_modules.engine.inference import (
    Picture,
    Segmenter,
    find_pictures,
    pictures_of_split,
    predict_to_file,
    test,
)
from custom_modules.engine.inference.formats import Probabilities, quantise_tensor
from custom_modules.ensemble import open_probs
from custom_modules.ensemble.probs_writing import quantise
from custom_modules.utils import UserError

from .ranks import fork, fork_ranks, wait
from .test_writing import KillAt

BATCH = 2


def pictures_of(synthetic_root: Path) -> list[Picture]:
    """Four test pictures, three of validation: seven, the last batch is half full."""
    test, val = (pictures_of_split(synthetic_root, f'{name}.json') for name in ('test', 'val'))
    return [*test, *(dataclasses.replace(one, image_id=100 + one.image_id) for one in val[:3])]


@pytest.fixture
def predict(tiny_segmenter, untrained_segmenter, synthetic_root):
    """Return a function that predicts on the pictures, two at a time, in this process alone."""

    def run(out: Path, **options) -> list:
        options = {'batch_size': BATCH, 'num_workers': 0, 'pictures': pictures_of(synthetic_root), **options}
        cfg = load_config(tiny_segmenter, {'tta.scales': [1.0]})
        return predict_to_file(cfg, untrained_segmenter, options.pop('pictures'), out, **options)

    return run


def content_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope='session')
def whole(tiny_segmenter, untrained_segmenter, synthetic_root, tmp_path_factory) -> dict[str, bytes]:
    """What an uninterrupted call writes."""
    out, pictures = tmp_path_factory.mktemp('whole') / 'test.probs', pictures_of(synthetic_root)
    cfg = load_config(tiny_segmenter)
    assert predict_to_file(cfg, untrained_segmenter, pictures, out, batch_size=BATCH, num_workers=0) == []
    assert {path.name for path in out.parent.iterdir()} == {'test.probs', 'test.run.json'}
    return content_of(out)


class Count:
    """Count new and earlier pictures, and keep what was handed on."""

    def __init__(self) -> None:
        self.new, self.earlier, self.stored = 0, 0, {}

    def __call__(self, result) -> None:
        self.new += result.is_new
        self.earlier += not result.is_new
        self.stored[result.picture.image_id] = np.array(result.predictions)


@pytest.mark.fast
@pytest.mark.parametrize('dtype', ['uint8', 'uint16'])
def test_what_the_model_gives_is_stored(predict, tiny_segmenter, untrained_segmenter, synthetic_root, tmp_path, dtype):
    out, pictures, count = tmp_path / 'test.probs', pictures_of(synthetic_root), Count()
    predict(out, dtype=dtype, each=count)
    maps = open_probs(out)
    assert maps.image_ids == tuple(picture.image_id for picture in pictures) and maps.dtype == dtype
    assert maps.classes[0] == 'Background' and len(maps.classes) == 11
    segmenter = Segmenter(load_config(tiny_segmenter), untrained_segmenter, device='cpu')
    for picture, probs in segmenter.predict(pictures, batch_size=BATCH, num_workers=0):
        assert maps.pictures[picture.image_id].file_name == picture.name
        np.testing.assert_array_equal(maps.raw(picture.image_id), quantise(probs.numpy(), dtype))
        np.testing.assert_array_equal(maps.labels(picture.image_id), probs.numpy().argmax(axis=0))
        np.testing.assert_array_equal(count.stored[picture.image_id], maps.raw(picture.image_id))


@pytest.mark.fast
@pytest.mark.parametrize('dtype', ['uint8', 'uint16'])
def test_tensors_are_rounded_as_arrays_are(dtype):
    probs = torch.nn.functional.interpolate(torch.randn(1, 11, 8, 8) * 3, (128, 128), mode='bicubic')[0].softmax(0)
    probs[:, 0, 0] = 0
    np.testing.assert_array_equal(quantise_tensor(probs, dtype), quantise(probs.numpy(), dtype))


@pytest.mark.fast
def test_a_killed_call_goes_on_and_writes_the_same_bytes(predict, whole, tmp_path):
    out = tmp_path / 'test.probs'
    assert wait([fork(lambda: predict(out, each=KillAt(4)))]) == [-signal.SIGKILL]
    assert not out.exists() and (tmp_path / '.test.probs.parts').is_dir()
    count = Count()
    assert predict(out, each=count) == []
    assert content_of(out) == whole
    # The fourth picture was in the second batch, which was not finished.
    assert (count.earlier, count.new) == (2, 5)
    maps = open_probs(out)
    assert all(np.array_equal(stored, maps.raw(image_id)) for image_id, stored in count.stored.items())
    assert {path.name for path in tmp_path.iterdir()} == {'test.probs', 'test.run.json'}


def test_killed_while_the_folder_is_written_an_earlier_one_stays(predict, whole, tmp_path, monkeypatch):
    """The third picture is the last that is written; then the same command writes all of it."""
    out = tmp_path / 'test.probs'
    predict(out, dtype='uint16')
    before = content_of(out)

    def killed() -> None:
        restore, left = Probabilities.restore, [3]

        def restore_or_die(self, kept):
            left[0] -= 1
            return restore(self, kept) if left[0] else os.kill(os.getpid(), signal.SIGKILL)

        monkeypatch.setattr(Probabilities, 'restore', restore_or_die)
        predict(out)

    assert wait([fork(killed)]) == [-signal.SIGKILL]
    assert content_of(out) == before
    count = Count()
    predict(out, each=count)
    assert content_of(out) == whole and count.new == 0
    assert {path.name for path in tmp_path.iterdir()} == {'test.probs', 'test.run.json'}


def test_two_ranks_write_the_same_bytes(predict, whole, tmp_path):
    out = tmp_path / 'test.probs'
    assert wait(fork_ranks(lambda rank: predict(out), 2, tmp_path / 'meeting')) == [0, 0]
    assert content_of(out) == whole
    assert json.loads((tmp_path / 'test.run.json').read_text())['num_processes'] == 2


def test_machines_without_a_shared_folder_write_the_same_bytes(predict, whole, tmp_path):
    def one_rank(rank: int) -> None:
        predict(tmp_path / f'machine{rank}' / 'test.probs')

    assert wait(fork_ranks(one_rank, 2, tmp_path / 'meeting', machines=True)) == [0, 0]
    assert content_of(tmp_path / 'machine0' / 'test.probs') == whole
    assert not list((tmp_path / 'machine1').iterdir())


@pytest.mark.parametrize('change', [{'dtype': 'uint16'}, {'tta': True}, {'amp': True}], ids=str)
def test_parts_of_other_settings_are_not_mixed(predict, whole, tmp_path, change):
    out = tmp_path / 'test.probs'
    assert wait([fork(lambda: predict(out, each=KillAt(4), **change))]) == [-signal.SIGKILL]
    count = Count()
    predict(out, each=count)
    assert content_of(out) == whole and count.earlier == 0


def test_a_full_disk_is_one_line_and_the_same_command_goes_on(predict, whole, tmp_path):
    """Files may not grow beyond a size that the journal, or the data, reaches before its end."""
    out, size = tmp_path / 'test.probs', len(whole['data.bin'])

    def limited(limit: int, expected: str) -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        with pytest.raises(UserError, match=expected):
            predict(out, each=lambda result: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))

    journal = r'rank00000.journal: cannot be written \(File too large\); the same command goes on'
    assert wait([fork(limited, size // 2, journal)]) == [0]
    assert not out.exists()
    count = Count()
    predict(out, each=count)
    assert content_of(out) == whole and count.earlier > 0


@pytest.mark.fast
def test_unreadable_pictures_are_left_out_and_listed(predict, synthetic_root, tmp_path):
    good = [picture.path for picture in pictures_of_split(synthetic_root, 'test.json')][:2]
    for number, path in enumerate(good):
        shutil.copy(path, tmp_path / f'{2 * number}.jpg')
    (tmp_path / '1.jpg').write_bytes(b'<html>')
    out = tmp_path / 'found.probs'
    unreadable = predict(out, pictures=find_pictures([str(tmp_path)]), batch_size=3)
    assert [picture.image_id for picture, _ in unreadable] == [2]
    assert open_probs(out).image_ids == (1, 3)
    assert json.loads((tmp_path / 'found.unreadable.json').read_text())[0]['image_id'] == 2


def test_no_pictures_give_an_empty_folder(predict, tmp_path):
    assert predict(tmp_path / 'none.probs', pictures=[]) == []
    assert len(open_probs(tmp_path / 'none.probs')) == 0


def test_a_model_of_not_a_number_says_so(predict, monkeypatch, tmp_path):
    monkeypatch.setattr(Segmenter, '_predict_samples', lambda self, samples: [torch.full((11, 4, 4), torch.nan)])
    with pytest.raises(UserError, match='the model predicts NaN or infinite numbers: its weights are damaged'):
        predict(tmp_path / 'x.probs', batch_size=1)
    assert not (tmp_path / 'x.probs').exists()


@pytest.mark.fast
@pytest.mark.parametrize(
    ('name', 'message'),
    [
        pytest.param(
            'x.json', 'a segmenter writes a folder of probabilities; give a name that ends in .probs', id='json'
        ),
        pytest.param('file.probs', 'is a file; give the name of a folder', id='file'),
        pytest.param('other.probs', 'is a folder of something else, which would be replaced', id='folder'),
        pytest.param('file.probs/x.probs', 'nothing can be written to', id='below-a-file'),
    ],
)
def test_outputs_that_cannot_be_are_refused_first(predict, tmp_path, name, message):
    (tmp_path / 'file.probs').touch()
    (tmp_path / 'other.probs').mkdir()
    (tmp_path / 'other.probs' / 'thesis.tex').touch()
    with pytest.raises(UserError, match=message):
        predict(tmp_path / name)


@pytest.mark.fast
def test_the_score_is_that_of_the_stored_labels(tiny_segmenter, untrained_segmenter, synthetic_root, tmp_path):
    """Counted again by hand: intersections over unions of the classes that are there, a lost picture is Background."""
    root = tmp_path / 'data'
    shutil.copytree(synthetic_root, root)
    lost = json.loads((root / 'val.json').read_text())['images'][1]
    (root / lost['file_name']).write_bytes(b'gone')
    options = {'data_root': str(root), 'ann': 'val.json', 'out': str(tmp_path / 'v.probs'), 'num_workers': 0}
    outcome = test(load_config(tiny_segmenter), untrained_segmenter, **options)
    assert [picture.image_id for picture, _ in outcome['unreadable']] == [lost['id']]
    from custom_modules.datasets import load_coco
    from custom_modules.datasets.label_maps import LabelMaps

    truth, probs = LabelMaps(load_coco(root / 'val.json', check_images=False)), open_probs(tmp_path / 'v.probs')
    both, either = np.zeros(11), np.zeros(11)
    for image_id in truth.image_ids:
        answer = truth[image_id]
        labels = probs.labels(image_id) if image_id in probs else np.zeros_like(answer)
        for label in range(11):
            true, found = answer == label, (labels == label) & (answer != 255)
            both[label] += (true & found).sum()
            either[label] += (true | found).sum()
    assert outcome['scores']['mIoU'] == pytest.approx((both[either > 0] / either[either > 0]).mean(), abs=1e-12)
    assert outcome['results'][0].num_images == 4


@pytest.mark.slow
def test_memory_does_not_grow_with_the_pictures(predict, synthetic_root, tmp_path):
    """800 pictures of 128 px with 11 classes: 144 MB on the disk."""
    few = pictures_of(synthetic_root)
    many = [dataclasses.replace(few[number % len(few)], image_id=number) for number in range(800)]
    measured = []

    def measure(result) -> None:
        if result.picture.image_id in (199, 799):
            measured.append(memory())

    def memory() -> float:
        return int(Path('/proc/self/status').read_text().split('RssAnon:')[1].split()[0]) / 1024

    def run() -> None:
        predict(tmp_path / 'many.probs', pictures=many, each=measure)
        assert measured[1] - measured[0] < 8 and memory() - measured[0] < 16, (measured, memory())  # megabytes

    assert wait([fork(run)], 600) == [0]
