"""On which pictures of a data set each class is."""

from typing import Any

import numpy as np

from custom_modules.datasets.picture_classes import classes_per_picture

from .class_weights import draw_class


class ClassIndex:
    """The pictures of each class; none of them is opened.

    Args:
        dataset: See :func:`~custom_modules.datasets.picture_classes.classes_per_picture`; with ``metainfo``.

    Attributes:
        classes: Names of the classes.
        pictures: For each class the positions of its pictures, (n,) int.
        counts: (C,) int, pictures of each class.
    """

    def __init__(self, dataset: Any) -> None:
        self.classes = tuple(dataset.metainfo['classes'])
        pictures = [[] for _ in self.classes]
        for position, labels in enumerate(classes_per_picture(dataset)):
            for label in labels:
                pictures[label].append(position)
        self.pictures = [np.array(one, np.int64) for one in pictures]
        self.counts = np.array(list(map(len, pictures)))

    def draw(self, weights: np.ndarray) -> tuple[int, int]:
        """Draw a class by its weight, then one of its pictures.

        Args:
            weights: (C,) not negative; classes without pictures are left out.

        Returns:
            The class, and the position of the picture.
        """
        label = draw_class(weights, self.counts)
        return label, int(np.random.choice(self.pictures[label]))
