"""A data set of small pictures with label maps, whose pixels say where they come from."""

import copy
from collections.abc import Sequence

import numpy as np

CLASSES = ('Background', 'road', 'bus', 'fence')


def picture(rows: Sequence[str], number: int = 0) -> dict:
    """Make a picture: labels are digits, # is 255; its pixels are (row, column, number)."""
    labels = np.array([[255 if one == '#' else int(one) for one in row] for row in rows], np.uint8)
    y, x = np.indices(labels.shape)
    image = np.stack([y, x, np.full(labels.shape, number)], axis=-1).astype(np.uint8)
    return {'img': image, 'gt_seg_map': labels, 'img_shape': labels.shape, 'seg_fields': ['gt_seg_map']}


class Pictures:
    """Pictures as a data set that says which classes they show; Background is not among them."""

    def __init__(self, *scenes: Sequence[str], classes: tuple[str, ...] = CLASSES):
        self.metainfo = {'classes': classes}
        self.pictures = [picture(scene, number) for number, scene in enumerate(scenes)]

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> dict:
        return copy.deepcopy(self.pictures[index])

    def get_cat_ids(self, index: int) -> list[int]:
        labels = np.unique(self.pictures[index]['gt_seg_map']).tolist()
        return [label for label in labels if 0 < label < 255]


def mixed(step, target: dict, dataset: Pictures) -> dict:
    """What a mixing wrapper does with a step."""
    others = [dataset[index] for index in step.get_indices(dataset)]
    return step({**copy.deepcopy(target), 'mix_results': others})
