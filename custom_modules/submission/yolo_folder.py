"""Folders of YOLO's txt files: one a picture, a line ``class cx cy w h confidence`` for each box.

Centre and sides are parts of the picture's width and height.
"""

from pathlib import Path

import numpy as np

from custom_modules.utils import UserError

from .detection_table import DetectionTable
from .number_text import NotNumbersError, parse_numbers
from .repairs import Repairs

NUMBERS_PER_LINE = 6
_CLASS_LIST = 'classes.txt'


def read_yolo_folder(folder: str | Path) -> DetectionTable:
    """Read all txt files of a folder, those in folders below it too, as they are written.

    Args:
        folder: For example ``runs/detect/predict/labels``; a ``classes.txt`` in it is no picture's.

    Returns:
        Boxes file by file; names are the files' without ``.txt``, relative to the folder.  Values are not checked.

    Raises:
        UserError: There is no txt file, one cannot be read, or a line is no box; the message names file and line.
    """
    folder = Path(folder)
    files = sorted(path for path in folder.rglob('*.txt') if path.name != _CLASS_LIST and path.is_file())
    if not files:
        raise UserError(f'{folder}: has no txt files; give the folder of YOLO labels, or a json or csv file')
    texts, file_of, line_of, repairs = [], [], [], Repairs()
    for number, path in enumerate(files):
        lines = _read_lines(path)
        texts += [line for _, line in lines]
        file_of += [number] * len(lines)
        line_of += [line for line, _ in lines]
    names = [path.relative_to(folder).as_posix() for path in files]

    def where(box: int) -> str:
        return f'{names[file_of[box]]}, line {line_of[box]}'

    try:
        numbers, counts = parse_numbers(texts)
    except NotNumbersError as error:
        raise UserError(f'{folder}: {where(error.index)}: {error.word!r:.60} is not a number') from None
    _check_counts(counts, str(folder), where)
    values = numbers.reshape(-1, NUMBERS_PER_LINE)
    halves = values[:, 3:5] / 2
    return DetectionTable(
        source=str(folder),
        names=[name.removesuffix('.txt') for name in names],
        places=names,
        pictures=np.array(file_of, dtype=np.int64),
        labels=values[:, 0],
        scores=values[:, 5],
        boxes_xyxy=np.hstack([values[:, 1:3] - halves, values[:, 1:3] + halves]),
        where=where,
        is_yolo=True,
        repairs=repairs,
    )


def _read_lines(path: Path) -> list[tuple[int, str]]:
    try:
        text = path.read_text(encoding='utf-8-sig')
    except OSError as error:
        raise UserError(f'{path}: cannot be read ({error.strerror})') from None
    except UnicodeDecodeError as error:
        raise UserError(f'{path}: is not text in UTF-8 (byte {error.start})') from None
    return [(number, line) for number, line in enumerate(text.split('\n'), start=1) if line.strip()]


def _check_counts(counts: np.ndarray, source: str, where) -> None:
    wrong = np.flatnonzero(counts != NUMBERS_PER_LINE)
    if not wrong.size:
        return
    count = counts[wrong[0]]
    remedy = 'is it cut off?'
    if count == 5:
        remedy = 'the confidence is missing: let YOLO save it (save_conf=True)'
    elif count > NUMBERS_PER_LINE:
        remedy = 'these are polygons or key points, not boxes'
    raise UserError(f'{source}: {where(wrong[0])}: has {count} numbers, not six (class cx cy w h confidence); {remedy}')
