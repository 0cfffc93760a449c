"""The data set as a whole: same bytes, layout, colours, occlusion, refusals."""

import hashlib
import json
import pickle
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from custom_modules.datasets.synthetic import CLASSES, make_synthetic, writer
from custom_modules.utils import UserError

TINY = {'train': 8, 'val': 2, 'test': 2, 'size': 64}


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob('*') if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def mean_colors(folder: Path, coco: dict) -> tuple[np.ndarray, np.ndarray]:
    """Mean colour of every object within its outline, (n, 3), and its class, (n,)."""
    names = {image['id']: image['file_name'] for image in coco['images']}
    pixels = {key: cv2.imread(str(folder / name)) for key, name in names.items()}
    colors, labels = [], []
    for item in coco['annotations']:
        image = pixels[item['image_id']]
        mask = np.zeros(image.shape[:2], np.uint8)
        cv2.fillPoly(mask, [np.reshape(part, (-1, 2)).astype(np.int32) for part in item['segmentation']], 1)
        colors.append(image[mask > 0].mean(0))
        labels.append(item['category_id'])
    return np.array(colors), np.array(labels)


@pytest.mark.fast
def test_same_seed_same_bytes_with_one_and_two_workers(tmp_path):
    for name, workers in (('one', 1), ('two', 2)):
        make_synthetic(tmp_path / name, **TINY, seed=7, workers=workers)
    assert digests(tmp_path / 'one') == digests(tmp_path / 'two')


@pytest.mark.fast
def test_another_seed_gives_other_pictures(tmp_path):
    for seed in (1, 2):
        make_synthetic(tmp_path / str(seed), train=2, val=1, test=1, size=64, seed=seed)
    first, second = (digests(tmp_path / str(seed)) for seed in (1, 2))
    assert first.keys() == second.keys()
    assert not set(first.values()) & set(second.values())


@pytest.mark.slow
def test_spawned_workers_draw_the_same(tmp_path, monkeypatch):
    make_synthetic(tmp_path / 'fork', **TINY, seed=7, workers=2)
    monkeypatch.setattr(writer, '_START_METHOD', 'spawn')
    make_synthetic(tmp_path / 'spawn', **TINY, seed=7, workers=2)
    assert digests(tmp_path / 'fork') == digests(tmp_path / 'spawn')


def test_work_can_be_sent_to_a_spawned_worker(tmp_path):
    job = writer._jobs({'train': 1, 'val': 1, 'test': 0}, 0, 'flat')[0]
    sent = pickle.loads(pickle.dumps((partial(writer._draw, 0, 64, tmp_path), job)))
    assert sent[1] == job


def test_layout_of_the_folder(small_set):
    folder, splits = small_set
    content = {path.stem: json.loads(path.read_text()) for path in folder.glob('*.json')}
    assert sorted(content) == ['test', 'test_answers', 'train', 'train_all', 'val']
    assert [(c['id'], c['name']) for c in content['train']['categories']] == list(enumerate(CLASSES))
    assert content['test']['annotations'] == []
    assert content['test']['images'] == content['test_answers']['images']
    assert content['test_answers']['annotations'] == splits['test']['annotations'] != []
    for key in ('images', 'annotations'):
        assert content['train_all'][key] == content['train'][key] + content['val'][key]
    for coco in content.values():
        assert coco['info']['parameters']['seed'] == 5
        assert 'enerated' in coco['info']['description']
        for image in coco['images']:
            assert cv2.imread(str(folder / image['file_name'])).shape == (image['height'], image['width'], 3)


def test_ids_are_unique_and_splits_disjoint(small_set):
    _, splits = small_set
    for key in ('images', 'annotations'):
        ids = [item['id'] for coco in splits.values() for item in coco[key]]
        assert ids == list(range(1, len(ids) + 1))
    for coco in splits.values():
        assert {item['image_id'] for item in coco['annotations']} == {image['id'] for image in coco['images']}


def test_no_picture_comes_twice(small_set):
    folder, _ = small_set
    images = [digest for name, digest in digests(folder).items() if name.endswith('.jpg')]
    assert len(set(images)) == len(images) == 74


