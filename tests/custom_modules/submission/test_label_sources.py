import json

import cv2
import numpy as np
import pytest

from custom_modules.datasets import CocoData, load_coco
from custom_modules.ensemble import write_probs
from custom_modules.submission import (
    kind_of,
    read_segmentation_csv,
    shrink_labels,
    shrink_probs,
    submitted_labels,
    write_segmentation_csv,
)
from custom_modules.submission.kinds import PICTURES
from custom_modules.utils import UserError

CLASSES = ['Background', 'Paper', 'Metal']
SIZES = {'a/1.jpg': (512, 512), 'b/1.jpg': (300, 200)}


@pytest.fixture
def data(tmp_path) -> CocoData:
    """Two pictures of one name in two folders, without pixels."""
    images = [
        {'id': number, 'file_name': name, 'height': height, 'width': width}
        for number, (name, (height, width)) in enumerate(SIZES.items(), start=7)
    ]
    categories = [{'id': number, 'name': name} for number, name in enumerate(CLASSES[1:], start=1)]
    content = {'images': images, 'annotations': [], 'categories': categories}
    (tmp_path / 'test.json').write_text(json.dumps(content))
    return load_coco(tmp_path / 'test.json', check_images=False)


@pytest.fixture
def probs() -> dict[str, np.ndarray]:
    """Probabilities of three classes on each picture."""
    generator = np.random.default_rng(0)
    made = {name: generator.random((3, *size), dtype=np.float32) for name, size in SIZES.items()}
    return {name: one / one.sum(0) for name, one in made.items()}


def write_all(folder, probs, ids=(7, 8), classes=CLASSES):
    write_probs(folder, classes, [(i, name, one) for i, (name, one) in zip(ids, probs.items(), strict=True)])
    return folder


def read(path, data, resize='label'):
    return dict(submitted_labels(path, kind_of(path), data, resize))


def test_labels_of_512_are_every_second_one():
    labels = np.arange(512 * 512).reshape(512, 512).astype(np.uint8)
    assert np.array_equal(shrink_labels(labels), labels[::2, ::2])


@pytest.mark.parametrize(
    ('probs', 'expected'),
    [
        pytest.param([[0.6, 0.6, 0.6, 0.0], [0.4, 0.4, 0.4, 1.0]], 1, id='mean of 0.45 and 0.55'),
        pytest.param([[0.6, 0.6, 0.6, 0.2], [0.4, 0.4, 0.4, 0.8]], 0, id='equal: the lower label'),
        pytest.param([[0.9, 0.6, 0.6, 0.2], [0.1, 0.4, 0.4, 0.8]], 0, id='mean of 0.575'),
    ],
)
def test_probabilities_are_averaged_over_areas(probs, expected):
    """Each new pixel stands for a block of two by two; label 0 is the nearest of the first two cases."""
    blocks = np.array(probs).reshape(2, 2, 2)
    assert (shrink_probs(np.tile(blocks, (1, 256, 256))) == expected).all()


def test_one_picture_from_all_sources(data, probs, tmp_path):
    stored = write_all(tmp_path / 'test.probs', probs)
    found = read(stored, data)
    assert list(found) == list(SIZES)
    expected = {
        name: cv2.resize(one.argmax(0).astype(np.uint8), (256, 256), interpolation=0) for name, one in probs.items()
    }
    assert all(np.array_equal(found[name], expected[name]) for name in SIZES)
    for layout in ('000007_1_labels.png 000008_1_labels.png', 'a/1.png b/1.png'):
        folder = tmp_path / layout.replace('/', '_')[:6]
        for name, one in zip(layout.split(), probs.values(), strict=True):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(folder / name), one.argmax(0))
        assert all(np.array_equal(one, expected[name]) for name, one in read(folder, data).items())
    write_segmentation_csv(tmp_path / 'a.csv', reversed(found.items()))
    assert list(read(tmp_path / 'a.csv', data)) == list(SIZES)
    assert read_segmentation_csv(tmp_path / 'a.csv').names == tuple(reversed(SIZES))
    means = read(stored, data, 'prob')
    blocks = probs['a/1.jpg'].reshape(3, 256, 2, 256, 2).mean((2, 4)).argmax(0)
    assert (means['a/1.jpg'] != blocks).mean() < 0.01  # 8 bits tell few apart that are nearly equal


