"""A small valid data set: three pictures of 64 x 48 px, three classes with gaps in their ids."""

import copy
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

WIDTH, HEIGHT = 64, 48

CONTENT = {
    'info': {'description': 'three pictures'},
    'images': [
        {'id': number, 'file_name': f'images/{number}.jpg', 'width': WIDTH, 'height': HEIGHT} for number in (10, 11, 12)
    ],
    'categories': [{'id': 7, 'name': 'Metal'}, {'id': 1, 'name': 'Paper'}, {'id': 3, 'name': 'Glass'}],
    'annotations': [
        {
            'id': 1,
            'image_id': 10,
            'category_id': 1,
            'bbox': [4, 6, 20, 10],
            'area': 200,
            'iscrowd': 0,
            'segmentation': [[4, 6, 24, 6, 24, 16, 4, 16]],
        },
        {  # columns 10 and 11, rows 5 to 24
            'id': 2,
            'image_id': 10,
            'category_id': 7,
            'bbox': [10, 5, 2, 20],
            'area': 40,
            'iscrowd': 0,
            'segmentation': {'size': [48, 64], 'counts': [485, 20, 28, 20, 2519]},
        },
        {'id': 3, 'image_id': 10, 'category_id': 3, 'bbox': [30, 20.5, 12, 9], 'area': 108, 'iscrowd': 0},
        {'id': 4, 'image_id': 11, 'category_id': 3, 'bbox': [0, 0, 64, 48], 'area': 3072, 'iscrowd': 1},
    ],
}


@pytest.fixture
def content() -> dict:
    """The valid content, free to be changed."""
    return copy.deepcopy(CONTENT)


@pytest.fixture
def write_set(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes content and its pictures below ``tmp_path`` and returns the json's path."""

    def write(content: object, name: str = 'train.json', *, pictures: bool = True) -> Path:
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        for number in (10, 11, 12) if pictures else ():
            _write_picture(tmp_path / 'images' / f'{number}.jpg', number)
        return path

    return write


def _write_picture(path: Path, seed: int) -> None:
    path.parent.mkdir(exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
