"""What the params of boxes and of votes have in common: members with weights, found again among files of any name."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Self

from .member_files import Maker, match_files, match_in_order


class MemberParams(ABC):
    """Base of frozen dataclasses with ``members`` and ``weights``, the settings of some members together.

    Attributes:
        PER_MEMBER: Names of the fields that have a value for each member, or None for all of them.
        METRIC: What they are scored by.
        VERB: What is done to the members, and ``NOUN``, what comes of it.
        TRIAL_COLUMNS: Heads of :meth:`trial_cells`.
    """

    PER_MEMBER: ClassVar[tuple[str, ...]] = ('weights',)
    METRIC: ClassVar[str]
    VERB: ClassVar[str]
    NOUN: ClassVar[str]
    TRIAL_COLUMNS: ClassVar[tuple[str, ...]]

    members: tuple[str, ...]
    weights: tuple[float, ...]

    @property
    def used(self) -> tuple[int, ...]:
        """Positions of the members with a weight."""
        return tuple(index for index, weight in enumerate(self.weights) if weight > 0)

    @property
    def is_single(self) -> bool:
        """Whether one member alone is left, so that nothing is put together."""
        return len(self.used) == 1

    @abstractmethod
    def canonical(self) -> Self:
        """Return the one form of all settings that decide alike, so that none is tried twice."""

    @abstractmethod
    def describe(self) -> str:
        """Name the settings, but for the weights of the members, in a line."""

    @abstractmethod
    def trial_cells(self) -> list[Any]:
        """Return the settings for a table."""

    @abstractmethod
    def save(self, path: str | Path, **extra: Any) -> None:
        """Write the params as json, with more json values by name."""

    def for_files(self, names: Sequence[str], **makers: Mapping[str, Maker]) -> Self:
        """Return the params of the members that are used, under the names of files.

        Args:
            names: Files, in any order, dropped members and others among them; possibly those of another split.
            makers: What made members and files, as :func:`match_files` takes it, which tells which file is which.

        Raises:
            UserError: A member is missing, or two files could be it.
        """
        used = [self.members[index] for index in self.used]
        return self.renamed(names, match_files(self.members, used, names, **makers))

    def in_order(self, names: Sequence[str]) -> Self:
        """Return the params of the members that are used, with files taken for them by their place alone.

        Args:
            names: A file for each member, or for each that is used, in the order of the params.

        Raises:
            UserError: The number fits neither.
        """
        return self.renamed(names, match_in_order(self.members, [self.members[index] for index in self.used], names))

    def renamed(self, names: Sequence[str], places: Sequence[int]) -> Self:
        """Return the params of the members that are used under other names.

        Args:
            names: The names.
            places: Where in them that of each used member is.
        """
        values = {name: getattr(self, name) for name in self.PER_MEMBER}
        kept = {name: value and tuple(value[index] for index in self.used) for name, value in values.items()}
        return replace(self, members=tuple(names[place] for place in places), **kept)


def row_text(rows: Sequence[Sequence[float]] | None) -> str:
    """Write a matrix in one cell; empty for none."""
    return '; '.join(' '.join(f'{value:g}' for value in row) for row in rows or ())
