"""What a path that is to be submitted holds."""

from pathlib import Path

from custom_modules.ensemble.probs import INDEX, SUFFIX
from custom_modules.utils import UserError

from .members import detect_format

PROBS, PICTURES = 'folder of probabilities', 'folder of label pictures'
SEGMENTATION_CSV, DETECTION_CSV = 'csv of segmentation', 'csv of detections'
JSON, YOLO = 'json', 'folder of YOLO files'
SEGMENTATION = (PROBS, PICTURES, SEGMENTATION_CSV)
"""Kinds that hold a label for every pixel."""
_HEAD_BYTES = 1 << 16
_SURE = 60  # numbers of a row that leave no doubt


def kind_of(path: str | Path) -> str:
    """Tell what predictions a path holds, by its content.

    Args:
        path: A file or folder.

    Returns:
        One of the names above.

    Raises:
        UserError: There is nothing, it cannot be read, or it is a folder of something else.
    """
    path = Path(path)
    if path.is_dir():
        return _kind_of_folder(path)
    kind = detect_format(path)
    return JSON if kind == 'json' else _kind_of_csv(path)


def _kind_of_folder(path: Path) -> str:
    if path.suffix == SUFFIX or (path / INDEX).is_file():
        return PROBS
    if next(path.rglob('*.txt'), None) is not None:
        return YOLO
    if next(path.rglob('*.png'), None) is not None:
        return PICTURES
    raise UserError(
        f'{path}: is a folder with neither label pictures (png) nor txt files of YOLO, and no {SUFFIX} folder; give '
        'predictions as tools/test.py and tools/predict.py write them'
    )


def _kind_of_csv(path: Path) -> str:
    """Judge by the first row with numbers: scores, the second of every six, are no whole numbers, labels are."""
    with open(path, 'rb') as file:
        head = file.read(_HEAD_BYTES).decode('utf-8', 'replace').removeprefix('\ufeff')
    first, *rows = head.splitlines() or ['']
    strings = [max(row.split(','), key=lambda field: field.count(' ')) for row in rows]
    numbers = next((string.strip('" ').split() for string in strings if string.strip('" ').count(' ') > 1), [])
    if any(not _is_whole(score) for score in numbers[1:-1:6]):
        return DETECTION_CSV
    if len(numbers) > _SURE:
        return SEGMENTATION_CSV
    columns = [name.strip(' "') for name in first.split(',')]
    is_ours = 'image_id' in columns and 'PredictionString' in columns
    return (
        SEGMENTATION_CSV if is_ours and columns.index('image_id') < columns.index('PredictionString') else DETECTION_CSV
    )


def _is_whole(word: str) -> bool:
    try:
        return float(word).is_integer()
    except ValueError:  # told when the file is read
        return True
