"""What a vote is made with, as a file: found once on predictions with answers, used on any others."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from custom_modules.ensemble.search.member_params import MemberParams, row_text
from custom_modules.utils import UserError, atomic_write

from .vote import METHODS

VERSION = 1
KIND = 'vote'

Settings = tuple[tuple[str, Any], ...]
"""Settings of a step by name, such that they can be a key."""


@dataclass(frozen=True)
class VoteParams(MemberParams):
    """All settings of a vote; see ``vote.py`` for what they do.

    Attributes:
        members: M names, usually files.
        classes: C names by label.
        weights: M weights; 0 leaves a member out.  A single member with a weight is not voted on: what it says is
            passed on.
        method: One of ``METHODS``.
        class_weights: M x C factors of the weights; None for 1 everywhere.
        crf: Settings of the ``CrfParams`` to refine the vote with; None for no refinement.
        rescue: Settings of the ``RescueParams`` by which small objects come back after it; None for no rescue.
    """

    PER_MEMBER: ClassVar = ('weights', 'class_weights')
    METRIC: ClassVar = 'mIoU'
    VERB: ClassVar = 'voting'
    NOUN: ClassVar = 'vote'
    TRIAL_COLUMNS: ClassVar = ('weights', 'method', 'class_weights', 'crf', 'rescue')

    members: tuple[str, ...]
    classes: tuple[str, ...]
    weights: tuple[float, ...]
    method: str = 'soft'
    class_weights: tuple[tuple[float, ...], ...] | None = None
    crf: Settings | None = None
    rescue: Settings | None = None

    @property
    def matrix(self) -> np.ndarray:
        """(M, C) weight of each member for each class."""
        factors = np.ones((1, len(self.classes))) if self.class_weights is None else np.array(self.class_weights)
        return np.array(self.weights)[:, None] * factors

    def canonical(self) -> 'VoteParams':
        """Return the one form of all settings that decide alike, so that none is tried twice."""
        if self.is_single:
            only = tuple(float(weight > 0) for weight in self.weights)
            return VoteParams(self.members, self.classes, only, crf=self.crf, rescue=self.rescue)
        weights, factors = np.array(self.weights, np.float64), self._canonical_factors()
        if factors is not None and (factors == factors[:, :1]).all():  # the same for all classes
            weights, factors = weights * factors[:, 0], None
        weights = (weights / weights.max()).round(6)
        rows = None if factors is None else tuple(map(tuple, factors.tolist()))
        return replace(self, weights=tuple(weights.tolist()), class_weights=rows)

    def _canonical_factors(self) -> np.ndarray | None:
        """Make the largest factor 1, in a soft vote in each class: it divides by the sums of the classes."""
        if self.class_weights is None:
            return None
        factors, used = np.array(self.class_weights, np.float64), np.array(self.weights) > 0
        largest = factors[used].max(axis=0) if self.method == 'soft' else factors[used].max()
        factors = np.divide(factors, largest, out=np.zeros_like(factors), where=np.asarray(largest) > 0)
        return np.where(used[:, None], factors, 1.0).round(6)

    def scaled(self, factors: np.ndarray, most_unequal: float) -> 'VoteParams':
        """Multiply the class weights.

        Args:
            factors: (M, C).
            most_unequal: The largest weight of a class over the smallest; classes beyond stay as they are.

        Returns:
            The params in canonical form.
        """
        before = np.ones_like(factors) if self.class_weights is None else np.array(self.class_weights)
        after = before * factors
        used = after[list(self.used)]
        after = np.where(used.max(axis=0) > most_unequal * used.min(axis=0), before, after)
        return replace(self, class_weights=tuple(map(tuple, after.tolist()))).canonical()

    def describe(self) -> str:
        """Name the settings in a line."""
        parts = [f'{self.method} vote']
        if self.class_weights is not None:
            parts.append('weights by class')
        for name, settings in (('CRF', self.crf), ('rescue', self.rescue)):
            if settings is not None:
                parts.append(f'{name} {settings_text(settings)}')
        return ', '.join(parts)

    def trial_cells(self) -> list[Any]:
        """Return the settings for a table."""
        weights = ' '.join(f'{weight:g}' for weight in self.weights)
        return [
            weights,
            self.method,
            row_text(self.class_weights),
            settings_text(self.crf or ()),
            settings_text(self.rescue or ()),
        ]

    def save(self, path: str | Path, **extra: Any) -> None:
        """Write the params as json.

        Args:
            path: The file.
            extra: More to keep in the file, json values by name.
        """
        factors = [None] * len(self.members) if self.class_weights is None else self.class_weights
        members = [
            {'file': name, 'weight': weight} | ({} if row is None else {'class_weights': list(row)})
            for name, weight, row in zip(self.members, self.weights, factors, strict=True)
        ]
        steps = {name: None if (step := getattr(self, name)) is None else dict(step) for name in ('crf', 'rescue')}
        content = {'version': VERSION, 'kind': KIND, 'method': self.method, 'classes': list(self.classes), **steps}
        with atomic_write(path) as file:
            json.dump({**content, 'members': members, **extra}, file, indent=2)
            file.write('\n')

    @classmethod
    def load(cls, path: str | Path) -> 'VoteParams':
        """Read what `save` wrote, or a person did.

        Raises:
            UserError: The file is missing or damaged, or has values that cannot be meant.
        """
        try:
            content = json.loads(Path(path).read_text(encoding='utf-8'))
            if not isinstance(content, dict) or content.get('kind') != KIND:
                raise ValueError('it is of another kind')
            if content['version'] != VERSION:
                raise ValueError(f'version {content["version"]}, not {VERSION}')
            rows = [member.get('class_weights') for member in content['members']]
            if None in rows and any(rows):
                raise ValueError('class_weights must be given for all members or for none')
            params = cls(
                members=tuple(str(member['file']) for member in content['members']),
                classes=tuple(str(name) for name in content['classes']),
                weights=tuple(float(member['weight']) for member in content['members']),
                method=content['method'],
                class_weights=None if None in rows else tuple(tuple(map(float, row)) for row in rows),
                crf=as_settings(content.get('crf')),
                rescue=as_settings(content.get('rescue')),
            )
            params._check()
        except OSError as error:
            raise UserError(f'{path}: {error.strerror}; tools/seg_ensemble.py --search writes such a file') from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            reason = f'"{error.args[0]}" is missing' if isinstance(error, KeyError) else str(error)
            raise UserError(f'{path}: not a file of vote params ({reason}); --search writes one') from None
        return params

    def _check(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f'method {self.method!r} is none of {", ".join(METHODS)}')
        if any(len(row) != len(self.classes) for row in self.class_weights or ()):
            raise ValueError(f'class_weights must have {len(self.classes)} values a member, one a class')
        numbers = np.array([*self.weights, *(x for row in self.class_weights or () for x in row)])
        if not np.isfinite(numbers).all() or (numbers < 0).any() or not self.matrix.any():
            raise ValueError('weights must be finite, not negative, and one above 0')


def as_settings(step: dict[str, Any] | None) -> Settings | None:
    """Turn the settings of a step into what :class:`VoteParams` keeps.

    Raises:
        TypeError: They are no settings by name.
    """
    if step is None:
        return None
    if not isinstance(step, dict):
        raise TypeError(f'settings of a step are given by name, not as {step!r:.40}')
    return tuple(sorted((name, tuple(value) if isinstance(value, list) else value) for name, value in step.items()))


def settings_text(settings: Settings) -> str:
    """Write settings in a line."""
    return ' '.join(f'{name}={value:g}' if isinstance(value, float) else f'{name}={value}' for name, value in settings)
