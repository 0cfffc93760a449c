"""Pictures with pasted objects, as tools/copy_paste.py writes them into a data set."""

from pathlib import Path

from .coco_data import CocoData

FOLDER = 'pasted'


def holds_pasted(data: CocoData) -> bool:
    """Say whether a data set has pictures that copy-paste made."""
    return any(Path(image['file_name']).parts[0] == FOLDER for image in data.images)
