"""The confusion as a picture, for few and for many classes."""

import cv2
import numpy as np
import pytest

from custom_modules.evaluation import SegmentationResult
from custom_modules.visualization import plot_confusion, plot_result
from custom_modules.visualization.confusion import short_count


def make_result(confusion, names=None):
    confusion = np.array(confusion, dtype=np.int64)
    both = confusion.diagonal()
    names = names or [f'class {index}' for index in range(len(confusion))]
    return SegmentationResult(tuple(names), confusion, np.arange(3), np.full(3, 0.5), both, 2 * both + 1)


def cells_of(picture, num_classes):
    """Return the colour of each cell above its text; the cells of 67 pixels end 18 above the picture's lower edge."""
    side = 0.56 * 120
    bottom = picture.shape[0] - 0.15 * 120
    columns = np.flatnonzero((picture[int(bottom) - 3] < 250).any(axis=1))
    left = columns[0]
    return [
        [
            picture[int(bottom - (num_classes - row - 0.08) * side), int(left + (column + 0.5) * side)]
            for column in range(num_classes)
        ]
        for row in range(num_classes)
    ]


def test_rows_are_shares(tmp_path):
    plot_confusion(make_result([[1000, 0], [3, 1]]), tmp_path / 'a.png')
    (right, none), (wrong, less) = cells_of(cv2.imread(str(tmp_path / 'a.png')), 2)
    assert right.astype(int).sum() < wrong.astype(int).sum() < less.astype(int).sum() < none.astype(int).sum()


@pytest.mark.parametrize('num_classes', [1, 2, 11, 30])
def test_all_cells_have_the_same_size(num_classes, tmp_path):
    names = ['x' * 80, '캔', *(f'class {index}' for index in range(30))][:num_classes]
    confusion = np.eye(num_classes, dtype=int) * 10**9 + 1
    confusion[-1] = 0
    path = plot_result(make_result(confusion, names), tmp_path)
    assert path.name == 'confusion.png'
    height, width = cv2.imread(str(path)).shape[:2]
    assert 67 * num_classes < height < 67 * num_classes + 460
    assert 67 * num_classes < width < 67 * num_classes + 800


@pytest.mark.fast
@pytest.mark.parametrize(
    ('count', 'text'),
    [
        (0, '0'),
        (999, '999'),
        (1000, '1.00k'),
        (9994, '9.99k'),
        (9996, '10.0k'),
        (99_960, '100k'),
        (999_600, '1.00M'),
        (12_345_678, '12.3M'),
        (4_000_000_000, '4.00G'),
    ],
)
def test_short_counts(count, text):
    assert short_count(count) == text