@pytest.mark.parametrize(
    ('ids', 'change', 'classes', 'message'),
    [
        pytest.param((7, 8), None, ['Background', 'Metal', 'Paper'], 'such as Metal in the place of Paper', id='order'),
        pytest.param((7, 8), None, ['Background', 'Paper', 'Metal', 'x'], '4 classes, test.json has 3', id='count'),
        pytest.param((7, 9), None, CLASSES, 'with the id 9 is b/1.jpg, test.json has other ids', id='id'),
        pytest.param((8, 7), None, CLASSES, 'with the id 8 is a/1.jpg, test.json has other ids', id='swapped'),
        pytest.param((7, 8), 'size', CLASSES, r'b/1.jpg: is 9 x 9, the picture 200 x 300', id='size'),
        pytest.param((7,), 'less', CLASSES, '1 pictures of test.json are missing, such as b/1.jpg', id='missing'),
        pytest.param((7, 9), 'name', CLASSES, '1 pictures are not in test.json, such as z.jpg', id='unknown'),
    ],
)
def test_other_probabilities_are_refused(data, probs, tmp_path, ids, change, classes, message):
    if len(classes) > 3:
        probs = {name: np.concatenate([one, one[:1]]) for name, one in probs.items()}
    if change == 'size':
        probs['b/1.jpg'] = probs['b/1.jpg'][:, :9, :9]
    if change == 'less':
        del probs['b/1.jpg']
    if change == 'name':
        probs = {'a/1.jpg': probs['a/1.jpg'], 'z.jpg': probs['b/1.jpg']}
    stored = write_all(tmp_path / 'test.probs', probs, ids, classes)
    with pytest.raises(UserError, match=message):
        read(stored, data)


@pytest.mark.parametrize(
    ('files', 'message'),
    [
        pytest.param({'a/1.png': (512, 512)}, '1 of 2 pictures have no label picture, such as b/1.jpg', id='missing'),
        pytest.param({'1.png': (512, 512)}, 'pictures of one name share a file', id='one for two'),
        pytest.param({'000001_1_labels.png': (512, 512)}, '000001_1_labels.png has another id: predict', id='ids'),
        pytest.param({'a/1.png': (512, 512), 'b/1.png': (9, 9)}, 'b/1.png: is 9 x 9, the picture', id='size'),
        pytest.param({'a/1.png': (512, 512), 'b/1.png': (9, 9, 3)}, 'b/1.png: is RGB, not one channel', id='colours'),
        pytest.param({'a/1.png': 3, 'b/1.png': (300, 200)}, 'a/1.png: pixel 1 is 3: labels are 0', id='label'),
        pytest.param(
            {'a/1.png': (512, 512), 'b/1.png': (300, 200), 'c.png': (9, 9)}, 'c.png: is of no picture', id='unknown'
        ),
    ],
)
def test_other_label_pictures_are_refused(data, tmp_path, files, message):
    for name, size in files.items():
        path = tmp_path / 'labels' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), np.full((512, 512), size) if isinstance(size, int) else np.zeros(size))
    with pytest.raises(UserError, match=message):
        read(tmp_path / 'labels', data)


def test_labels_cannot_be_shrunk_by_probability(data, tmp_path):
    (tmp_path / 'labels').mkdir()
    with pytest.raises(UserError, match='--resize prob: .*labels holds labels only'):
        submitted_labels(tmp_path / 'labels', PICTURES, data, 'prob')


def test_a_folder_of_nothing(tmp_path):
    with pytest.raises(UserError, match='is a folder with neither label pictures'):
        kind_of(tmp_path)
