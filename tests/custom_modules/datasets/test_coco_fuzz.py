"""Whatever the file holds: it loads, or one UserError says why not."""

import copy
import json
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from custom_modules.datasets import load_coco
from custom_modules.utils import UserError

JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, -1, 2**63, 10**400, 1e308, -1e308, 1e-320, math.nan, math.inf, -math.inf]),
    st.floats(),
    st.text(max_size=6),
    st.sampled_from(['..', '/', 'images', 'images/../x', '\ud800', '\0', 'a' * 300, '.', 'C:', 'loop']),
    st.lists(st.one_of(st.integers(-9, 99), st.floats(), st.text(max_size=2), st.none()), max_size=6),
    st.dictionaries(st.sampled_from(['id', 'size', 'counts', 'x']), st.one_of(st.integers(), st.text()), max_size=3),
)


def places(value, path=()):
    """List the paths to all values inside a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, inner in items for found in [(*path, key), *places(inner, (*path, key))]]


def mutate(content, draw):
    """Replace, delete or repeat one value somewhere in the content."""
    path = draw(st.sampled_from(places(content)))
    target = content
    for key in path[:-1]:
        target = target[key]
    action = draw(st.sampled_from(['replace', 'replace', 'delete', 'repeat']))
    if action == 'replace':
        target[path[-1]] = draw(JUNK)
    elif action == 'delete':
        del target[path[-1]]
    elif isinstance(target, list):
        target.append(copy.deepcopy(target[path[-1]]))


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('fuzz')
    (folder / 'images').mkdir()
    (folder / 'loop').symlink_to(folder / 'loop')
    for number in (10, 11, 12):
        Image.fromarray(np.zeros((48, 64, 3), np.uint8)).save(folder / 'images' / f'{number}.jpg')
    return folder


def load_or_refuse(path):
    """Load a file; the message of a refusal must be printable, the data usable."""
    try:
        data = load_coco(path)
    except UserError as error:
        str(error).encode('utf-8')
        assert str(error)
        return
    data.warning_line.encode('utf-8')
    json.dumps(data.annotations, allow_nan=False)
    assert len(data.classes) == len(set(data.classes))
    sizes = {image['id']: (image['width'], image['height']) for image in data.images}
    for record in data.annotations:
        x, y, w, h = record['bbox']
        width, height = sizes[record['image_id']]
        assert x >= 0 and y >= 0 and w >= 0 and h >= 0 and x + w <= width and y + h <= height
        assert record['category_id'] in data.label_of


SETTINGS = settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@SETTINGS
@given(draw=st.data())
def test_changed_values(folder, content, draw):
    content = copy.deepcopy(content)
    for _ in range(draw.draw(st.integers(1, 4))):
        mutate(content, draw.draw)
        if not places(content):
            break
    path = folder / 'changed.json'
    path.write_text(json.dumps(content))
    load_or_refuse(path)


@SETTINGS
@given(cut=st.integers(0, 2000), place=st.integers(0, 2000), byte=st.integers(0, 255))
def test_changed_bytes(folder, content, cut, place, byte):
    text = bytearray(json.dumps(content).encode())
    text[place % len(text)] = byte
    path = folder / 'bytes.json'
    path.write_bytes(text[: cut or None] if cut % 3 == 0 else text)
    load_or_refuse(path)
