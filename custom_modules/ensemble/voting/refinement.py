"""Finding the settings of the CRF and of the rescue for a vote that was found, with a gain measured on other pictures.

A CRF takes seconds a picture, so some pictures and a few settings next to the usual ones are tried, each with a few
settings of the rescue.  On every part of a cross-validation the best setting by the rest is taken, or none where none
gains, and scored on the part.  The gain is over the vote as it was found on all pictures.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from custom_modules.ensemble.search.base_trials import BaseTrials, ByClass
from custom_modules.ensemble.search.greedy import weightings
from custom_modules.ensemble.search.held_out import Estimate, HeldOut, score_held_out
from custom_modules.ensemble.search.splits import make_splits
from custom_modules.ensemble.search.walker import Walker
from custom_modules.evaluation import count_confusion
from custom_modules.evaluation.class_areas import ClassAreas

from .electorate import Electorate
from .members import Picture
from .params import Settings, VoteParams, as_settings, settings_text
from .refine import Photographs, default_settings, refine, rescue_labels
from .search import objects_of
from .vote import vote_each, vote_probs

NUM_PICTURES = 40
PLAIN, REFINED = 'vote', 'refined'

_CRF_CHANGES = (
    {},
    {'bilateral_compat': 0.5},
    {'bilateral_compat': 0.25, 'gaussian_compat': 0.5},
    {'bilateral_compat': 0.1, 'gaussian_compat': 0.25},
    {'bilateral_compat': 0.25, 'gaussian_compat': 0.5, 'bilateral_sxy': 0.5},
    {'bilateral_compat': 0.25, 'gaussian_compat': 0.5, 'bilateral_srgb': 0.5},
)
"""What the usual settings, which are for less certain probabilities than a segmenter's, are multiplied by."""
_RESCUE_CHANGES = ({}, {'max_area': 0.25}, {'max_area': 4.0}, {'min_agreement': 1.4})
_MOST_SHOWN = 8


@dataclass(frozen=True)
class Refinement:
    """What was found.

    Attributes:
        params: The vote with the settings to use; without any where none gains.
        held_out: Scores on held-out pictures and gains over the vote alone, of the vote and of what was chosen.
        trials: All params tried, with mIoU on all pictures that were tried on.
        num_images: Pictures tried on.
    """

    params: VoteParams
    held_out: dict[str, HeldOut]
    trials: list[tuple[VoteParams, float]]
    num_images: int

    @property
    def gain(self) -> Estimate:
        """mIoU to expect over the vote alone, measured on held-out pictures."""
        return self.held_out[REFINED].gain

    def report(self) -> str:
        """Return what was found as lines of text."""
        gain, plain = self.gain, self.trials[0][1]
        best = sorted(self.trials[1:], key=lambda trial: -trial[1])
        figures = f'{gain.value:+.4f} mIoU over the vote on held-out pictures ({gain.low:+.4f} .. {gain.high:+.4f})'
        return '\n'.join(
            [
                f'mIoU on {self.num_images} pictures, of the vote alone {plain:.4f}; the best of {len(best)} settings:',
                *(f'{score:.4f}  {_name(params)}' for params, score in best[:_MOST_SHOWN]),
                f'use {_name(self.params)}: {figures}'
                if self.params.crf is not None
                else f'leave the CRF out: what would have been chosen is {figures}',
            ]
        )

    def as_dict(self) -> dict[str, Any]:
        """Return json values."""
        return {
            'num_pictures': self.num_images,
            'held_out': {name: asdict(way) for name, way in self.held_out.items()},
            'tried': [{'crf': params.crf, 'rescue': params.rescue, 'mIoU': score} for params, score in self.trials],
        }


class _Tried(BaseTrials):
    """Settings whose areas have been counted already."""

    def __init__(self, areas: dict[VoteParams, ClassAreas], num_images: int, weights: np.ndarray) -> None:
        super().__init__(weights, budget=len(areas), progress=lambda done: None)
        self._areas, self._num_images = areas, num_images
        self.run(areas)

    @property
    def num_images(self) -> int:
        """Number of pictures."""
        return self._num_images

    def evaluate(self, params: VoteParams) -> ByClass:
        """Return the IoU of what was counted."""
        return self._areas[params].ious


