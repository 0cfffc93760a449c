"""Which tensors of a checkpoint fit a model, and words for those that do not."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..utils import UserError
from .layouts import is_computed, is_position_table, to_our_layout

LEAST_OF_BACKBONE = 0.1
_NUMBER = re.compile(r'\.(\d+)(?=\.|$)')


@dataclass(frozen=True)
class Fit:
    """How the tensors of a file fit a model; every list holds tensor names.

    Attributes:
        name: The file, for messages.
        own: Tensors of the model, those left away that it computes by itself.
        given: Tensors of the file, by the model's naming.
        loaded: Those with a counterpart of the same shape.
        reshaped: Those whose counterpart has another shape.
        missing: Tensors of the model that the file lacks.
        unexpected: Tensors of the file that the model lacks.
        resized: Position tables of another window among those loaded.
    """

    name: str
    own: Mapping[str, Tensor]
    given: Mapping[str, Tensor]
    loaded: list[str]
    reshaped: list[str]
    missing: list[str]
    unexpected: list[str]
    resized: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether the file and the model hold the same tensors."""
        return not (self.reshaped or self.missing or self.unexpected)

    def report(self) -> list[str]:
        """Say in a few lines what was loaded and what was not, by modules."""
        lines = [
            f'{self.name}: loaded {len(self.loaded)} of the {len(self.own)} tensors of the model: '
            f'{modules(self.loaded, self.own)}'
        ]
        if self.reshaped:
            lines.append(f'  left out, another shape: {len(self.reshaped)} ({self._reshaped()})')
        if self.missing:
            lines.append(f'  not in the file, start untrained: {len(self.missing)} ({modules(self.missing, self.own)})')
        if self.unexpected:
            places = modules(self.unexpected, self.given)
            lines.append(f'  no place in the model, left out: {len(self.unexpected)} ({places})')
        if self.resized:
            lines.append(f'  interpolated to the window of the model: {self.resized} position tables')
        return lines

    def warnings(self) -> list[str]:
        """Say what is probably not wanted."""
        unfilled = [key for key in (*self.missing, *self.reshaped) if key.startswith('backbone.')]
        if not unfilled:
            return []
        return [
            f'{len(unfilled)} of the {_in_backbone(self.own)} tensors of the backbone start untrained '
            f'({modules(unfilled, self.own)}), {self.name} does not have them'
        ]

    def differences(self) -> str:
        """Say on one line what keeps the file from being of this very model."""
        parts = []
        if self.missing:
            parts.append(f'{len(self.missing)} tensors of the model are not in it ({modules(self.missing, self.own)})')
        if self.reshaped:
            parts.append(f'{len(self.reshaped)} have another shape ({self._reshaped()})')
        if self.unexpected:
            places = modules(self.unexpected, self.given)
            parts.append(f'{len(self.unexpected)} of it have no place in the model ({places})')
        return ', '.join(parts)

    def _reshaped(self) -> str:
        key = self.reshaped[0]
        example = f'{key} {_size(self.given[key])} in the file, {_size(self.own[key])} in the model'
        return f'{modules(self.reshaped, self.own)}; {example}'


def _in_backbone(keys: Iterable[str]) -> int:
    return sum(key.startswith('backbone.') for key in keys)


def _size(tensor: Tensor) -> str:
    return ' x '.join(map(str, tensor.shape)) or 'a number'


def modules(keys: Iterable[str], universe: Iterable[str], most: int = 8) -> str:
    """Name tensors by the largest modules that consist of nothing else, alike ones once.

    Args:
        keys: Tensor names.
        universe: All tensor names among which a module must consist of ``keys`` alone.
        most: Names given before the rest is only counted.
    """
    keys = list(keys)
    wanted, total = _members(keys), _members(universe)
    alike: dict[str, list[list[int]]] = {}
    for key in keys:
        largest = next(prefix for prefix in _prefixes(key) if prefix == key or wanted[prefix] == total[prefix])
        numbers = [int(number) for number in _NUMBER.findall(largest)]
        alike.setdefault(_NUMBER.sub('{}', largest), []).append(numbers)
    names = [name.format(*map(_numbers, zip(*found, strict=True))) for name, found in alike.items()]
    return ', '.join(names[:most]) + (f' and {len(names) - most} more' if len(names) > most else '')


