import pytest

from custom_modules.datasets import load_coco, shared_pictures


@pytest.fixture
def load(content, write_set):
    """A function that loads a file with some of the three pictures."""

    def load_some(name, *positions, **names):
        images = [dict(content['images'][position]) for position in positions]
        for image in images:
            image['file_name'] = names.get(f'picture_{image["id"]}', image['file_name'])
        return load_coco(write_set({**content, 'images': images, 'annotations': []}, name), check_images=False)

    return load_some


@pytest.mark.fast
def test_same_path(load):
    pairs = shared_pictures(load('a.json', 0, 1), load('b.json', 1, 2))
    assert pairs == [('images/11.jpg', 'images/11.jpg')]


@pytest.mark.fast
def test_same_content_under_another_name(load, tmp_path):
    data = load('a.json', 0, 1)
    (tmp_path / 'copy.jpg').write_bytes((tmp_path / 'images' / '10.jpg').read_bytes())
    assert shared_pictures(data, load('b.json', 2, picture_12='copy.jpg')) == [('images/10.jpg', 'copy.jpg')]


@pytest.mark.fast
def test_same_length_is_not_enough(load, tmp_path):
    data, other = load('a.json', 0), load('b.json', 1)
    first = (tmp_path / 'images' / '10.jpg').read_bytes()
    (tmp_path / 'images' / '11.jpg').write_bytes(first[:-3] + bytes([first[-3] ^ 1]) + first[-2:])
    assert shared_pictures(data, other) == []


def test_missing_pictures_share_nothing(load, tmp_path):
    data, other = load('a.json', 0), load('b.json', 1)
    for path in (tmp_path / 'images').iterdir():
        path.unlink()
    assert shared_pictures(data, other) == []
