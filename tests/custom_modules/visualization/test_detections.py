"""Drawings: what changes, where, and in which colour."""

import numpy as np
import pytest

from custom_modules.evaluation import encode_masks
from custom_modules.visualization import draw_detections
from custom_modules.visualization.text import printable_name, shorten, text_size

CLASSES, PALETTE = ('can', 'plastic bag'), [(255, 0, 0), (0, 255, 255)]
RED_BGR = [0, 0, 255]


def gray(height=200, width=300):
    return np.full((height, width, 3), 90, dtype=np.uint8)


def draw(image, boxes, labels=None, scores=None, masks=None):
    labels = [0] * len(boxes) if labels is None else labels
    return draw_detections(image, np.array(boxes, dtype=float), labels, scores, CLASSES, PALETTE, masks)


def changed(before, after):
    return (before != after).any(axis=2)


@pytest.mark.fast
def test_box_edges_get_the_class_colour_and_nothing_else_changes():
    image = gray()
    drawn = draw(image, [[100, 80, 200, 150]], scores=[0.9])
    assert drawn[80:151, 200].tolist() == [RED_BGR] * 71
    assert drawn[150, 100:201].tolist() == [RED_BGR] * 101
    touched = changed(image, drawn)
    assert not touched[95:145, 105:195].any()  # inside
    assert (
        not touched[155:].any() and not touched[:60].any() and not touched[:, 205:].any() and not touched[:, :95].any()
    )
    assert (image == 90).all()  # the input is kept


def test_name_plate_is_above_the_box_with_text_on_it():
    plate = draw(gray(), [[100, 80, 200, 150]], scores=[0.9])[68:78, 100:130]
    assert (plate == RED_BGR).all(axis=2).mean() > 0.4
    assert (plate == [255, 255, 255]).all(axis=2).any()


@pytest.mark.parametrize(
    'box',
    [[0, 0, 40, 30], [280, 0, 299, 20], [270, 190, 299, 199], [-50, -50, 400, 400], [298, 198, 310, 220]],
    ids=['top left', 'top right', 'bottom right', 'larger than the picture', 'mostly outside'],
)
def test_name_plates_stay_inside(box):
    drawn = draw(gray(), [box], [1], [0.55])
    yellow = (drawn == [255, 255, 0]).all(axis=2)
    width, height = text_size('plastic bag 0.55', 9)
    assert yellow.sum() > 0.4 * width * height


@pytest.mark.parametrize(('height', 'width'), [(1, 1), (8, 400), (400, 8), (32, 32), (1500, 2000)])
def test_any_picture_size(height, width):
    image = gray(height, width)
    drawn = draw(image, [[0, 0, width, height]], [1], [0.5])
    assert drawn.shape == image.shape
    assert changed(image, drawn).any()


def test_lines_and_text_grow_with_the_picture():
    shares = []
    for side in (200, 2000):
        drawn = draw(gray(side, side), [[side // 2, side // 2, side - 10, side - 10]], scores=[0.5])
        row = (drawn[side * 3 // 4, : side - 20] == RED_BGR).all(axis=1).sum()
        shares.append(int(row))
    assert shares[0] == 1
    assert shares[1] >= 4


def test_the_more_certain_is_on_top():
    boxes, labels = [[50, 50, 150, 150], [50, 50, 150, 150]], [0, 1]
    assert draw(gray(), boxes, labels, [0.9, 0.1])[100, 150].tolist() == RED_BGR
    assert draw(gray(), boxes, labels, [0.1, 0.9])[100, 150].tolist() == [255, 255, 0]


def test_a_crowd_does_not_cover_the_most_certain_name():
    boxes = [[100 + i % 7, 80 + i % 5, 200 + i, 150 + i] for i in range(40)]
    scores = np.linspace(0.01, 0.99, 40)
    crowd, alone = draw(gray(), boxes, scores=scores), draw(gray(), boxes[-1:], scores=scores[-1:])
    width, height = text_size('can 0.99', 9)
    plate = np.s_[84 - height : 84, 104 : 104 + width]  # above the last box, whose corner is (104, 84)
    assert (alone[plate] == RED_BGR).all(axis=2).mean() > 0.4
    assert (crowd[plate] == alone[plate]).all()


@pytest.mark.parametrize('encode', [lambda mask: mask, lambda mask: encode_masks(mask[None])[0]], ids=['bitmap', 'RLE'])
def test_masks(encode):
    mask = np.zeros((200, 300), dtype=bool)
    mask[100:140, 120:180] = True
    image = gray()
    drawn = draw(image, [[100, 80, 200, 150], [10, 10, 60, 60]], scores=[0.9, 0.8], masks=[encode(mask), None])
    assert drawn[120, 150].tolist() == [50, 50, 164]  # 0.55 of 90 (rounded), plus 0.45 of 255 in red
    assert drawn[90, 150].tolist() == [90, 90, 90]
    assert drawn[50, 40].tolist() == [90, 90, 90]


def test_nothing_to_draw():
    image = gray()
    drawn = draw_detections(image, np.zeros((0, 4)), np.zeros(0), np.zeros(0), CLASSES, PALETTE)
    assert (drawn == image).all()
    assert drawn is not image


@pytest.mark.parametrize(
    ('name', 'shown'),
    [('can', 'can'), ('Müll', 'Müll'), ('стекло', 'стекло'), ('쓰레기', '#7'), ('can\n', '#7'), ('', '#7')],
)
def test_names_the_font_cannot_show_become_numbers(name, shown):
    assert printable_name(name, 7) == shown


@pytest.mark.parametrize(('width', 'expected'), [(1000, 'plastic bag'), (0, '')])
def test_shorten_limits(width, expected):
    assert shorten('plastic bag', 12, width) == expected


def test_shorten_fits():
    text = shorten('plastic bag', 12, 50)
    assert text.startswith('pla') and text.endswith('…')
    assert text_size(text, 12)[0] <= 50
