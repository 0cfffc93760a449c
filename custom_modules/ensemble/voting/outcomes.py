"""A vote on all pictures, one after another."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from custom_modules.ensemble.probs import argmax_labels
from custom_modules.ensemble.probs_writing import quantise

from .electorate import Electorate
from .members import Picture
from .params import VoteParams
from .refine import Photographs, refine
from .vote import EachVote, vote_each, vote_labels, vote_probs, vote_stored

VOTE = 'vote'


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came out for a picture.

    Attributes:
        picture: The picture.
        steps: (H, W) uint8 labels after each step by its name, ``'vote'`` first; empty where only ``stored`` is wanted.
        stored: (C, H, W) probabilities as they are stored, where they are wanted.
        each: Labels of every member and without every member, where they are wanted.
    """

    picture: Picture
    steps: dict[str, np.ndarray] = field(default_factory=dict)
    stored: np.ndarray | None = None
    each: EachVote | None = None

    @cached_property
    def labels(self) -> np.ndarray:
        """The final labels, (H, W) uint8."""
        return list(self.steps.values())[-1] if self.steps else argmax_labels(self.stored)


def outcomes(
    electorate: Electorate,
    params: VoteParams,
    *,
    dtype: str | None = None,
    compare: bool = False,
    photographs: Photographs | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Outcome]:
    """Vote on one picture after another; memory holds one of them.

    Args:
        electorate: The members.
        params: How they vote; its members are all or some of them, by name.
        dtype: What to store probabilities as; None for labels only.
        compare: Whether to vote without each member, too.
        photographs: For the CRF of the params.
        progress: Told how many of how many pictures are done.

    Yields:
        The outcome of each picture, in order.
    """
    by_name = dict(zip(electorate.names, electorate.members, strict=True))
    weights = np.zeros((len(electorate.members), len(electorate.classes)))
    for name, row in zip(params.members, params.matrix, strict=True):
        weights[electorate.names.index(name)] = row
    needed = [by_name[name] for name in params.members]
    pictures = electorate.pictures
    for index, picture in enumerate(pictures):
        for member in electorate.members if compare else needed:
            if index + 1 < len(pictures):
                member.prefetch(pictures[index + 1])
        yield _outcome(electorate, params, weights, picture, dtype, compare, photographs)
        if progress is not None:
            progress(index + 1, len(pictures))


def _outcome(
    electorate: Electorate,
    params: VoteParams,
    weights: np.ndarray,
    picture: Picture,
    dtype: str | None,
    compare: bool,
    photographs: Photographs | None,
) -> Outcome:
    used = [index for index, row in enumerate(weights) if compare or row.any()]
    layers = [electorate.members[index].layer(picture) for index in used]
    weights, vote = weights[used], (picture.size, weights[used], params.method)
    each = vote_each(layers, *vote) if compare else None
    if params.crf is None:
        stored = None if dtype is None else vote_stored(layers, *vote, dtype)
        if each is None and stored is not None:
            return Outcome(picture, stored=stored)
        return Outcome(picture, {VOTE: each.labels if each else vote_labels(layers, *vote)}, stored, each)

    def voters() -> list[np.ndarray]:
        own = each.members if each else vote_each(layers, *vote).members
        return [map_of for map_of, row in zip(own, weights, strict=True) if row.any()]

    refined, steps = refine(
        vote_probs(layers, *vote),
        photographs.read(picture),
        voters,
        params.crf,
        params.rescue,
        [weight for weight in params.weights if weight > 0],
    )
    if each is not None:
        steps = {VOTE: each.labels, **steps}
    return Outcome(picture, steps, None if dtype is None else quantise(refined, dtype), each)
