"""Members that are trained, predicted with and fused: which cells there are, what each needs, and in which order.

ensemble.py has the plan of detectors, segmentation_ensemble.py that of segmenters; fusion_grid.py runs one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

SYNTHETIC, PHOTOGRAPHS = DATA = ('synthetic', 'photographs')
TRAIN, PREDICT, EQUAL, SEARCH = 'train', 'predict', 'equal', 'search'
ALL = 'all'  # stands for the members in the name of a fusion
MORE_SEEDS = (1, 2)
SEARCHED_ON, SCORED_ON = 'val.json', 'test_answers.json'


@dataclass(frozen=True)
class Member:
    """A model of the comparison.

    Attributes:
        synthetic_config: What is trained on synthetic pictures, relative to the repository.
        synthetic_steps: For how long; a step is eight pictures.
        config: What goes on from there on photographs.
        steps: For how long.
    """

    synthetic_config: str
    synthetic_steps: int
    config: str
    steps: int


@dataclass(frozen=True)
class Step:
    """One cell.

    Attributes:
        data: ``synthetic`` or ``photographs``.
        kind: ``train``, ``predict``, or how all members are fused.
        member: Name of the model, or ``all``.
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


@dataclass(frozen=True)
class FusionPlan:
    """The cells of a comparison.

    Attributes:
        members: By name.
        fusions: How all of them are fused, in order.
    """

    members: Mapping[str, Member]
    fusions: tuple[str, ...] = (EQUAL, SEARCH)

    def config(self, step: Step) -> str:
        """Return the config of a training or of what predicts; empty for a fusion."""
        if step.member == ALL:
            return ''
        member = self.members[step.member]
        return member.synthetic_config if step.data == SYNTHETIC else member.config

    def needs(self, step: Step) -> Iterator[Step]:
        """List the cells that one is made from."""
        if step.kind in self.fusions:
            yield from (replace(step, kind=PREDICT, member=member) for member in self.members)
        elif step.kind == PREDICT:
            yield replace(step, kind=TRAIN, tta=False)
        elif step.data == PHOTOGRAPHS:
            yield replace(step, data=SYNTHETIC, seed=0)

    def all_steps(self) -> list[Step]:
        """List all cells: what fusing on photographs needs, the same on synthetic pictures, TTA, further seeds."""
        steps: dict[Step, None] = {}

        def add(step: Step) -> None:
            for need in self.needs(step):
                add(need)
            steps[step] = None

        for tta in (False, True):
            for data in (PHOTOGRAPHS, SYNTHETIC):
                for kind in self.fusions:
                    add(Step(data, kind, tta=tta))
        for seed in MORE_SEEDS:
            for kind in self.fusions:
                add(Step(PHOTOGRAPHS, kind, seed=seed))
        return list(steps)
