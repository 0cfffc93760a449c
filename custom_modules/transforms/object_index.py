"""Where the objects of each class are in a data set."""

from typing import Any

import numpy as np

from custom_modules.utils import UserError

from .class_weights import draw_class

ENOUGH = 20  # whole objects of a class, or half of them: then those that the picture's border cuts are not pasted


class ObjectIndex:
    """The objects of a data set that have a mask, by class; ignore regions are none.

    Objects at the border of their picture are left out as sources where their class has enough others: pasted inside
    another picture they would end in a straight edge, where real ones never do.

    Args:
        dataset: A data set, or a wrapper around some, with ``get_data_info(idx)``, ``metainfo`` and a length.

    Attributes:
        classes: Names of the classes.
        counts: (C,) int, objects with a mask of each class.
        places: For each class (n, 2) int, those to draw from: picture and position among its objects.

    Raises:
        UserError: No object has a mask.
    """

    def __init__(self, dataset: Any) -> None:
        self.classes = tuple(dataset.metainfo['classes'])
        places = [[] for _ in self.classes]
        for picture in range(len(dataset)):
            info = dataset.get_data_info(picture)
            for position, instance in enumerate(info['instances']):
                if instance.get('mask') is not None and not instance['ignore_flag']:
                    places[instance['bbox_label']].append((picture, position, _at_border(instance, info)))
        found = [np.array(one, np.int64).reshape(-1, 3) for one in places]
        self.counts = np.array(list(map(len, found)))
        self.places = list(map(_to_draw_from, found))
        if not self.counts.any():
            raise UserError('no object of the training data has a mask: there is nothing to copy and paste')

    def draw(self, weights: np.ndarray) -> tuple[int, int]:
        """Draw a class by its weight, then one of its objects.

        Args:
            weights: (C,) not negative; classes without objects are left out.

        Returns:
            Picture and position among its objects.
        """
        found = self.places[draw_class(weights, self.counts)]
        picture, position = found[np.random.randint(len(found))]
        return int(picture), int(position)


def _at_border(instance: dict, picture: dict) -> bool:
    """Tell whether an object reaches its picture's border, to a pixel."""
    x1, y1, x2, y2 = instance['bbox']
    return x1 < 1 or y1 < 1 or x2 > picture['width'] - 1 or y2 > picture['height'] - 1


def _to_draw_from(places: np.ndarray) -> np.ndarray:
    """Take the whole objects of a class where there are enough, from (n, 3): picture, position, at the border."""
    whole = places[places[:, 2] == 0]
    return (whole if len(whole) >= min(ENOUGH, len(places) / 2) else places)[:, :2]
