import io
import os

import numpy as np
import pytest
from PIL import Image

from custom_modules.datasets.checks import image_files
from custom_modules.datasets.checks.findings import Findings
from custom_modules.datasets.checks.image_files import check_image_files, check_picture

WIDTH, HEIGHT = 60, 40


def encoded(fmt='JPEG', size=(WIDTH, HEIGHT), orientation=None, mode='RGB'):
    """Encode a picture of noise."""
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    exif = Image.Exif()
    if orientation:
        exif[0x0112] = orientation
    buffer = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(buffer, fmt, **({'exif': exif} if orientation else {}))
    return buffer.getvalue()


def cut(data, share):
    """Keep the first part of some bytes."""
    return data[: int(len(data) * share)]


DAMAGED = [
    ('empty', b'', 'unreadable image'),
    ('html', b'<html>not found</html>', 'unreadable image'),
    *((f'JPEG cut at {share:.0%}', cut(encoded(), share), 'unreadable image') for share in (0.02, 0.1, 0.5, 0.9, 0.99)),
    *((f'PNG cut at {share:.0%}', cut(encoded('PNG'), share), 'unreadable image') for share in (0.1, 0.5, 0.9)),
    *((f'WebP cut at {share:.0%}', cut(encoded('WEBP'), share), 'unreadable image') for share in (0.1, 0.5, 0.99)),
    ('BMP cut', cut(encoded('BMP'), 0.5), 'unreadable image'),
    ('TIFF cut', cut(encoded('TIFF'), 0.5), 'unreadable image'),
    ('32 bits', encoded('TIFF', mode='F'), 'unreadable image'),
    ('32 whole bits', encoded('TIFF', mode='I'), 'unreadable image'),
    ('PostScript', b'%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 60 40\n', 'unreadable image'),
    ('other size', encoded(size=(50, 40)), 'image size unlike the json'),
    ('swapped size', encoded(size=(40, 60)), 'image size unlike the json'),
    ('turned by a quarter', encoded(orientation=6), 'EXIF orientation unlike the json'),
    ('turned by a quarter, PNG', encoded('PNG', orientation=8), 'EXIF orientation unlike the json'),
    ('turned WebP', encoded('WEBP', orientation=3), 'EXIF orientation unlike the json'),
    ('upside down', encoded(orientation=3), 'EXIF orientation that the json can neither'),
    ('mirrored', encoded(orientation=2), 'EXIF orientation that the json can neither'),
]

GOOD = [
    ('JPEG', encoded()),
    ('PNG', encoded('PNG')),
    ('WebP', encoded('WEBP')),
    ('BMP', encoded('BMP')),
    ('TIFF', encoded('TIFF')),
    ('grey', encoded(mode='L')),
    ('CMYK', encoded(mode='CMYK')),
    ('palette', encoded('PNG', mode='P')),
    ('16 bit', encoded('PNG', mode='I;16')),
    ('bytes after the end', encoded() + b'maker notes'),
    ('zeros after the end of a PNG', encoded('PNG') + b'\0' * 50),
    ('tag that says upright', encoded(orientation=1)),
    ('turned, and the json knows', encoded(size=(HEIGHT, WIDTH), orientation=6)),
]


@pytest.mark.fast
@pytest.mark.parametrize(('data', 'expected'), [pytest.param(*row[1:], id=row[0]) for row in DAMAGED])
def test_damaged_picture_is_named(tmp_path, data, expected):
    (tmp_path / 'a.jpg').write_bytes(data)
    findings = Findings('train.json')
    check_image_files([{'id': 5, 'file_name': 'a.jpg', 'width': WIDTH, 'height': HEIGHT}], tmp_path, findings)
    ((kind, examples),) = findings.examples.items()
    assert kind.text.startswith(expected)
    assert examples[0].startswith('image 5: a.jpg')


@pytest.mark.fast
@pytest.mark.parametrize('data', [pytest.param(row[1], id=row[0]) for row in GOOD])
def test_good_picture_has_no_finding(tmp_path, data):
    path = tmp_path / 'a.jpg'
    path.write_bytes(data)
    assert check_picture(path, WIDTH, HEIGHT) is None
    assert check_picture(path, WIDTH, HEIGHT, decode=True) is None


