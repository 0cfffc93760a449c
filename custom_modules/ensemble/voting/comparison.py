"""What a vote brings: the score of each member, of the vote and what follows it, and of the vote without each."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from custom_modules.evaluation import (
    SegmentationResult,
    SegmentationScorer,
    bootstrap_weights,
    count_confusion,
    interval,
)
from custom_modules.evaluation.class_areas import ClassAreas
from custom_modules.utils import UserError

from .electorate import Electorate
from .outcomes import Outcome
from .params import VoteParams

NUM_RESAMPLES = 1000


@dataclass(frozen=True, eq=False)
class VoteComparison:
    """Scores, mIoU in [0, 1].

    Attributes:
        members: By name.
        steps: Of the vote and of what follows it, by name, the last one is the final.
        without: Of the vote without each member that has a part in it, by name; empty for fewer than two.
        ious: (C,) IoU of each class by the names of members and steps; NaN for a class that is nowhere.
        gain: The last step's score less that of the best member.
        interval: Where 90 % of the gains of resampled pictures lie.
        result: All scores of the last step.
    """

    members: dict[str, float]
    steps: dict[str, float]
    without: dict[str, float]
    ious: dict[str, np.ndarray]
    gain: float
    interval: tuple[float, float]
    result: SegmentationResult

    @property
    def best(self) -> str:
        """The member with the highest score."""
        return max(self.members, key=self.members.get)

    @property
    def vote(self) -> float:
        """The score of the vote itself."""
        return next(iter(self.steps.values()))

    @property
    def final(self) -> float:
        """The score of the last step."""
        return list(self.steps.values())[-1]


class Comparing:
    """Counts pixels as outcomes pass by.

    Args:
        electorate: The members.
        params: How they vote.
        truth: Gives the true labels of a picture by id.
    """

    def __init__(self, electorate: Electorate, params: VoteParams, truth: Any) -> None:
        self._electorate, self._params, self._truth = electorate, params, truth
        self._scorer = SegmentationScorer(electorate.classes)
        self._confusions: dict[tuple[str, str], list[np.ndarray]] = {}

    def watch(self, outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
        """Count each outcome and hand it on."""
        for outcome in outcomes:
            self._count(outcome)
            yield outcome

    def _count(self, outcome: Outcome) -> None:
        truth = self._truth[outcome.picture.id]
        if truth.shape != outcome.labels.shape:
            raise UserError(f'{outcome.picture.file_name}: the true labels are of another size than the json says')
        try:
            self._scorer.add(outcome.picture.id, outcome.labels, truth)
        except ValueError as error:
            raise UserError(str(error)) from None
        names = self._electorate.names
        maps = {('steps', name): labels for name, labels in outcome.steps.items()}
        maps |= {('members', name): labels for name, labels in zip(names, outcome.each.members, strict=True)}
        maps |= {('without', names[index]): labels for index, labels in outcome.each.without.items()}
        for key, labels in maps.items():
            counts = count_confusion(labels, truth, len(self._electorate.classes))
            self._confusions.setdefault(key, []).append(counts.astype(np.int32))

    def result(self, seed: int = 0) -> VoteComparison:
        """Score what was counted.

        Args:
            seed: Of the resamples.
        """
        areas = {key: ClassAreas.of_confusions(counts) for key, counts in self._confusions.items()}
        num_pictures = len(self._electorate.pictures)
        resamples = np.concatenate([np.ones((1, num_pictures)), bootstrap_weights(num_pictures, NUM_RESAMPLES, seed)])
        scores: dict[str, dict[str, float]] = {'members': {}, 'steps': {}, 'without': {}}
        for (group, name), counted in areas.items():
            scores[group][name] = float(counted.miou(resamples[:1])[0])
        best, last = max(scores['members'], key=scores['members'].get), list(scores['steps'])[-1]
        gains = areas['steps', last].miou(resamples) - areas['members', best].miou(resamples)
        shown = {name: counted.ious(resamples[:1])[0] for (group, name), counted in areas.items() if group != 'without'}
        return VoteComparison(
            scores['members'],
            scores['steps'],
            scores['without'],
            shown,
            float(gains[0]),
            interval(gains[1:]),
            self._scorer.result(),
        )