def test_a_quarter_of_the_objects_is_partly_hidden(small_set):
    _, splits = small_set
    for split in ('train', 'val'):
        shares = [item['occlusion'] >= 0.05 for item in splits[split]['annotations']]
        assert np.mean(shares) >= 0.25


def test_colour_does_not_give_the_class_away(small_set):
    folder, splits = small_set
    colors, labels = mean_colors(folder, splits['train'])
    means = np.stack([colors[labels == label].mean(0) for label in range(len(CLASSES))])
    colors, labels = mean_colors(folder, splits['val'])
    guessed = ((colors[:, None] - means) ** 2).sum(-1).argmin(1)
    assert (guessed == labels).mean() < 0.5


def test_progress_counts_up_to_the_end(tmp_path):
    calls = []
    make_synthetic(tmp_path / 'set', train=2, val=1, test=1, size=64, progress=lambda *call: calls.append(call))
    assert calls == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_folder_with_the_same_arguments_is_kept(tmp_path):
    first = make_synthetic(tmp_path / 'set', **TINY)
    (tmp_path / 'set' / 'train_pseudo.json').write_text('{}')
    assert make_synthetic(tmp_path / 'set', **TINY) == first
    assert (tmp_path / 'set' / 'train_pseudo.json').exists()


@pytest.mark.parametrize('damage', ['other-arguments', 'missing-picture', 'missing-json'])
def test_own_folder_is_made_again(tmp_path, damage):
    folder = tmp_path / 'set'
    make_synthetic(folder, **{**TINY, 'train': 9} if damage == 'other-arguments' else TINY)
    if damage == 'missing-picture':
        (folder / 'images' / '000003.jpg').unlink()
    if damage == 'missing-json':
        (folder / 'val.json').unlink()
    make_synthetic(folder, **TINY)
    assert len(list(folder.glob('images/*.jpg'))) == 12
    assert (folder / 'val.json').exists()
    assert [path.name for path in tmp_path.iterdir()] == ['set']


def test_foreign_folder_is_refused_unless_asked(tmp_path):
    folder = tmp_path / 'mine'
    folder.mkdir()
    (folder / 'thesis.txt').write_text('years of work')
    with pytest.raises(UserError, match='--overwrite'):
        make_synthetic(folder, **TINY)
    assert [path.name for path in folder.iterdir()] == ['thesis.txt']
    make_synthetic(folder, **TINY, overwrite=True)
    assert not (folder / 'thesis.txt').exists()


def test_folder_around_the_working_folder_is_never_replaced(tmp_path, monkeypatch):
    (tmp_path / 'outer' / 'inner').mkdir(parents=True)
    monkeypatch.chdir(tmp_path / 'outer' / 'inner')
    with pytest.raises(UserError, match='working or the home folder'):
        make_synthetic(tmp_path / 'outer', **TINY, overwrite=True)


@pytest.mark.fast
@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        pytest.param({'train': 0}, 'train=0', id='no-training-pictures'),
        pytest.param({'test': -1}, 'test=-1', id='negative'),
        pytest.param({'size': 20}, '64 to 2048', id='too-small'),
        pytest.param({'seed': -3}, 'seed=-3', id='seed'),
        pytest.param({'frequencies': 'cubic'}, 'real, flat, sqrt', id='frequencies'),
        pytest.param({'workers': 0}, 'workers=0', id='workers'),
    ],
)
def test_bad_arguments_end_in_one_line(tmp_path, arguments, message):
    with pytest.raises(UserError, match=message) as caught:
        make_synthetic(tmp_path / 'set', **{**TINY, **arguments})
    assert '\n' not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_failure_leaves_nothing_behind(tmp_path):
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_synthetic(tmp_path / 'set', **TINY, workers=1, progress=stop)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize('text', ['{"images": [', '[]', '{}'])
def test_a_damaged_file_is_named_and_drawn_again_when_asked(tmp_path, text):
    out = tmp_path / 'set'
    whole = make_synthetic(out, **TINY)
    (out / 'val.json').write_text(text)
    with pytest.raises(UserError, match=r'val.json: is damaged; --overwrite draws'):
        make_synthetic(out, **TINY)
    assert make_synthetic(out, **TINY, overwrite=True) == whole
    assert make_synthetic(out, **TINY) == whole