def test_decoding_finds_damage_in_the_middle(tmp_path):
    path, data = tmp_path / 'a.png', bytearray(encoded('PNG'))
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    assert check_picture(path, WIDTH, HEIGHT) is None
    assert check_picture(path, WIDTH, HEIGHT, decode=True)[0].text == 'unreadable image'


@pytest.mark.parametrize(
    ('make', 'expected'),
    [
        pytest.param(lambda path: None, 'missing image', id='nothing there'),
        pytest.param(lambda path: path.mkdir(), 'unreadable image', id='folder'),
        pytest.param(os.mkfifo, 'unreadable image', id='pipe'),
        pytest.param(lambda path: path.symlink_to(path), 'unreadable image', id='link to itself'),
        pytest.param(lambda path: path.symlink_to('/nowhere.jpg'), 'link that leads out', id='dangling link'),
        pytest.param(lambda path: path.symlink_to('/etc/passwd'), 'link that leads out', id='link outside'),
    ],
)
def test_what_is_no_picture_file(tmp_path, make, expected):
    make(tmp_path / 'a.jpg')
    findings = Findings('train.json')
    check_image_files([{'id': 5, 'file_name': 'a.jpg', 'width': WIDTH, 'height': HEIGHT}], tmp_path, findings)
    (kind,) = findings.counts
    assert kind.text.startswith(expected)


def folder_links(tmp_path):
    """Lay out a data folder of one picture, and links to it and out of it."""
    real = tmp_path / 'real'
    (real / 'images').mkdir(parents=True)
    (real / 'images' / 'a.jpg').write_bytes(encoded())
    (real / 'inner').symlink_to(real / 'images')
    (real / 'b.jpg').symlink_to('images/a.jpg')
    (tmp_path / 'elsewhere').mkdir()
    (tmp_path / 'elsewhere' / 'a.jpg').write_bytes(encoded())
    (real / 'outer').symlink_to(tmp_path / 'elsewhere')
    (tmp_path / 'link').symlink_to(real)


@pytest.mark.parametrize(
    ('root', 'name', 'is_good'),
    [
        pytest.param('link', 'images/a.jpg', True, id='the data folder is a link'),
        pytest.param('real', 'inner/a.jpg', True, id='linked folder inside'),
        pytest.param('real', 'b.jpg', True, id='linked picture inside'),
        pytest.param('real', 'outer/a.jpg', False, id='linked folder outside'),
        pytest.param('link', 'outer/a.jpg', False, id='linked folder outside a linked folder'),
    ],
)
def test_links_may_not_leave_the_data_folder(tmp_path, root, name, is_good):
    folder_links(tmp_path)
    findings = Findings('train.json')
    check_image_files([{'id': 5, 'file_name': name, 'width': WIDTH, 'height': HEIGHT}], tmp_path / root, findings)
    assert (not findings.counts) is is_good


def test_findings_keep_the_order_of_the_file(tmp_path):
    images = [{'id': i, 'file_name': f'{i}.jpg', 'width': 1, 'height': 1} for i in range(300)]
    findings = Findings('train.json')
    check_image_files(images, tmp_path, findings)
    ((_, count),) = findings.counts.items()
    ((_, examples),) = findings.examples.items()
    assert count == 300
    assert examples == [f'image {i}: {i}.jpg' for i in range(20)]


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(('patience', 'shown'), [(0, True), (60, False)], ids=['long-work', 'short-work'])
def test_long_work_shows_how_far_it_is(tmp_path, monkeypatch, patience, shown):
    Image.new('RGB', (8, 8)).save(tmp_path / '1.png')
    monkeypatch.setattr(image_files, 'PATIENCE', patience)
    monkeypatch.setattr('sys.stderr', terminal := Terminal())
    images = [{'id': number, 'file_name': '1.png', 'width': 8, 'height': 8} for number in range(50)]
    check_image_files(images, tmp_path, Findings('x.json'))
    assert ('pictures checked' in terminal.getvalue() and '/50' in terminal.getvalue()) is shown
