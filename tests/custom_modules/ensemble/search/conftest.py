"""A simulated set of members: what each one finds is chance, more or less often."""

import numpy as np
import pytest

from custom_modules.evaluation import Predictions

SIZE = 200


@pytest.fixture
def make_members():
    """Build a data set and members that find objects with some probability and add false alarms.

    A skill is a probability, or one for each class.
    """

    def build(skills, *, num_images=40, classes=2, seed=0):
        rng = np.random.default_rng(seed)
        image_of = np.repeat(np.arange(1, num_images + 1), 3)
        class_of = rng.integers(0, classes, len(image_of))
        boxes = np.hstack([rng.uniform(0, 120, (len(image_of), 2)), rng.uniform(20, 80, (len(image_of), 2))])
        rows = zip(image_of.tolist(), class_of.tolist(), boxes.tolist(), strict=True)
        coco = {
            'images': [
                {'id': i, 'file_name': f'{i}.jpg', 'width': SIZE, 'height': SIZE} for i in range(1, num_images + 1)
            ],
            'annotations': [
                {'id': n, 'image_id': image, 'category_id': label, 'bbox': box, 'area': box[2] * box[3], 'iscrowd': 0}
                for n, (image, label, box) in enumerate(rows, start=1)
            ],
            'categories': [{'id': label, 'name': f'class {label}'} for label in range(classes)],
        }
        members = {
            f'work_dirs/m{number}/predictions/val.json': _member(
                rng, image_of, class_of, boxes, np.broadcast_to(np.asarray(skill), (classes,)), classes
            )
            for number, skill in enumerate(skills)
        }
        return coco, members

    return build


def _member(rng, image_of, class_of, boxes, skill, classes):
    found = rng.random(len(boxes)) < skill[class_of]
    near = boxes + rng.normal(0, 0.06, boxes.shape) * boxes[:, [2, 3, 2, 3]]
    num_false = len(boxes)
    false_classes = rng.integers(0, classes, num_false)
    false = np.hstack([rng.uniform(0, 120, (num_false, 2)), rng.uniform(20, 80, (num_false, 2))])
    scores = np.concatenate(
        [0.2 + 0.8 * rng.random(found.sum()), (1 - 0.6 * skill[false_classes]) * rng.random(num_false)]
    )
    return Predictions(
        image_ids=np.concatenate([image_of[found], rng.permutation(image_of)]),
        category_ids=np.concatenate([class_of[found], false_classes]),
        boxes_xywh=np.clip(np.vstack([near[found], false]), 0, None).round(2),
        scores=scores.round(4),
    )
