"""Reading what is to be fused: COCO results, competition csv and YOLO folders, mixed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from custom_modules.evaluation import Predictions, read_predictions
from custom_modules.utils import UserError, did_you_mean, find_file, similar_paths

from .detection_csv import read_detection_csv
from .detection_table import DetectionTable
from .pictures import Pictures
from .placing import fit_into_pictures, place
from .repairs import Repairs
from .yolo_folder import read_yolo_folder

_HEAD_BYTES = 4096


@dataclass(frozen=True, eq=False)
class Member:
    """One file of detections.

    Attributes:
        path: The file or folder.
        format: ``'json'``, ``'csv'`` or ``'yolo'``.
        predictions: Its detections.
        repairs: What was put right.
    """

    path: Path
    format: str
    predictions: Predictions
    repairs: Repairs


def read_member(path: str | Path, coco: Any = None, *, image_size: tuple[int, int] | None = None) -> Member:
    """Read one file of detections; see :func:`read_members`."""
    return read_members([path], coco, image_size=image_size)[0][0]


def read_members(
    paths: Sequence[str | Path], coco: Any = None, *, image_size: tuple[int, int] | None = None
) -> tuple[list[Member], Pictures]:
    """Read files of detections about the same pictures.

    Args:
        paths: COCO results json, competition csv, folders of YOLO txt files; told apart by what they hold.
        coco: The data set (``CocoData`` or a COCO dict); needed to mix json with csv, and for YOLO.
        image_size: (height, width) of all pictures in pixels; needed without ``coco``.

    Returns:
        The members in the order given, and the pictures they are about.

    Raises:
        UserError: A file is missing, damaged or cannot be meant; the message names file and row.
    """
    raw = [_read(path, coco) for path in map(find_file, paths)]
    pictures = _named_pictures(paths, raw, image_size) if coco is None else Pictures.of_data(coco)
    return [_finish(Path(path), content, pictures) for path, content in zip(paths, raw, strict=True)], pictures


def detect_format(path: str | Path) -> str:
    """Tell what kind of detections a path holds, by its content.

    Args:
        path: A file, or a folder for YOLO.

    Returns:
        ``'json'``, ``'csv'`` or ``'yolo'``.

    Raises:
        UserError: There is no such file, or it cannot be read.
    """
    path = Path(path)
    if path.suffix == '.probs':
        raise UserError(f'{path}: holds what a segmenter gave; tools/seg_ensemble.py votes on such folders')
    if path.is_dir():
        return 'yolo'
    try:
        with path.open('rb') as file:
            head = file.read(_HEAD_BYTES)
    except FileNotFoundError:
        raise UserError(f'{path}: no such file of predictions{did_you_mean(similar_paths(path))}') from None
    except OSError as error:
        raise UserError(f'{path}: cannot be read ({error.strerror})') from None
    return 'json' if head.removeprefix(b'\xef\xbb\xbf').lstrip()[:1] in (b'[', b'{') else 'csv'


def _read(path: Path, coco: Any) -> DetectionTable | Predictions:
    kind = detect_format(path)
    if kind == 'json':
        return read_predictions(path, coco)
    return read_yolo_folder(path) if kind == 'yolo' else read_detection_csv(path)


def _named_pictures(
    paths: Sequence[str | Path], raw: Sequence[DetectionTable | Predictions], image_size: tuple[int, int] | None
) -> Pictures:
    """Collect the pictures where no data set lists them."""
    tables = [content for content in raw if isinstance(content, DetectionTable)]
    yolo = next((table.source for table in tables if table.is_yolo), None)
    if yolo:
        raise UserError(f'{yolo}: YOLO files say neither the full name nor the size of a picture: give --ann')
    if tables and len(tables) < len(raw):
        raise UserError(
            f'{tables[0].source} names pictures, '
            f'{next(path for path, content in zip(paths, raw, strict=True) if isinstance(content, Predictions))} '
            'has their ids: join them by --ann, the json of the data set'
        )
    if image_size is None:
        raise UserError('give the size of the pictures: --ann with the json of the data set, or --image-size W H')
    return Pictures.of_tables(tables, image_size) if tables else Pictures.of_predictions(list(raw), image_size)


def _finish(path: Path, content: DetectionTable | Predictions, pictures: Pictures) -> Member:
    if isinstance(content, DetectionTable):
        kind = 'yolo' if content.is_yolo else 'csv'
        return Member(path, kind, place(content, pictures), content.repairs)
    repairs = Repairs()
    fitted = fit_into_pictures(content, pictures, str(path), lambda row: f'record {row}', repairs)
    return Member(path, 'json', fitted, repairs)
