"""Drawing has no bias, and follows the rules of COCO masks."""

import numpy as np
import pytest
from faster_coco_eval.core import mask as coco_mask

from custom_modules.structures.instance_masks import InstanceMasks


def draw(polygons: list, size: int = 12) -> np.ndarray:
    """Draw one instance on a square canvas."""
    return InstanceMasks([polygons], size, size).to_ndarray()[0]


RECTANGLES = {
    'whole pixels': ([1, 2, 4, 8], (3, 6)),
    'centres inside': ([1.4, 2.4, 4.6, 7.6], (4, 6)),  # centres 1.5 to 4.5, 2.5 to 7.5
    'centres outside': ([1.6, 2.6, 4.4, 7.4], (2, 4)),
    'between two centres': ([1.6, 2.0, 2.4, 8.0], (0, 6)),
    'a centre on each edge counts once': ([1.5, 2.5, 4.5, 7.5], (3, 5)),
}


@pytest.mark.fast
@pytest.mark.parametrize('box, expected', RECTANGLES.values(), ids=RECTANGLES)
def test_rectangle(box, expected):
    x1, y1, x2, y2 = box
    drawn = draw([[x1, y1, x2, y1, x2, y2, x1, y2]])
    assert drawn.sum() == expected[0] * expected[1]


@pytest.mark.fast
def test_neighbours_share_no_pixel_and_leave_no_gap():
    rng = np.random.RandomState(4)
    for _ in range(50):
        x, y = rng.uniform(2, 10, 2).round(1)
        corners = [(0, 0), (12, 0), (12, 12), (0, 12)]
        fans = [[[x, y, *corners[i], *corners[(i + 1) % 4]]] for i in range(4)]
        np.testing.assert_array_equal(sum(draw(fan) for fan in fans), np.ones((12, 12)))


@pytest.mark.fast
def test_parts_are_joined_even_where_they_overlap():
    left, right = [0.0, 0, 6, 0, 6, 4, 0, 4], [4.0, 0, 9, 0, 9, 4, 4, 4]
    assert draw([left, right]).sum() == 9 * 4
    turned = [4.0, 4, 9, 4, 9, 0, 4, 0]
    assert draw([left, turned]).sum() == 9 * 4


@pytest.mark.fast
def test_an_outline_that_crosses_itself_follows_coco():
    outline = [1.0, 1, 10, 1, 10, 10, 1, 10, 1, 1, 4, 4, 4, 7, 7, 7, 7, 4, 4, 4]
    expected = coco_mask.decode(coco_mask.frPyObjects([outline], 12, 12))[..., 0]
    np.testing.assert_array_equal(draw([outline]), expected)
    assert draw([outline]).sum() == 81 - 9


@pytest.mark.fast
@pytest.mark.parametrize('kind', ['polygon', 'bitmap'])
def test_area_has_no_bias(kind):
    """Small targets of shapes of known area, anywhere between the pixels: the mean error vanishes."""
    rng = np.random.RandomState(0)
    angle = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    errors = []
    for _ in range(300):
        center, radius = rng.uniform(40, 60, 2), rng.uniform(15, 30)
        outline = np.stack([center[0] + radius * np.cos(angle), center[1] + radius * np.sin(angle)], 1).ravel()
        masks = InstanceMasks([[outline]], 100, 100)
        if kind == 'bitmap':
            masks = InstanceMasks(list(masks.to_ndarray()), 100, 100)
        x, y = center - radius * rng.uniform(1.0, 1.3, 2)
        box = np.array([[x, y, x + 2.4 * radius, y + 2.4 * radius]])
        target = masks.crop_and_resize(box, (14, 14), np.array([0])).to_ndarray()
        exact = masks.areas[0] if kind == 'bitmap' else 0.5 * 32 * np.sin(2 * np.pi / 32) * radius**2
        visible = exact * (14 / (2.4 * radius)) ** 2
        errors.append(target.sum() / visible - 1)
    assert abs(np.mean(errors)) < 0.004, np.mean(errors)


@pytest.mark.fast
def test_hole_of_a_bitmap_stays_open():
    ring = np.zeros((20, 20), np.uint8)
    ring[4:16, 4:16] = 1
    ring[7:13, 7:13] = 0
    target = InstanceMasks([ring], 20, 20).crop_and_resize(np.array([[4.0, 4, 16, 16]]), (4, 4), np.array([0]))
    np.testing.assert_array_equal(target.to_ndarray()[0], [[1, 1, 1, 1], [1, 0, 0, 1], [1, 0, 0, 1], [1, 1, 1, 1]])


@pytest.mark.fast
def test_bitmap_at_the_edge_of_its_picture_reaches_the_edge():
    corner = np.zeros((8, 8), np.uint8)
    corner[:4, :4] = 1
    enlarged = InstanceMasks([corner], 8, 8).resize((32, 32)).to_ndarray()[0]
    assert enlarged[:15, :15].all() and enlarged[:, 17:].sum() == 0 and enlarged[17:].sum() == 0


@pytest.mark.fast
def test_windows_of_any_shape():
    everything = [[0.0, 0, 40, 0, 40, 40, 0, 40]]
    turned = InstanceMasks([everything], 40, 40).rotate((40, 40), 45.0).rotate((40, 40), -45.0)
    # the square cut by its own turned canvas, an octagon: 40^2 * 2 * (sqrt(2) - 1)
    assert turned.areas[0] == pytest.approx(1600 * 0.828, rel=0.01)
    assert turned.crop(np.array([0, 0, 3, 3])).areas.tolist() == [0]
