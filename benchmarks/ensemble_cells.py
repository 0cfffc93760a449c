"""The cells of benchmarks/ensemble.py: which detectors are trained, predicted with and fused, and in which order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

SYNTHETIC, PHOTOGRAPHS = 'synthetic', 'photographs'
TRAIN, PREDICT, EQUAL, SEARCH = 'train', 'predict', 'equal', 'search'
FUSIONS = (EQUAL, SEARCH)
ALL = 'all'  # stands for the members in the name of a fusion
MORE_SEEDS = (1, 2)
SEARCHED_ON, SCORED_ON = 'val.json', 'test_answers.json'


@dataclass(frozen=True)
class Member:
    """A detector of the comparison.

    Attributes:
        config: What is trained on synthetic pictures.
        synthetic_steps: For how long; a step is eight pictures.
        steps: For how long it goes on on photographs, with benchmarks/ensemble/<name>.py.
    """

    config: str
    synthetic_steps: int
    steps: int


# Two-stage detectors learn in the fewest steps, queries in the most; one-stage steps are cheap.
MEMBERS = {
    'cascade_mask_rcnn_swin': Member('configs/demo/cascade_mask_rcnn_swin.py', 500, 600),
    'htc_swin': Member('configs/demo/htc_swin.py', 500, 600),
    'atss_swin': Member('configs/demo/atss_swin.py', 750, 900),
    'rtmdet': Member('benchmarks/ensemble/rtmdet_synthetic.py', 750, 900),
    'dino_swin': Member('configs/demo/dino_swin.py', 1000, 700),
}


@dataclass(frozen=True)
class Step:
    """One cell.

    Attributes:
        data: ``synthetic`` or ``photographs``.
        kind: ``train``, ``predict``, or how all members are fused: ``equal`` weights or ``search``.
        member: Name of the detector, or ``all``.
        tta: Whether predictions are made, or were, with test-time augmentation.
        seed: Of the training on photographs; synthetic trainings have but one.
    """

    data: str
    kind: str
    member: str = ALL
    tta: bool = False
    seed: int = 0

    @property
    def key(self) -> str:
        """Name of the cell, fit for a folder."""
        return f'{self.data}_{self.kind}_{self.member}{"_tta" if self.tta else ""}_s{self.seed}'

    @property
    def group(self) -> str:
        """What the cell is about."""
        return f'{self.data}, {self.kind}{" with TTA" if self.tta else ""}'

    @property
    def config(self) -> str:
        """The config of its training; empty for a fusion."""
        if self.member == ALL:
            return ''
        return MEMBERS[self.member].config if self.data == SYNTHETIC else f'benchmarks/ensemble/{self.member}.py'

    def needs(self) -> Iterator[Step]:
        """List the cells that this one is made from."""
        if self.kind in FUSIONS:
            yield from (replace(self, kind=PREDICT, member=member) for member in MEMBERS)
        elif self.kind == PREDICT:
            yield replace(self, kind=TRAIN, tta=False)
        elif self.data == PHOTOGRAPHS:
            yield replace(self, data=SYNTHETIC, seed=0)


def all_steps() -> list[Step]:
    """List all cells: what the fusion on photographs needs, the same on synthetic pictures, TTA, further seeds."""
    steps: dict[Step, None] = {}

    def add(step: Step) -> None:
        for need in step.needs():
            add(need)
        steps[step] = None

    for tta in (False, True):
        for data in (PHOTOGRAPHS, SYNTHETIC):
            for kind in FUSIONS:
                add(Step(data, kind, tta=tta))
    for seed in MORE_SEEDS:
        for kind in FUSIONS:
            add(Step(PHOTOGRAPHS, kind, seed=seed))
    return list(steps)
