"""Sheets: sizes, places and what is drawn on them."""

import numpy as np
import pytest

from custom_modules.evaluation import Predictions, encode_masks
from custom_modules.visualization import (
    Objects,
    class_legend,
    contact_sheet,
    draw_enlarged,
    draw_ground_truth_and_predictions,
    fit_picture,
    objects_from_annotations,
    objects_from_predictions,
)

CLASSES, PALETTE = ('can', 'bag'), [(255, 0, 0), (0, 0, 255)]
RED_BGR, BLUE_BGR = [0, 0, 255], [255, 0, 0]


def picture(height, width, value=90):
    return np.full((height, width, 3), value, dtype=np.uint8)


def has_color(image, bgr):
    return bool((image == bgr).all(axis=2).any())


@pytest.mark.parametrize(
    ('size', 'fitted'),
    [((50, 100), (100, 200)), ((400, 800), (100, 200)), ((1000, 100), (300, 30))],
    ids=['enlarged', 'shrunk', 'tall'],
)
def test_fit_picture(size, fitted):
    assert fit_picture(picture(*size), 200, 300).shape[:2] == fitted


@pytest.mark.parametrize(
    ('size', 'drawn'),
    [
        ((128, 128), (512, 512)),
        ((100, 160), (500, 800)),
        ((480, 640), (480, 640)),
        ((10, 700), (20, 1400)),
        ((4, 3000), (4, 3000)),
    ],
    ids=['small', 'by a whole number', 'large enough', 'a strip', 'a long strip'],
)
def test_single_pictures_are_enlarged(size, drawn):
    nothing = Objects(np.zeros((0, 4)), np.zeros(0, int), np.zeros(0))
    assert draw_enlarged(picture(*size), nothing, CLASSES, PALETTE).shape == (*drawn, 3)


def test_objects_are_drawn_where_they_are_on_the_enlarged_picture():
    mask = np.zeros((120, 120), dtype=bool)
    mask[40:80, 30:90] = True
    objects = Objects(np.array([[30.0, 40, 90, 80]]), np.array([0]), np.array([0.5]), [mask])
    drawn = draw_enlarged(picture(120, 120), objects, CLASSES, PALETTE)
    assert drawn[320, 120:361].tolist() == [RED_BGR] * 241  # the lower edge of the box, four times as far down
    assert (drawn[170:310, 130:350] == [50, 50, 164]).all()  # the mask: 0.55 of 90 (rounded), plus 0.45 of red
    share = (drawn != 90).any(axis=2).mean()
    assert share < (40 * 60) / 120**2 + 0.03  # the name plate covers next to nothing


def test_contact_sheet_places_pictures_in_rows():
    sheet = contact_sheet([picture(50, 50, value) for value in (10, 20, 30)], columns=2, cell_width=100)
    assert sheet.shape == (2 * (12 + 100) + 12, 2 * (12 + 100) + 12, 3)
    centers = [sheet[62, 62], sheet[62, 174], sheet[174, 62], sheet[174, 174]]
    assert [center[0] for center in centers] == [10, 20, 30, 255]


def test_titles_are_above_the_pictures():
    plain, titled = (contact_sheet([picture(50, 50)], 1, titles, 200) for titles in (None, ['a title' * 20]))
    space = len(titled) - len(plain)
    assert space > 10
    assert titled[: space + 12].min() < 100  # ink
    assert plain[:12].min() == 255


def test_ground_truth_is_left_and_certain_predictions_right():
    box = np.array([[10.0, 10.0, 40.0, 40.0]])
    truth = Objects(box, np.array([0]))
    prediction = Objects(np.repeat(box, 2, axis=0), np.array([1, 0]), np.array([0.9, 0.2]))
    sheet = draw_ground_truth_and_predictions(
        [picture(50, 50)], [truth], [prediction], CLASSES, PALETTE, titles=['x.jpg'], score_thr=0.3, cell_width=200
    )
    pictures = sheet[40:230]
    left, right = pictures[:, :218], pictures[:, 218:]
    assert has_color(left, RED_BGR) and not has_color(left, BLUE_BGR)
    assert has_color(right, BLUE_BGR) and not has_color(right, RED_BGR)


def test_legend_shows_each_class_in_as_many_lines_as_needed():
    wide, narrow = (class_legend(CLASSES, PALETTE, width) for width in (400, 90))
    assert len(narrow) == 2 * len(wide) > 0
    assert has_color(wide, RED_BGR) and has_color(wide, BLUE_BGR)
    assert not has_color(class_legend(CLASSES, PALETTE, 400, [1]), RED_BGR)
    assert class_legend(CLASSES, PALETTE, 400, []).shape == (0, 400, 3)


def test_objects_follow_a_resize():
    mask = np.zeros((50, 100), dtype=bool)
    mask[:25] = True
    objects = Objects(np.array([[10.0, 10, 20, 30]]), np.array([0]), masks=[mask]).resized((100, 50), (200, 50))
    assert objects.boxes_xyxy.tolist() == [[20, 10, 40, 30]]
    assert objects.masks[0].shape == (50, 200)
    assert objects.masks[0].sum() == 25 * 200


def test_objects_from_annotations():
    square = [2.0, 2.0, 6.0, 2.0, 6.0, 6.0, 2.0, 6.0]
    rle = encode_masks(np.ones((1, 8, 9)))[0]
    records = [
        {'category_id': 5, 'bbox': [2, 2, 4, 4], 'segmentation': [square]},
        {'category_id': 3, 'bbox': [0, 0, 9, 8], 'segmentation': rle},
        {'category_id': 3, 'bbox': [1, 1, 2, 2]},
        {'category_id': 3, 'bbox': [1, 1, 2, 2], 'iscrowd': 1},
    ]
    objects = objects_from_annotations(records, {3: 0, 5: 1}, 8, 9)
    assert objects.labels.tolist() == [1, 0, 0]
    assert objects.boxes_xyxy[0].tolist() == [2, 2, 6, 6]
    assert [None if mask is None else int(mask.sum()) for mask in objects.masks] == [16, 72, None]
    assert objects_from_annotations([], {}, 8, 9).boxes_xyxy.shape == (0, 4)


def test_objects_from_predictions():
    instances = {'bboxes': [[1, 2, 4, 8]], 'scores': [0.5], 'labels': [1], 'masks': np.ones((1, 8, 9), dtype=bool)}
    rows = Predictions.concatenate([Predictions.from_instances(image_id, instances, (3, 5)) for image_id in (1, 2)])
    objects = objects_from_predictions(rows, 2, {3: 0, 5: 1})
    assert objects.boxes_xyxy.tolist() == [[1, 2, 4, 8]]
    assert (objects.labels.tolist(), objects.scores.tolist(), objects.masks[0].sum()) == ([1], [0.5], 72)
    assert len(objects.above(0.6).labels) == 0
    assert len(objects_from_predictions(rows, 3, {}).labels) == 0
