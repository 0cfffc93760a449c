import numpy as np
import pytest
from PIL import Image

from custom_modules.datasets.label_pictures import LabelTable, describe, load_labels, read_values
from custom_modules.utils import UserError

VALUES = np.array([[0, 1, 2], [3, 1, 0]], np.uint8)


def as_palette(values):
    picture = Image.fromarray(values, 'P')
    picture.putpalette([200, 100, 50, 10, 20, 30, 90, 80, 70, 1, 2, 3])
    return picture


@pytest.mark.parametrize('suffix', ['png', 'bmp', 'tif', 'pgm'])
def test_formats(tmp_path, suffix):
    path = tmp_path / f'a.{suffix}'
    Image.fromarray(VALUES).save(path)
    np.testing.assert_array_equal(read_values(path), VALUES)


@pytest.mark.parametrize('bits', [1, 2, 4, 8])
def test_of_a_palette_the_positions_count(tmp_path, bits):
    values = VALUES if bits > 1 else VALUES % 2
    as_palette(values).save(tmp_path / 'a.png', bits=bits)
    np.testing.assert_array_equal(read_values(tmp_path / 'a.png'), values)


@pytest.mark.parametrize(('bits', 'values'), [(1, [[0, 1, 1]]), (2, [[0, 1, 2, 3]]), (4, [[0, 1, 7, 15]])])
def test_grey_values_of_few_bits_are_not_stretched(tmp_path, bits, values):
    import struct
    import zlib

    def chunk(name, data):
        return struct.pack('>I', len(data)) + name + data + struct.pack('>I', zlib.crc32(name + data))

    width = len(values[0])
    packed = int(''.join(f'{value:0{bits}b}' for value in values[0]).ljust(-(-width * bits // 8) * 8, '0'), 2)
    row = b'\0' + packed.to_bytes(-(-width * bits // 8), 'big')
    header = struct.pack('>IIBBBBB', width, 1, bits, 0, 0, 0, 0)
    png = b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + chunk(b'IDAT', zlib.compress(row)) + chunk(b'IEND', b'')
    (tmp_path / 'a.png').write_bytes(png)
    assert read_values(tmp_path / 'a.png').tolist() == values


@pytest.mark.parametrize('mode', ['RGB', 'RGBA', 'LA', 'I;16'])
def test_several_channels_or_more_bits_are_refused(tmp_path, mode):
    Image.new(mode, (3, 2)).save(tmp_path / 'a.png')
    with pytest.raises(ValueError, match=f'is {mode}, not one channel of 8 bits'):
        read_values(tmp_path / 'a.png')


def test_jpeg_is_refused(tmp_path):
    Image.fromarray(VALUES).save(tmp_path / 'a.jpg')
    with pytest.raises(OSError):
        read_values(tmp_path / 'a.jpg')


TABLE = LabelTable([[1], [2, 7]], void=[0])


def test_labels():
    assert TABLE.labels(np.array([[0, 1, 2], [7, 1, 0]], np.uint8)).tolist() == [[255, 0, 1], [1, 0, 255]]


def test_unknown_values_are_named():
    with pytest.raises(ValueError, match=r'^value 3 on 2 pixels, value 200 on 1 pixel$'):
        TABLE.labels(np.array([[3, 3, 200, 1]], np.uint8))
    assert describe(dict.fromkeys(range(6), 1)).endswith('value 4 on 1 pixel, ...')


def test_pixels_by_class():
    counts = np.bincount([0, 0, 1, 2, 7, 7], minlength=256)
    assert TABLE.pixels(counts, 2).tolist() == [1, 3]


def test_load(tmp_path):
    path = tmp_path / 'a.png'
    Image.fromarray(np.array([[1, 7, 0]], np.uint8)).save(path)
    assert load_labels(path, TABLE, 1, 3).tolist() == [[0, 1, 255]]
    assert (load_labels(None, TABLE, 2, 3) == np.full((2, 3), 255)).all()
    with pytest.raises(UserError, match=r'a\.png: is 3 x 1, the json says 3 x 2; .*tools/index_labels\.py'):
        load_labels(path, TABLE, 2, 3)
    Image.fromarray(np.array([[9]], np.uint8)).save(path)
    with pytest.raises(UserError, match=r'a\.png: value 9 on 1 pixel; python tools/index_labels\.py lists'):
        load_labels(path, TABLE, 1, 1)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(UserError, match=r'a\.png: .*tools/index_labels\.py'):
        load_labels(path, TABLE, 1, 1)
    with pytest.raises(UserError, match=r'b\.png: .*No such file'):
        load_labels(tmp_path / 'b.png', TABLE, 1, 1)
