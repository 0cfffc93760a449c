"""Label maps over photographs."""

import numpy as np
import pytest

from custom_modules.visualization import draw_labels, draw_labels_enlarged, draw_truth_and_labels

PALETTE = [(0, 0, 0), (250, 0, 0), (0, 0, 250)]
GRAY = np.full((60, 80, 3), 100, dtype=np.uint8)


def make_labels():
    labels = np.zeros((60, 80), dtype=np.uint8)
    labels[10:30, 10:40] = 1
    labels[40:55, 10:70] = 255
    return labels


def test_colours_lie_over_the_photograph():
    drawn = draw_labels(GRAY, make_labels(), PALETTE)
    assert drawn[20, 20].tolist() == [40, 40, 190]  # 0.4 x 100 + 0.6 x (0, 0, 250), BGR
    assert drawn[5, 5].tolist() == [100, 100, 100] and (GRAY == 100).all()
    assert drawn[10, 10:40].max() < 100  # where classes meet
    hatched = drawn[43:53, 15:65].reshape(-1, 3)
    assert len(np.unique(hatched, axis=0)) == 3  # light and dark lines on the photograph


def test_a_map_of_another_size_is_brought_to_the_picture():
    small = make_labels()[::2, ::2]
    drawn = draw_labels(GRAY, small, PALETTE)
    assert drawn[20, 20].tolist() == [40, 40, 190]


def test_a_single_picture_is_enlarged_above_its_legend():
    names = ('Background', 'Can', 'Paper')
    with_can = draw_labels_enlarged(GRAY, make_labels(), names, PALETTE)
    empty = draw_labels_enlarged(GRAY, np.zeros((60, 80), dtype=np.uint8), names, PALETTE)
    assert empty.shape == (480, 640, 3)  # eight times as large, nothing to explain
    assert with_can.shape[1] == 640 and with_can.shape[0] > 480
    assert with_can[160, 160].tolist() == [40, 40, 190]


@pytest.mark.parametrize('palette', [PALETTE, None])
def test_sheet(palette):
    truth, other = make_labels(), np.zeros((60, 80), dtype=np.uint8)
    rest = ([other] * 2, ('Background', 'Can', 'Paper'), palette)
    sheet, plain = (
        draw_truth_and_labels([GRAY] * 2, [one] * 2, *rest, pairs_per_row=2, cell_width=160) for one in (truth, other)
    )
    assert sheet.shape[1] == plain.shape[1] > 4 * 160
    assert sheet.shape[0] > plain.shape[0]  # a legend of what occurs: Can, neither Background nor Paper
