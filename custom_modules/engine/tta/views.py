"""The views of a picture that test-time augmentation takes: how to make each, and how to take back what is seen."""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import torch

from custom_modules.structures import affine
from custom_modules.structures.turned_rle import turn_back_rle
from custom_modules.utils import UserError

from .settings import ViewSettings

# The settings of resizing steps that are sizes in pixels or factors.
_SIZES = {
    'Resize': ('scale', 'scale_factor'),
    'FixScaleResize': ('scale', 'scale_factor'),
    'FixShapeResize': ('width', 'height'),
    'ResizeShortestEdge': ('scale', 'max_size'),
    'Pad': ('size',),
}


@dataclass(frozen=True)
class View:
    """A picture resized by a factor, mirrored left to right or not, then turned counter-clockwise.

    Each of the eight orientations of a picture has one such form: a vertical flip is a mirrored half turn.

    Attributes:
        scale: Factor on the sizes of the test pipeline.
        mirrored: Whether it is mirrored left to right.
        quarters: How far it is turned after that, 0 to 3.
    """

    scale: float = 1.0
    mirrored: bool = False
    quarters: int = 0

    def pipeline(self, steps: Sequence[Mapping[str, Any]], source: str = 'config') -> list[dict[str, Any]]:
        """Change a test pipeline so that it gives this view.

        The picture is oriented right after it is loaded: to the model, its original is mirrored and turned.  Steps
        that load ground truth are dropped, which would not fit any more.

        Args:
            steps: The config's test pipeline.
            source: What to call the config in messages, its file.

        Returns:
            New steps.

        Raises:
            UserError: The pipeline loads no picture, or does not resize what is to be scaled.
        """
        steps = [copy.deepcopy(dict(step)) for step in steps if not loads_truth(step)]
        if self.scale != 1:
            _scale(steps, self.scale, source)
        if self.mirrored or self.quarters:
            after = 1 + _position_of_loading(steps, source)
            if self.quarters % 2:
                _swap_sides(steps[after:])
            orient = {'type': 'OrientPicture', 'mirrored': self.mirrored, 'quarters': self.quarters}
            steps.insert(after, orient)
        return steps

    def undo_boxes(self, boxes_xyxy: np.ndarray, height: int, width: int) -> np.ndarray:
        """Map boxes in the oriented picture to the picture as it is.

        Args:
            boxes_xyxy: (N, 4), pixels of the original size.
            height: Of the picture as it is.
            width: Of the picture as it is.

        Returns:
            (N, 4) float64 xyxy.
        """
        corners = affine.apply(self._undo_matrix(height, width), np.asarray(boxes_xyxy, np.float64).reshape(-1, 2))
        corners = corners.reshape(-1, 2, 2)
        return np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)

    def undo_masks(self, rles: Sequence[dict]) -> list[dict]:
        """Map run-length masks of the oriented picture to the picture as it is, pixel by pixel."""
        return [turn_back_rle(rle, mirrored=self.mirrored, quarters=self.quarters) for rle in rles]

    def undo_maps(self, maps: torch.Tensor) -> torch.Tensor:
        """Map values of the oriented picture's pixels, (..., H, W), to the picture as it is, pixel by pixel."""
        maps = torch.rot90(maps, -self.quarters, (-2, -1))
        return maps.flip(-1) if self.mirrored else maps

    def _undo_matrix(self, height: int, width: int) -> np.ndarray:
        turned = (height, width) if self.quarters % 2 == 0 else (width, height)
        turn_back = affine.quarter_turns(-self.quarters, *turned)
        return affine.compose(affine.mirroring('horizontal', height, width), turn_back) if self.mirrored else turn_back


def make_views(settings: ViewSettings) -> list[View]:
    """Give the views of scales x flips x turns in this order, each once; one that changes nothing comes first."""
    views = [
        # Turning what was flipped up and down is turning what was mirrored, a half turn further.
        View(float(scale), flip != 'none', (quarters + 2 * (flip == 'vertical')) % 4)
        for scale, flip, quarters in product(settings.scales, settings.flips, settings.quarter_turns)
    ]
    return sorted(dict.fromkeys(views), key=lambda view: view != View())


def loads_truth(step: Mapping[str, Any]) -> bool:
    """Tell whether a step of a test pipeline loads ground truth, which pictures to predict on do not have."""
    return _kind(step).startswith('Load') and ('Annotations' in _kind(step) or 'Segmentation' in _kind(step))


def _position_of_loading(steps: Sequence[Mapping[str, Any]], source: str) -> int:
    for position, step in enumerate(steps):
        if _kind(step).startswith('Load'):
            return position
    raise UserError(f'{source}: tta: the test pipeline has no step that loads a picture, such as LoadImageFromFile')


def _scale(steps: Sequence[dict[str, Any]], factor: float, source: str) -> None:
    def times(name: str, size: Any) -> Any:
        if isinstance(size, list | tuple):
            return tuple(times(name, side) for side in size)
        return size * factor if name == 'scale_factor' else max(round(size * factor), 1)

    changed = {_kind(step) for step in steps if _change_sizes(step, times)}
    if not changed - {'Pad'}:
        raise UserError(
            f'{source}: tta.scales: the test pipeline has no step that resizes to a size '
            f'({", ".join(kind for kind in _SIZES if kind != "Pad")}); add one, or give scales=(1.0,)'
        )


def _swap_sides(steps: Sequence[dict[str, Any]]) -> None:
    """Let sizes that are (width, height) fit a picture on its side; those of a kept ratio fit both."""
    for step in steps:
        if _kind(step) == 'FixShapeResize':
            step['width'], step['height'] = step['height'], step['width']
        elif not step.get('keep_ratio'):
            _change_sizes(step, lambda _, size: tuple(size)[::-1] if isinstance(size, list | tuple) else size)


def _change_sizes(step: dict[str, Any], change: Callable[[str, Any], Any]) -> bool:
    """Change the sizes of a step, if it has some; says whether."""
    names = [name for name in _SIZES.get(_kind(step), ()) if step.get(name) is not None]
    for name in names:
        step[name] = change(name, step[name])
    return bool(names)


def _kind(step: Mapping[str, Any]) -> str:
    return str(step['type']).rsplit('.', 1)[-1]
