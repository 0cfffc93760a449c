"""The cells of benchmarks/pseudo_labels.py: who teaches, what students learn from, and in which order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

SYNTHETIC, PHOTOGRAPHS = 'synthetic', 'photographs'
DATA = (SYNTHETIC, PHOTOGRAPHS)
SEEDS = (0, 1, 2)
TEACHER, SECOND, NONE, ALL_LABELS = 'teacher', 'second_teacher', 'none', 'all_labels'
CALIBRATED, BAND, AGREEMENT = 'calibrated', 'calibrated_band', 'agreement'
HALF, WIDE = 'calibrated_band_half_real', 'wide_band_half_real'
NONE_LONG, HALF_LONG = 'none_long', 'calibrated_band_half_real_long'
LONG = {NONE_LONG: NONE, HALF_LONG: HALF}  # the same for four times the steps
FIXED = ('fixed_0.3', 'fixed_0.5', 'fixed_0.7')
MEMBERS = {TEACHER: 'cascade_mask_rcnn_swin', SECOND: 'htc_swin'}

# The tool's options; the thresholds of the last three are its defaults, chosen before anything was measured.
OPTIONS: dict[str, list[str]] = {
    **{name: ['--score-thr', name.partition('_')[2]] for name in FIXED},
    CALIBRATED: ['--no-ignore'],
    BAND: [],
    AGREEMENT: [],
    HALF: [],
    HALF_LONG: [],
    WIDE: ['--ignore-precision', '0.05'],
}
# From the most to the least telling.
STUDENTS = (NONE, BAND, HALF, WIDE, 'fixed_0.5', CALIBRATED, 'fixed_0.7', 'fixed_0.3', AGREEMENT)


@dataclass(frozen=True)
class Cell:
    """One training, with the labels it needs and its score.

    Attributes:
        data: ``synthetic`` or ``photographs``.
        name: A teacher, or what a student learns from.
        seed: Of the training, and of the choice of the pictures with labels.
    """

    data: str
    name: str
    seed: int = 0

    @property
    def key(self) -> str:
        """Name of the cell, fit for a folder."""
        return f'{self.data}_{self.name}_s{self.seed}'

    @property
    def group(self) -> str:
        """What the cell is about."""
        return f'{self.data}, {"teacher" if self.is_teacher else "student"}'

    @property
    def is_teacher(self) -> bool:
        """Whether others learn from it."""
        return self.name in MEMBERS

    @property
    def member(self) -> str:
        """Name of the detector; all students are of the first teacher's kind."""
        return MEMBERS.get(self.name, MEMBERS[TEACHER])

    @property
    def config(self) -> str:
        """The config of its training."""
        if self.name in (HALF, HALF_LONG, WIDE):
            return f'benchmarks/pseudo_labels/{self.data}_half_real.py'
        return f'{"configs/demo" if self.data == SYNTHETIC else "benchmarks/ensemble"}/{self.member}.py'

    def needs(self) -> Iterator[Cell]:
        """List the cells that this one is made from, what it starts from first."""
        if not self.is_teacher:
            yield replace(self, name=TEACHER)
        if self.name == AGREEMENT:
            yield replace(self, name=SECOND)


def all_cells() -> list[Cell]:
    """List all cells: synthetic pictures first, seed by seed, and once a student of all true labels, as a mark
    above, and two of longer trainings."""
    cells: dict[Cell, None] = {}
    for data in DATA:
        for seed in SEEDS:
            for name in (*STUDENTS, *((ALL_LABELS, *LONG) if seed == 0 else ())):
                cell = Cell(data, name, seed)
                cells |= dict.fromkeys((*cell.needs(), cell))
    return list(cells)
