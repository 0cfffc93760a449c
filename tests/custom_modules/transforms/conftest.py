"""Pictures whose pixels say which object they belong to."""

from collections.abc import Callable

import numpy as np
import pytest

from custom_modules.transforms import LoadTrashAnnotations

HEIGHT, WIDTH = 80, 100
BACKGROUND = 200
COLOURS = {0: 40, 1: 80, 2: 120}  # grey value of the objects of each class

# A square as a polygon, a rectangle as a run-length mask, a box without a mask, and an ignore region.
RECTANGLE_RLE = {'size': [80, 100], 'counts': [60 * 80 + 10, *([20, 60] * 30)[:-1], 9 * 80 + 80 - 30 + 80]}
INSTANCES = [
    {'bbox': [10, 20, 50, 60], 'bbox_label': 0, 'mask': [[10, 20, 50, 20, 50, 60, 10, 60]], 'ignore_flag': 0},
    {'bbox': [60, 10, 90, 30], 'bbox_label': 1, 'mask': RECTANGLE_RLE, 'ignore_flag': 0},
    {'bbox': [70, 50, 90, 70], 'bbox_label': 2, 'mask': None, 'ignore_flag': 0},
    {'bbox': [0, 0, 8, 8], 'bbox_label': 0, 'mask': None, 'ignore_flag': 1},
]


@pytest.fixture
def make_picture() -> Callable[..., dict]:
    """A function that gives a loaded picture of 100 x 80 px; which of its objects, and its id, can be chosen."""

    def make(objects: tuple[int, ...] = (0, 1, 2, 3), *, img_id: int = 1, with_mask: bool = True) -> dict:
        image = np.full((HEIGHT, WIDTH, 3), BACKGROUND, np.uint8)
        instances = [{**INSTANCES[i], 'ann_id': 100 * img_id + i} for i in objects]
        for instance in instances:
            x1, y1, x2, y2 = instance['bbox']
            if not instance['ignore_flag']:
                image[y1:y2, x1:x2] = COLOURS[instance['bbox_label']]
        shape = {'height': HEIGHT, 'width': WIDTH, 'ori_shape': (HEIGHT, WIDTH), 'img_shape': (HEIGHT, WIDTH)}
        info = {'img': image, 'img_path': f'{img_id}.jpg', 'img_id': img_id, 'instances': instances, **shape}
        return LoadTrashAnnotations(with_mask=with_mask)(info)

    return make


@pytest.fixture
def assert_aligned() -> Callable[[dict], None]:
    """A function that checks that boxes, masks, labels and pixels of a picture belong together."""

    def check(picture: dict) -> None:
        masks, boxes = picture['gt_masks'], picture['gt_bboxes'].numpy()
        assert len(masks) == len(boxes) == len(picture['gt_bboxes_labels']) == len(picture['gt_ignore_flags'])
        assert (masks.height, masks.width) == picture['img'].shape[:2] == tuple(picture['img_shape'])
        np.testing.assert_allclose(masks.get_bboxes().numpy(), boxes, atol=1.01)
        for bitmap, label, has_mask in zip(
            masks.to_ndarray(), picture['gt_bboxes_labels'], masks.has_mask, strict=True
        ):
            if has_mask and bitmap.sum() > 30:
                assert np.median(picture['img'][bitmap > 0]) == pytest.approx(COLOURS[label], abs=3)

    return check