def search_refinement(
    electorate: Electorate,
    params: VoteParams,
    truth: Any,
    photographs: Photographs,
    *,
    rescue: bool,
    seed: int = 0,
    folds: int = 4,
    repeats: int = 2,
    num_pictures: int = NUM_PICTURES,
    progress: Callable[[int, int], None] | None = None,
) -> Refinement:
    """Search the settings of what follows a vote.

    Args:
        electorate: The members.
        params: The vote; its members are all of them.
        truth: Gives the true labels of a picture by id.
        photographs: The photographs.
        rescue: Whether to try the rescue, too.
        seed: Of pictures, parts and resamples.
        folds: Parts of a division of the pictures.
        repeats: Divisions.
        num_pictures: Pictures to try on; those with objects first.
        progress: Told how many of how many pictures are done.

    Returns:
        The settings with the gain to expect; never below the vote alone on held-out pictures.

    Raises:
        UserError: Too few pictures have objects.
    """
    pictures, presence = _choose(electorate, truth, num_pictures, seed)
    candidates = list(dict.fromkeys(_candidates(params, rescue=rescue)))
    plain = candidates[0]
    confusions: dict[VoteParams, list[np.ndarray]] = {candidate: [] for candidate in candidates}
    for index, picture in enumerate(pictures):
        answer = truth[picture.id]
        for candidate, labels in _labels(electorate, picture, candidates, photographs.read(picture)):
            confusions[candidate].append(count_confusion(labels, answer, len(electorate.classes)))
        if progress is not None:
            progress(index + 1, len(pictures))
    areas = {candidate: ClassAreas.of_confusions(counts) for candidate, counts in confusions.items()}
    splits = make_splits(objects_of(presence, electorate.classes), folds, repeats, seed)
    weights, resamples = weightings(splits, seed)
    trials = _Tried(areas, len(pictures), weights)
    walkers = [
        Walker(trials, part, columns, plain, [plain], lambda params, factors: params)
        for part, columns in enumerate(resamples)
    ]
    for walker in walkers:
        walker.step(candidates[1:])
    ways = {PLAIN: [plain] * len(walkers), REFINED: [walker.params for walker in walkers]}
    held_out = score_held_out(
        trials, splits, {name: way[1:] for name, way in ways.items()}, reference=PLAIN, seed=seed + 1
    )
    gains = held_out[REFINED].gain.value > 0
    return Refinement(ways[REFINED][0] if gains else plain, held_out, trials.table(), len(pictures))


def _choose(electorate: Electorate, truth: Any, count: int, seed: int) -> tuple[list[Picture], np.ndarray]:
    """Choose pictures by chance, those with objects first; returns them with the classes that are on them."""
    order = np.random.default_rng(seed).permutation(len(electorate.pictures))
    some = [electorate.pictures[index] for index in order[: 4 * count]]
    presence = np.zeros((len(some), len(electorate.classes)), bool)
    for row, picture in zip(presence, some, strict=True):
        labels = np.unique(truth[picture.id])
        row[labels[labels < len(row)]] = True
    has_objects = objects_of(presence, electorate.classes).any(axis=1)
    kept = sorted(np.argsort(~has_objects, kind='stable')[:count].tolist())
    return [some[index] for index in kept], presence[kept]


def _candidates(params: VoteParams, *, rescue: bool) -> Iterator[VoteParams]:
    """Give the vote alone, then it with each setting."""
    yield replace(params, crf=None, rescue=None).canonical()
    for change in _CRF_CHANGES:
        crf = _changed(default_settings('crf'), change)
        yield replace(params, crf=crf, rescue=None).canonical()
        for other in _RESCUE_CHANGES if rescue else ():
            yield replace(params, crf=crf, rescue=_changed(default_settings('rescue'), other)).canonical()


def _changed(settings: Settings, factors: dict[str, float]) -> Settings:
    """Multiply settings; whole numbers stay whole, shares are 1 at most."""
    values = dict(settings)
    for name, factor in factors.items():
        if name in values:
            product = values[name] * factor
            values[name] = round(product) if isinstance(values[name], int) else product
    if 'min_agreement' in values:
        values['min_agreement'] = min(1.0, values['min_agreement'])
    return as_settings(values)


def _labels(
    electorate: Electorate, picture: Picture, candidates: Sequence[VoteParams], photograph: np.ndarray
) -> Iterator[tuple[VoteParams, np.ndarray]]:
    """Give the labels of a picture with each setting; a CRF is run once for all its rescues."""
    plain = candidates[0]
    used = [electorate.names.index(plain.members[index]) for index in plain.used]
    layers = [electorate.members[index].layer(picture) for index in used]
    vote = (layers, picture.size, plain.matrix[list(plain.used)], plain.method)
    each, probs = vote_each(*vote), vote_probs(*vote)
    weights = [plain.weights[index] for index in plain.used]
    refined: dict[Settings, np.ndarray] = {}
    for candidate in candidates:
        if candidate.crf is None:
            yield candidate, each.labels
            continue
        if candidate.crf not in refined:
            steps = refine(probs, photograph, lambda: each.members, candidate.crf, None, weights)[1]
            refined[candidate.crf] = steps['CRF']
        labels = refined[candidate.crf]
        if candidate.rescue is not None:
            labels = rescue_labels(labels, each.members, candidate.rescue, weights)
        yield candidate, labels


def _name(params: VoteParams) -> str:
    """Name the settings that are not the usual ones."""
    parts = []
    for name in ('crf', 'rescue'):
        if (settings := getattr(params, name)) is not None:
            usual = dict(default_settings(name))
            others = tuple((key, value) for key, value in settings if value != usual[key])
            parts.append(f'{name} {settings_text(others) or "as usual"}')
    return ', '.join(parts)
