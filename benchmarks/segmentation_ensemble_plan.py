"""The cells of benchmarks/segmentation_ensemble.py: which segmenters vote, how, and which learn from their labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from benchmarks.fusion_plan import DATA, EQUAL, PREDICT, SEARCH, TRAIN, FusionPlan, Member, Step

CRF, RESCUE, REFINED = 'crf', 'rescue', 'refined'
STUDENT = 'student'
NONE, PSEUDO = 'none', 'pseudo'  # what students learn from beside the labels that there are
TEACHER = 'deeplabv3plus_r18'  # students go on from it

SYNTHETIC_STEPS, STEPS, STUDENT_STEPS = 1000, 500, 250
_UNET = Member(
    'benchmarks/segmentation_ensemble/unet_r18_synthetic.py',
    SYNTHETIC_STEPS,
    'benchmarks/segmentation_ensemble/unet_r18.py',
    STEPS,
)


@dataclass(frozen=True)
class VotePlan(FusionPlan):
    """Members that vote, and two students of one of them."""

    def config(self, step: Step) -> str:
        """Return the config of a training or of what predicts; empty for a vote."""
        return super().config(replace(step, member=TEACHER) if step.kind == STUDENT else step)

    def needs(self, step: Step) -> Iterator[Step]:
        """List the cells that one is made from; of a student the training it goes on from comes first."""
        if step.kind != STUDENT:
            yield from super().needs(step)
            return
        yield replace(step, kind=TRAIN, member=TEACHER)
        if step.member == PSEUDO:
            yield from (replace(step, kind=PREDICT, member=member) for member in self.members)

    def all_steps(self) -> list[Step]:
        """List all cells, the students before further seeds."""
        steps = super().all_steps()
        students = [Step(data, STUDENT, name) for data in DATA for name in (PSEUDO, NONE)]
        first = [step for step in steps if step.seed == 0]
        return [*first, *students, *steps[len(first) :]]


_DEMO = {
    name: Member(f'configs/demo/{name}.py', SYNTHETIC_STEPS, f'benchmarks/segmentation/{name}.py', STEPS)
    for name in (TEACHER, 'upernet_swin', 'mask2former_swin')
}
PLAN = VotePlan({**_DEMO, 'unet_r18': _UNET}, fusions=(EQUAL, SEARCH, CRF, RESCUE, REFINED))
