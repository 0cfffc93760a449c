"""A small data set without pixels, and files about it."""

from pathlib import Path

import pytest

HEAD = 'PredictionString,image_id'


@pytest.fixture
def coco() -> dict:
    """Three pictures of 100 x 50 px with ids that are no positions, and three classes with gaps between their ids."""
    names = {11: 'test/0001.jpg', 12: 'test/0002.jpg', 13: 'test/0003.jpg'}
    return {
        'images': [{'id': key, 'file_name': name, 'width': 100, 'height': 50} for key, name in names.items()],
        'categories': [{'id': 9, 'name': 'Glass'}, {'id': 2, 'name': 'Paper'}, {'id': 5, 'name': 'Metal'}],
        'annotations': [],
    }


@pytest.fixture
def write(tmp_path):
    """Write a file's text or bytes under ``tmp_path`` and give its path."""

    def write_file(content: str | bytes, name: str = 'a.csv') -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file
