"""How often to draw each class of a data set for pasting."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import torch

from custom_modules.utils import UserError, did_you_mean, similar_names

POWERS = {'rare': -0.5, 'equal': 0.0, 'natural': 1.0}  # of a class's number of objects, or of pictures it is on


class RefreshedWeights:
    """What a transform with class weights inherits so that they can be changed during training.

    Attributes:
        factors: (C,) float64 that multiply the weights, set through :meth:`share_factors`; None for all alike.
    """

    factors: torch.Tensor | None = None

    def share_factors(self, factors: torch.Tensor) -> None:
        """Let class weights be changed during training, in worker processes too.

        Args:
            factors: (C,) float64 in shared memory.
        """
        self.factors = factors

    def refreshed(self, weights: np.ndarray) -> np.ndarray:
        """Multiply (C,) weights by the factors."""
        return weights if self.factors is None else weights * self.factors.numpy()


def draw_class(weights: np.ndarray, counts: np.ndarray) -> int:
    """Draw a class by its weight.

    Args:
        weights: (C,) not negative.
        counts: (C,) number of objects or pictures of each; classes without any are left out.

    Raises:
        UserError: No class is left.
    """
    weights = weights * (counts > 0)
    if not weights.any():
        raise UserError('copy-paste: every class that there is to paste has the weight 0')
    return int(np.random.choice(len(weights), p=weights / weights.sum()))


def class_weights(setting: str | Mapping[str, float], classes: Sequence[str], counts: np.ndarray) -> np.ndarray:
    """Say how often each class is drawn, relative to the others.

    Args:
        setting: ``'rare'``: the inverse square root of its number of objects; ``'equal'``: all alike;
            ``'natural'``: its number of objects, so that all objects are alike; or weights by name, 1 for classes not
            named.
        classes: Names of the classes.
        counts: (C,) number of objects of each, or of pictures it is on.

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
