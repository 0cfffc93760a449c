"""What a fusion brings: the score of each member, of all of them, and without each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from custom_modules.evaluation import FastMap50, Predictions, bootstrap_weights, interval

from .search.params import FusionParams

NUM_RESAMPLES = 1000


@dataclass(frozen=True)
class Comparison:
    """Scores, mAP50 in [0, 1].

    Attributes:
        members: By name.
        fusion: Of what was fused.
        without: Of the fusion without each member that has a part in it, by name; empty for fewer than two.
        gain: The fusion's score less that of the best member.
        interval: Where 90 % of the gains of resampled pictures lie.
    """

    members: dict[str, float]
    fusion: float
    without: dict[str, float]
    gain: float
    interval: tuple[float, float]

    @property
    def best(self) -> str:
        """The member with the highest score."""
        return max(self.members, key=self.members.get)


def compare(
    coco: Any,
    members: Mapping[str, Predictions],
    fused: Predictions,
    params: FusionParams,
    image_sizes: Mapping[int, tuple[int, int]],
    *,
    max_per_image: int | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Comparison:
    """Score members and fusions against a data set.

    Args:
        coco: Ground truth, ``CocoData`` or a COCO dict.
        members: Predictions by name.
        fused: Their fusion.
        params: What it was made with; its members are names of ``members``.
        image_sizes: Height and width of each picture by id, pixels.
        max_per_image: As it was made with.
        seed: Of the resamples.
        progress: Told how many of how many scores are done.

    Raises:
        UserError: There is nothing to find.
    """
    score = FastMap50(coco)
    boxes = {name: replace(member, segmentations=None) for name, member in members.items()}
    dropped = params.used if len(params.used) > 1 else ()
    steps = count(1)

    def step() -> None:
        if progress is not None:
            progress(next(steps), len(boxes) + len(dropped) + 1)

    matched, without = {}, {}
    for name, member in boxes.items():
        matched[name] = score(member)
        step()
    for index in dropped:
        weights = (*params.weights[:index], 0.0, *params.weights[index + 1 :])
        others = replace(params, weights=weights).fuse(boxes, image_sizes, max_per_image=max_per_image)
        without[params.members[index]] = score(others).map50()
        step()
    of_fusion = score(fused)
    singles = {name: match.map50() for name, match in matched.items()}
    best = matched[max(singles, key=singles.get)]
    resamples = bootstrap_weights(len(score.image_ids), NUM_RESAMPLES, seed)
    gains = of_fusion.map50(resamples) - best.map50(resamples)
    step()
    fusion = of_fusion.map50()
    return Comparison(singles, fusion, without, fusion - max(singles.values()), interval(gains))