def _numbers(values: Iterable[int]) -> str:
    """Write 0-2 for 0, 1, 2, and 0,2 for 0, 2."""
    values = sorted(set(values))
    is_range = len(values) > 1 and values[-1] - values[0] == len(values) - 1
    return f'.{values[0]}-{values[-1]}' if is_range else '.' + ','.join(map(str, values))


def _members(keys: Iterable[str]) -> Counter:
    return Counter(prefix for key in keys for prefix in _prefixes(key))


def _prefixes(key: str) -> list[str]:
    parts = key.split('.')
    return ['.'.join(parts[: depth + 1]) for depth in range(len(parts))]


def compare(own: Mapping[str, Tensor], content: Mapping[str, Any], name: str, *, partial: bool = False) -> Fit:
    """Compare a checkpoint with a model.

    Args:
        own: The model's tensors by name.
        content: What :func:`~custom_modules.engine.read_checkpoint` returned.
        name: The file, for messages.
        partial: Whether the file is a start, which may be of another model; otherwise everything must fit.

    Returns:
        What fits.

    Raises:
        UserError: Something does not fit, or, with ``partial``, nothing at all or less than a tenth of the backbone.
    """
    given = {key.removeprefix('module.'): value for key, value in content['state_dict'].items()}
    given = {key: value for key, value in given.items() if isinstance(value, Tensor)}
    tables = Counter(value.shape for key, value in given.items() if is_position_table(key))
    if partial:
        own = {key: value for key, value in own.items() if not is_computed(key)}
        given = to_our_layout(given, own)
    tables -= Counter(value.shape for key, value in given.items() if is_position_table(key))
    shared = [key for key in own if key in given]
    fit = Fit(
        name=name,
        own=own,
        given=given,
        loaded=[key for key in shared if own[key].shape == given[key].shape],
        reshaped=[key for key in shared if own[key].shape != given[key].shape],
        missing=[key for key in own if key not in given],
        unexpected=[key for key in given if key not in own],
        resized=tables.total(),
    )
    if partial:
        _refuse_another_start(fit)
    elif not fit.is_complete:
        raise UserError(
            f'{name}: belongs to another model: {fit.differences()}; use the config and data set it was trained with'
        )
    return fit


def _refuse_another_start(fit: Fit) -> None:
    """Refuse a start that can only be a mistake; in an unlike backbone a few small tensors still fit by chance."""
    filled, total = _in_backbone(fit.loaded), _in_backbone(fit.own)
    if not fit.loaded:
        what = 'nothing of it fits this model'
    elif filled < LEAST_OF_BACKBONE * total:
        what = f'only {filled} of the {total} tensors of the backbone fit'
    else:
        return
    raise UserError(
        f'{fit.name}: {what}: {fit.differences()}; '
        f'start from a file with the same backbone, or from random numbers: --load-from none'
    )


def load_weights(model: torch.nn.Module, content: Mapping[str, Any], name: str, *, partial: bool = False) -> Fit:
    """Copy a checkpoint's weights into a model.

    Args:
        model: The model to fill.
        content: What :func:`~custom_modules.engine.read_checkpoint` returned.
        name: The file, for messages.
        partial: Take what fits and leave the rest, converting published layouts; otherwise everything must fit.

    Returns:
        What was loaded and what was not.

    Raises:
        UserError: See :func:`compare`; or the file holds NaN or infinity.
    """
    own = model.state_dict()  # shares its memory with the model
    fit = compare(own, content, name, partial=partial)
    broken = [key for key in fit.loaded if not fit.given[key].isfinite().all()]
    if broken:
        raise UserError(
            f'{name}: holds values that are not finite ({modules(broken, fit.own)}); take another checkpoint'
        )
    for key in fit.loaded:  # not by load_state_dict, in which old heads of mmdet rename what they are given
        own[key].copy_(fit.given[key])
    return fit
