"""Where the objects of each class are in a data set, and how often to draw each class."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from custom_modules.utils import UserError, did_you_mean, similar_names

POWERS = {'rare': -0.5, 'equal': 0.0, 'natural': 1.0}  # of a class's number of objects


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
        weights = weights * (self.counts > 0)
        if not weights.any():
            raise UserError('copy-paste: every class that has objects with a mask has the weight 0')
        label = np.random.choice(len(weights), p=weights / weights.sum())
        found = self.places[label]
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


def class_weights(setting: str | Mapping[str, float], classes: Sequence[str], counts: np.ndarray) -> np.ndarray:
    """Say how often each class is drawn, relative to the others.

    Args:
        setting: ``'rare'``: the inverse square root of its number of objects; ``'equal'``: all alike;
            ``'natural'``: its number of objects, so that all objects are alike; or weights by name, 1 for classes not
            named.
        classes: Names of the classes.
        counts: (C,) number of objects of each.

    Returns:
        (C,) float64, 0 where there is no object.

    Raises:
        UserError: An unknown setting or class, or a weight below 0.
    """
    check_setting(setting)
    if isinstance(setting, str):
        return np.where(counts > 0, np.maximum(counts, 1.0) ** POWERS[setting], 0.0)
    check_class_names(setting, classes)
    return np.array([float(setting.get(name, 1.0)) for name in classes]) * (counts > 0)


def check_class_names(names: Iterable[str], classes: Sequence[str], *, option: str = 'class_weights') -> None:
    """Check that class weights are of classes there are.

    Args:
        names: The classes that get a weight.
        classes: The classes of the data.
        option: What the user wrote them into, for the message.

    Raises:
        UserError: Some are unknown.
    """
    unknown = sorted(set(names) - set(classes))
    if unknown:
        hint = did_you_mean(guess for name in unknown for guess in similar_names(name, classes, most=1))
        known = f'classes of the data are {", ".join(classes)}'
        raise UserError(f'{option} names {", ".join(unknown)}{f"{hint} The" if hint else "; the"} {known}')


def check_setting(setting: str | Mapping[str, float], *, option: str = 'class_weights') -> None:
    """Check what can be checked of class weights before the data is known.

    Args:
        setting: See :func:`class_weights`.
        option: What the user wrote it into, for the message.

    Raises:
        UserError: It is none of the words, or a weight is no number from 0 on.
    """
    if isinstance(setting, Mapping):
        if any(not isinstance(weight, int | float) or not weight >= 0 for weight in setting.values()):
            raise UserError(f'{option} {dict(setting)}: give numbers from 0 on')
    elif setting not in POWERS:
        raise UserError(f'{option} {setting!r}: give one of {", ".join(POWERS)}, or weights by class name')
