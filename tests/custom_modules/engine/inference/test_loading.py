"""Whatever is wrong with a file is said and harms nothing else."""

import cv2
import mmcv
import numpy as np
import pytest
import torch
from PIL import Image

from custom_modules.engine.inference.loading import Batches, PictureDataset
from custom_modules.engine.inference.pictures import Picture

pytestmark = pytest.mark.fast

PIPELINE = [
    {'type': 'LoadImageFromFile'},
    {'type': 'LoadAnnotations', 'with_bbox': True},
    {'type': 'Resize', 'scale': (32, 32), 'keep_ratio': True},
    {'type': 'PackDetInputs', 'meta_keys': ('img_id', 'ori_shape')},
]


def jpeg(width: int = 40, height: int = 30) -> bytes:
    picture = np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)
    return cv2.imencode('.jpg', picture)[1].tobytes()


def png_of(width: int, height: int) -> bytes:
    """Give a png whose header alone says how large it is."""
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))

    header = struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1000))
    return b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + chunk(b'IDAT', rows) + chunk(b'IEND', b'')


def load(path, **facts):
    return PictureDataset([Picture(1, path, path.name, **facts)], [PIPELINE])[0]


def test_a_good_picture_is_loaded_for_every_pipeline(tmp_path):
    (tmp_path / 'a.jpg').write_bytes(jpeg())
    picture = Picture(7, tmp_path / 'a.jpg', 'a.jpg', 40, 30, tmp_path)
    index, samples = PictureDataset([picture], [PIPELINE, PIPELINE])[0]
    assert index == 0 and [sample['data_samples'].img_id for sample in samples] == [7, 7]
    assert samples[0]['data_samples'].ori_shape == (30, 40) and samples[0]['inputs'].shape == (3, 24, 32)


def test_a_picture_is_decoded_once_for_all_views(tmp_path, monkeypatch):
    """The views are what each pipeline alone gives; none sees what another has done to the picture."""
    (tmp_path / 'a.jpg').write_bytes(jpeg())
    orient = {'type': 'OrientPicture', 'mirrored': True, 'quarters': 1}
    larger = [{**step, 'scale': (64, 64)} if step['type'] == 'Resize' else step for step in PIPELINE]
    pipelines = [PIPELINE, [PIPELINE[0], orient, *PIPELINE[1:]], larger]
    picture = Picture(1, tmp_path / 'a.jpg', 'a.jpg')
    expected = [PictureDataset([picture], [steps])[0][1][0] for steps in pipelines]
    decoded, decode = [], mmcv.imfrombytes
    monkeypatch.setattr(mmcv, 'imfrombytes', lambda *args, **options: decoded.append(1) or decode(*args, **options))
    _, samples = PictureDataset([picture], pipelines)[0]
    assert len(decoded) == 1
    assert [tuple(sample['inputs'].shape) for sample in samples] == [(3, 24, 32), (3, 32, 24), (3, 48, 64)]
    for sample, alone in zip(samples, expected, strict=True):
        assert torch.equal(sample['inputs'], alone['inputs'])
        assert sample['data_samples'].ori_shape == alone['data_samples'].ori_shape


@pytest.mark.parametrize('orientation', [1, 3, 6, 8])
def test_boxes_are_those_of_the_picture_as_one_sees_it(tmp_path, orientation):
    """Cameras note how they were held: a picture of 40 x 30 px on its side is one of 30 x 40."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new('RGB', (40, 30)).save(tmp_path / 'a.jpg', exif=exif)
    width, height = (30, 40) if orientation in (6, 8) else (40, 30)
    _, samples = load(tmp_path / 'a.jpg', width=width, height=height)
    assert samples[0]['data_samples'].ori_shape == (height, width)


@pytest.mark.parametrize(
    ('content', 'facts', 'reason'),
    [
        pytest.param(None, {}, 'missing image', id='missing'),
        pytest.param(b'', {}, 'no picture of a known format', id='empty'),
        pytest.param(b'<html>not found</html>', {}, 'no picture of a known format', id='html'),
        pytest.param(jpeg()[:700], {}, 'unreadable image', id='cut'),
        pytest.param(jpeg()[:40], {}, 'unreadable image', id='cut-in-the-header'),
        pytest.param(png_of(30_000, 30_000), {}, 'exceeds limit', id='bomb'),
        pytest.param(png_of(50_000, 20), {}, 'failed to load', id='rows-missing'),
        pytest.param(jpeg(), {'width': 41, 'height': 30}, '40 x 30, the json says 41 x 30', id='other-size'),
        pytest.param('folder', {}, 'is no file', id='folder'),
        pytest.param('out', {}, 'link that leads out', id='link-out'),
        pytest.param('loop', {}, 'unreadable image', id='link-to-itself'),
    ],
)
def test_what_is_wrong_is_said(tmp_path, content, facts, reason):
    root = tmp_path / 'data'
    root.mkdir()
    path = root / 'a.jpg'
    if content == 'folder':
        path.mkdir()
    elif content == 'out':
        (tmp_path / 'secret.jpg').write_bytes(jpeg())
        path.symlink_to(tmp_path / 'secret.jpg')
        facts = {'root': root}
    elif content == 'loop':
        path.symlink_to(path)
    elif content is not None:
        path.write_bytes(content)
    index, outcome = load(path, **facts)
    assert index == 0 and isinstance(outcome, str) and reason in outcome
    assert '\n' not in outcome and len(outcome) < 300


@pytest.mark.parametrize('mode', ['L', 'LA', 'RGBA', 'P', 'I;16', '1', 'CMYK'])
def test_unusual_pictures_are_read(tmp_path, mode):
    path = tmp_path / ('a.jpg' if mode == 'CMYK' else 'a.png')
    Image.new(mode, (20, 10)).save(path)
    _, samples = load(path)
    assert samples[0]['inputs'].shape == (3, 16, 32)


def test_pictures_of_a_pixel_under_a_wrong_name_and_animated_ones_are_read(tmp_path):
    frames = [Image.new('RGB', (20, 10), color) for color in ('red', 'blue')]
    frames[0].save(tmp_path / 'animated.png', save_all=True, append_images=frames[1:])
    Image.new('RGB', (1, 1)).save(tmp_path / 'pixel.png')
    (tmp_path / 'pixel.png').rename(tmp_path / 'pixel.jpg')
    _, animated = load(tmp_path / 'animated.png')
    _, pixel = load(tmp_path / 'pixel.jpg')
    assert animated[0]['inputs'].shape == (3, 16, 32)
    assert pixel[0]['data_samples'].ori_shape == (1, 1)


def test_batches_are_the_same_pictures_whichever_are_wanted():
    assert [list(batch) for batch in Batches(7, 3)] == [[0, 1, 2], [3, 4, 5], [6]]
    some = Batches(7, 3, [2, 0])
    assert [list(batch) for batch in some] == [[6], [0, 1, 2]] and len(some) == 2 and some.total == 3
    assert some.count([2, 0]) == 4
    assert len(Batches(0, 3)) == 0 and list(Batches(0, 3)) == []
