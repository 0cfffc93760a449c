"""What follows a vote: the CRF that fits it to the photograph, and the rescue of small objects it removed."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from custom_modules.ensemble.probs import argmax_labels
from custom_modules.utils import UserError

from .members import Picture
from .params import Settings


def default_settings(name: str) -> Settings:
    """Return the settings that a step, ``'crf'`` or ``'rescue'``, has without any."""
    from dataclasses import asdict

    return tuple(sorted(asdict(step_params(name, ())).items()))


def step_params(name: str, settings: Settings) -> Any:
    """Make the parameters of a step.

    Args:
        name: ``'crf'`` or ``'rescue'``.
        settings: By name; others have their defaults.

    Returns:
        ``CrfParams`` or ``RescueParams``.

    Raises:
        UserError: A setting is unknown or cannot be meant.
    """
    try:
        if name == 'crf':
            from custom_modules.ensemble.crf import CrfParams as Params
        else:
            from custom_modules.ensemble.rescue import RescueParams as Params
        return Params(**dict(settings))
    except (TypeError, ValueError) as error:
        raise UserError(f'settings of the {name} cannot be meant: {error}') from None


class Photographs:
    """The photographs of a data set, beside its json.

    Args:
        coco: The data set.
        pictures: Those that are needed.

    Raises:
        UserError: One is missing; the message names it.
    """

    def __init__(self, coco: Any, pictures: Sequence[Picture]) -> None:
        self.root = _find_root(coco, pictures)
        missing = [picture.file_name for picture in pictures if not self.path(picture).is_file()]
        if missing:
            raise UserError(
                f'{self.root / missing[0]}: no such photograph, which the CRF needs ({len(missing)} of '
                f'{len(pictures)} are missing); put them beside {Path(coco.path).name}, or leave out --crf'
            )

    def path(self, picture: Picture) -> Path:
        """Return the file of a picture."""
        return self.root / picture.file_name

    def read(self, picture: Picture) -> np.ndarray:
        """Read a photograph, (H, W, 3) uint8 RGB.

        Raises:
            UserError: It cannot be read, or has another size than the data set says.
        """
        import cv2

        photograph = cv2.imread(str(self.path(picture)))
        if photograph is None:
            raise UserError(f'{self.path(picture)}: cannot be read as a picture, which the CRF needs')
        if photograph.shape[:2] != picture.size:
            size = f'{photograph.shape[1]} x {photograph.shape[0]}'
            raise UserError(
                f'{self.path(picture)}: is {size} pixels, predictions and json say {picture.width} x {picture.height}'
            )
        return photograph[:, :, ::-1].copy()


def _find_root(coco: Any, pictures: Sequence[Picture]) -> Path:
    """Return the folder that file names start from: that of the json, or the one above, as for the json of folds."""
    root, above = Path(coco.image_root), Path(coco.image_root).absolute().parent
    first = pictures[0].file_name
    return above if not (root / first).exists() and (above / first).exists() else root


def refine(
    probs: np.ndarray,
    photograph: np.ndarray,
    members: Callable[[], Sequence[np.ndarray]],
    crf: Settings,
    rescue: Settings | None,
    weights: Sequence[float],
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Refine a vote.

    Args:
        probs: (C, H, W) float32.
        photograph: (H, W, 3) uint8 RGB.
        members: Gives the (H, W) uint8 labels of each member; called for the rescue.
        crf: Settings of the CRF.
        rescue: Settings of the rescue; None for none.
        weights: Of the members.

    Returns:
        (C, H, W) float32 probabilities whose largest are the final labels, and the labels after each step, ``'CRF'``
        and perhaps ``'CRF + rescue'``, (H, W) uint8.
    """
    from custom_modules.ensemble.crf import dense_crf

    refined = dense_crf(probs, photograph, step_params('crf', crf))
    steps = {'CRF': argmax_labels(refined)}
    if rescue is not None:
        steps['CRF + rescue'] = rescue_labels(steps['CRF'], members(), rescue, weights)
        refined = with_labels(refined, steps['CRF + rescue'])
    return refined, steps


def rescue_labels(
    labels: np.ndarray, members: Sequence[np.ndarray], rescue: Settings, weights: Sequence[float]
) -> np.ndarray:
    """Write small objects that members agree on back over labels, (H, W) uint8."""
    from custom_modules.ensemble.rescue import rescue_small_objects

    return rescue_small_objects(labels, list(members), step_params('rescue', rescue), weights=list(weights))


def with_labels(probs: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Let labels be the most probable classes: where another one is, the two change their probabilities.

    Args:
        probs: (C, H, W) float32.
        labels: (H, W) uint8.

    Returns:
        (C, H, W) float32.
    """
    before = argmax_labels(probs)
    rows, columns = np.nonzero(before != labels)
    old, new = (before[rows, columns], rows, columns), (labels[rows, columns], rows, columns)
    changed = probs.copy()
    changed[old], changed[new] = probs[new], probs[old]
    # Equal ones have changed nothing: the label is raised to be above the other.
    changed[new] = np.nextafter(np.maximum(changed[new], changed[old]), np.float32(2))
    return changed
