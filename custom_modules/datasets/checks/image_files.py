"""Checks of the pictures themselves, by their headers and last bytes.

Reading headers costs 0.03 ms a picture; a picture whose last bytes do not
look like an end is decoded to tell whether it was cut.
"""

import os
import stat
import warnings
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, NamedTuple

from PIL import Image
from tqdm import tqdm

from .findings import (
    IMAGE_SIZE,
    IMAGE_TURNED,
    LINK_OUT,
    MISSING_IMAGE,
    UNREADABLE_IMAGE,
    UNSURE_ORIENTATION,
    Findings,
    Kind,
    shown,
)
from .paths import LinkGuard

FORMATS = ('JPEG', 'PNG', 'WEBP', 'BMP', 'TIFF', 'PPM')
"""What OpenCV, which loads the pictures later, reads too."""
TURNED_BY_LOADING = ('JPEG', 'MPO', 'PNG')
"""Formats whose EXIF orientation OpenCV 4.12 applies (not WebP; a turned TIFF it cannot read)."""
_ORIENTATION_TAG = 0x0112
NUM_THREADS = 8
PATIENCE = 2  # seconds after which a terminal shows how far it is
_TOO_DEEP = {('TIFF', 'I'), ('TIFF', 'F'), ('PPM', 'F')}  # 32 bits a sample: OpenCV reads none of them as colours
_PNG_END = b'\0\0\0\0IEND\xaeB`\x82'


def check_image_files(images: Iterable[dict], root: Path, findings: Findings, *, decode: bool = False) -> None:
    """Check that each picture is there, whole, and of the json's size and orientation.

    Args:
        images: Image records whose ``file_name`` is safe to join to ``root``.
        root: The folder the file names start from.
        findings: Where errors and warnings are noted.
        decode: Decode each picture in full, which also finds damage in the middle.
    """
    guard = LinkGuard(root)
    images = list(images)

    def check(image: dict) -> tuple[Kind, str] | None:
        path = root / image['file_name']
        if guard.leads_out(path):
            return LINK_OUT, ''
        return check_picture(path, image['width'], image['height'], decode=decode)

    with ThreadPoolExecutor(NUM_THREADS) as pool, warnings.catch_warnings():
        warnings.simplefilter('ignore')  # Pillow's hints on large or slightly odd files
        done = tqdm(pool.map(check, images), 'pictures checked', len(images), leave=False, disable=None, delay=PATIENCE)
        for image, finding in zip(images, done, strict=True):
            if finding:
                kind, detail = finding
                findings.add(kind, f'image {image["id"]}: {shown(image["file_name"])}{detail}')


def check_picture(path: Path, width: int, height: int, *, decode: bool = False) -> tuple[Kind, str] | None:
    """Check one picture.

    Args:
        path: Its file.
        width: Width in the json, px; 0 where unknown.
        height: Height in the json, px.
        decode: Decode it in full.

    Returns:
        The kind of finding with its detail, or None for a good picture.
    """
    header = read_header(path, decode=decode)
    if not isinstance(header, Header):
        return header
    if (header.format, header.mode) in _TOO_DEEP:
        return UNREADABLE_IMAGE, ' (32 bits a sample; save it with 8 or 16)'
    return _compare_size(header, width, height)


class Header(NamedTuple):
    """What the header of a picture says: size in px, Pillow's names of format and mode, EXIF orientation (1 to 8)."""

    size: tuple[int, int]
    format: str | None
    mode: str
    orientation: int

    @property
    def loaded_size(self) -> tuple[int, int]:
        """Width and height after loading, which turns a picture by its EXIF orientation."""
        turns = self.orientation >= 5 and self.format in TURNED_BY_LOADING
        return self.size[::-1] if turns else self.size


def read_header(path: Path, formats: tuple[str, ...] = FORMATS, *, decode: bool = False) -> Header | tuple[Kind, str]:
    """Read the header of a picture, and tell whether the file is whole.

    Args:
        path: Its file.
        formats: Formats that are taken.
        decode: Decode it in full.

    Returns:
        The header, or the kind of finding with its detail.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe would wait for ever
            return UNREADABLE_IMAGE, ' is no file'
        with open(path, 'rb') as file:
            picture = Image.open(file, formats=formats)
            header = Header(picture.size, picture.format, picture.mode, _orientation(picture))
            if decode or not _has_end(file, header.format):
                file.seek(0)
                Image.open(file, formats=formats).load()
    except (FileNotFoundError, NotADirectoryError):
        return MISSING_IMAGE, ''
    except Exception as error:  # Pillow's parsers raise many kinds on damaged files
        return UNREADABLE_IMAGE, f' ({_reason(error)})'
    return header


def _reason(error: Exception) -> str:
    if isinstance(error, Image.UnidentifiedImageError):
        return 'no picture of a known format'
    return shown(getattr(error, 'strerror', None) or str(error) or type(error).__name__)


def _orientation(picture: Image.Image) -> int:
    """Read the EXIF orientation that OpenCV would see: from EXIF only, not from XMP."""
    block = picture.info.get('exif')
    if not block:
        return 1
    exif = Image.Exif()
    try:
        exif.load(block)
        value = exif.get(_ORIENTATION_TAG, 1)
    except Exception:  # a damaged EXIF block says nothing about orientation
        return 1
    return value if value in range(1, 9) else 1


def _has_end(file: BinaryIO, name: str | None) -> bool:
    length = file.seek(0, os.SEEK_END)
    file.seek(max(0, length - len(_PNG_END)))
    tail = file.read()
    if name == 'JPEG':
        return tail.endswith(b'\xff\xd9')
    if name == 'PNG':
        return tail == _PNG_END
    if name == 'WEBP':
        file.seek(4)
        return int.from_bytes(file.read(4), 'little') + 8 <= length
    return False


def _compare_size(header: Header, width: int, height: int) -> tuple[Kind, str] | None:
    size, name, _, orientation = header
    turned = size[::-1] if orientation >= 5 else size
    if not width or not height or (orientation == 1 and size == (width, height)):
        return None
    if (width, height) not in (size, turned):
        return IMAGE_SIZE, f' is {turned[0]} x {turned[1]}, the json says {width} x {height}'
    if orientation == 1:
        return None
    detail = f' has orientation {orientation}'
    if name not in TURNED_BY_LOADING or (width, height) != turned:
        return IMAGE_TURNED, detail
    return (UNSURE_ORIENTATION, detail) if turned == size else None
