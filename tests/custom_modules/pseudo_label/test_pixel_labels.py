import json

import numpy as np
import pytest

from custom_modules.datasets import load_coco
from custom_modules.datasets.label_maps import LabelMaps
from custom_modules.pseudo_label import PixelRules, as_records, label_pixels

NEVER = 256


def probs_of(labels, confidence) -> np.ndarray:
    """Probabilities (3, H, W) of label maps whose most probable class has this probability."""
    labels, confidence = np.broadcast_arrays(np.asarray(labels), np.asarray(confidence, np.float32))
    rest = (1 - confidence) / 2
    return np.stack([np.where(labels == label, confidence, rest) for label in range(3)]).astype(np.float32)


@pytest.mark.parametrize(
    ('sure_from', 'confidence', 'label', 'expected'),
    [
        pytest.param([0, 204, 0], 0.8, 1, 1, id='at the threshold, 204 / 255'),
        pytest.param([0, 205, 0], 0.8, 1, 255, id='a step below'),
        pytest.param([0, NEVER, 0], 1.0, 1, 255, id='never'),
        pytest.param([230, 0, 0], 0.85, 0, 255, id='Background that is not sure'),
        pytest.param([230, 0, 0], 0.95, 0, 0, id='Background'),
    ],
)
def test_thresholds(sure_from, confidence, label, expected):
    found = label_pixels(probs_of([[label]], confidence), PixelRules(np.array(sure_from)))
    assert found.labels.tolist() == [[expected]]
    assert found.likeliest.tolist() == [[label]]


def test_small_regions_are_left_open():
    """Of class 1 three pixels that touch at corners and a single one; of class 2 one."""
    labels = np.array([[1, 0, 0, 0, 1], [0, 1, 0, 0, 0], [0, 0, 1, 2, 0]])
    found = label_pixels(probs_of(labels, 0.9), PixelRules(np.zeros(3, int), min_area=3))
    assert found.labels.tolist() == [[1, 0, 0, 0, 255], [0, 1, 0, 0, 0], [0, 0, 1, 255, 0]]
    assert (label_pixels(probs_of(labels, 0.9), PixelRules(np.zeros(3, int))).labels == labels).all()


@pytest.mark.fast
def test_records_by_hand():
    labels = np.array([[1, 1, 0, 2], [0, 0, 0, 2]])
    confidence = np.array([[0.8, 1.0, 0.4, 0.9], [1, 1, 1, 0.4]])
    found = label_pixels(probs_of(labels, confidence), PixelRules(np.array([200, 100, 200])))
    assert found.labels.tolist() == [[1, 1, 255, 2], [0, 0, 0, 255]]
    records = as_records(found, [5, 9])
    assert [(one['category_id'], one['bbox'], one['area'], one['iscrowd'], one['score']) for one in records] == [
        (5, [0, 0, 2, 1], 2, 0, 0.9),  # the mean of 204 and 255 steps of 255
        (9, [3, 0, 1, 1], 1, 0, round(229 / 255, 4)),
        (9, [2, 0, 2, 2], 2, 1, 0.4),
    ]


def test_records_painted_again_are_the_same_map(tmp_path):
    """Speckle of three classes, islands in islands, and open pixels, as far as a data file keeps them."""
    generator = np.random.default_rng(1)
    labels = generator.integers(0, 3, (40, 50)).repeat(2, 0).repeat(2, 1)
    labels[10:60, 20:80], labels[20:40, 30:60], labels[25:30, 35:50] = 1, 2, 0
    found = label_pixels(probs_of(labels, generator.random(labels.shape) / 2 + 0.5), PixelRules(np.array([140] * 3)))
    records = [{'id': place, 'image_id': 1, **one} for place, one in enumerate(as_records(found, [4, 7]), start=1)]
    content = {
        'images': [{'id': 1, 'file_name': '1.jpg', 'height': 80, 'width': 100}],
        'categories': [{'id': 4, 'name': 'a'}, {'id': 7, 'name': 'b'}],
        'annotations': records,
    }
    (tmp_path / 'a.json').write_text(json.dumps(content))
    data = load_coco(tmp_path / 'a.json', check_images=False)
    assert not data.warning_line
    assert set(np.unique(found.labels)) == {0, 1, 2, 255}
    assert np.array_equal(LabelMaps(data)[1], found.labels)
