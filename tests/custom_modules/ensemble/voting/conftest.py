"""Members of all kinds about three small pictures."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from custom_modules.ensemble import write_probs

CLASSES = ('Background', 'Paper', 'Can')
SIZES = {3: (6, 8), 4: (5, 4), 9: (6, 8)}


def name_of(image_id: int) -> str:
    return f'test/{image_id:04d}.jpg'


def one_hot(labels: np.ndarray, share: float = 0.8) -> np.ndarray:
    """Give each label a share of the probability, and the others what is left."""
    rest = (1 - share) / (len(CLASSES) - 1)
    return np.where(np.arange(len(CLASSES))[:, None, None] == labels, share, rest).astype(np.float32)


def some_labels(seed: int, sizes=None) -> dict[int, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {number: rng.integers(0, 3, size, np.uint8) for number, size in (sizes or SIZES).items()}


@pytest.fixture
def add_probs(tmp_path):
    """Write a folder of probabilities."""

    def add(name, labels, *, classes=CLASSES, share=0.8, dtype='uint8', names=name_of) -> Path:
        pictures = ((number, names(number), one_hot(one, share)) for number, one in labels.items())
        write_probs(tmp_path / name, classes, pictures, dtype=dtype)
        return tmp_path / name

    return add


@pytest.fixture
def add_pictures(tmp_path):
    """Write a folder of label pictures."""

    def add(name, labels, names=lambda number: name_of(number)[:-4]) -> Path:
        for number, one in labels.items():
            path = tmp_path / name / f'{names(number)}.png'
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(one).save(path)
        return tmp_path / name

    return add


@pytest.fixture
def add_ann(tmp_path):
    """Write the json of the pictures; polygons of answers as they are given."""

    def add(name='val.json', annotations=(), sizes=None, categories=CLASSES[1:]) -> Path:
        images = [
            {'id': number, 'file_name': name_of(number), 'height': height, 'width': width}
            for number, (height, width) in (sizes or SIZES).items()
        ]
        named = [{'id': number, 'name': category} for number, category in enumerate(categories, start=1)]
        content = {'images': images, 'categories': named, 'annotations': list(annotations)}
        (tmp_path / name).write_text(json.dumps(content))
        return tmp_path / name

    return add
