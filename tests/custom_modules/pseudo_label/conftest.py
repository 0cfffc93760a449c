"""Small data sets whose answers are worked out by hand."""

from collections.abc import Sequence

import numpy as np
import pytest

from custom_modules.evaluation import Predictions


@pytest.fixture
def coco_of():
    """Make a COCO dict of pictures of 100 px and rows (image id, category id, box xywh[, iscrowd])."""

    def make(rows: Sequence[tuple], images: int = 2, categories: Sequence[str] = ('can', 'bag')) -> dict:
        return {
            'images': [
                {'id': number, 'file_name': f'{number}.jpg', 'width': 100, 'height': 100}
                for number in range(1, images + 1)
            ],
            'annotations': [
                {
                    'id': number,
                    'image_id': row[0],
                    'category_id': row[1],
                    'bbox': list(row[2]),
                    'area': row[2][2] * row[2][3],
                    'iscrowd': int(len(row) > 3),
                }
                for number, row in enumerate(rows, start=1)
            ],
            'categories': [{'id': number, 'name': name} for number, name in enumerate(categories, start=1)],
        }

    return make


@pytest.fixture
def found_of():
    """Make predictions of rows (image id, category id, box xywh, score)."""

    def make(rows: Sequence[tuple]) -> Predictions:
        columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
        return Predictions(
            np.array(columns[0], dtype=np.int64),
            np.array(columns[1], dtype=np.int64),
            np.array(columns[2], dtype=np.float64).reshape(-1, 4),
            np.array(columns[3], dtype=np.float64),
        )

    return make
