"""What pseudo_label.py reads, and what its two tasks hand back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from custom_modules.datasets import CocoData


@dataclass(frozen=True)
class Data:
    """The data sets: real annotations, pictures to label, pictures with answers, truth; and what was left out.

    Pictures that are ``listed`` to be labelled are all of their file, with those that were left out.
    """

    real: CocoData
    listed: CocoData
    unlabelled: CocoData
    answered: CocoData | None
    answers: CocoData | None
    skipped: dict[str, int]
    this_round: int


@dataclass(frozen=True, eq=False)
class Found:
    """Labels: annotation records without ids by image id, the report as json values and as a table, contact sheet."""

    records: Mapping[int, Sequence[dict]]
    report: dict[str, Any]
    table: str
    sheet: np.ndarray | None
