"""All of it: from the predictions of one or several models to labels."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from custom_modules.datasets.coco_data import CocoData
from custom_modules.datasets.shared_pictures import shared_pictures
from custom_modules.evaluation.ground_truth import is_ignored
from custom_modules.evaluation.predictions import Predictions
from custom_modules.utils import UserError

from .agreement import Agreement, agree, image_sizes
from .calibration import Calibration, calibrate, fixed_thresholds
from .missed import missed_objects
from .report import right_by_class
from .selection import PseudoLabels, select_labels


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What labels a user asks for.

    Attributes:
        target_precision: Share of labels that have to be right.
        confidence: How sure that is.
        ignore_precision: Chance of being right down to which boxes become ignore regions; None for none.
        score_thr: One threshold for all classes in place of calibrated ones.
        ignore_thr: Score down to which boxes become ignore regions, with ``score_thr``.
        min_votes: Models that have to agree; more than half of them by default.
        iou_thr: IoU above which boxes of several models are one.
        max_per_image: Labels per picture at most.
        max_ratio: Labels of a class at most, per real object of it.
    """

    target_precision: float = 0.7
    confidence: float = 0.9
    ignore_precision: float | None = 0.2
    score_thr: float | None = None
    ignore_thr: float | None = None
    min_votes: int | None = None
    iou_thr: float = 0.55
    max_per_image: int | None = None
    max_ratio: float | None = None


@dataclass(frozen=True, eq=False)
class Labelled:
    """Result of :func:`label_pictures`.

    Attributes:
        labels: Labels and ignore regions.
        calibration: The thresholds.
        checked: Labels and right ones by class that the same rules give on the pictures with answers; None without.
        missed: Objects there that get neither label nor ignore region (see :func:`missed_objects`); None without.
    """

    labels: PseudoLabels
    calibration: Calibration
    checked: tuple[np.ndarray, np.ndarray] | None
    missed: dict[str, int] | None = None


def label_pictures(
    real: CocoData,
    unlabelled: CocoData,
    members: Sequence[Predictions],
    *,
    answered: CocoData | None = None,
    answered_members: Sequence[Predictions] | None = None,
    wishes: Wishes | None = None,
) -> Labelled:
    """Label pictures.

    Args:
        real: The real annotations: classes, and how many objects of each there are.
        unlabelled: Pictures to label.
        members: Predictions of each model on them.
        answered: Pictures with answers that no model was trained on.
        answered_members: Predictions of the same models on those, in the same order.
        wishes: Thresholds, limits, agreement.

    Raises:
        UserError: Predictions are missing or about other pictures.
    """
    wishes = wishes or Wishes()
    if answered_members is not None and len(answered_members) != len(members):
        raise UserError(
            f'predictions of {len(members)} models on the unlabelled pictures, but of {len(answered_members)} on those '
            f'with answers: give one file of each for every model'
        )
    votes = len(members) // 2 + 1 if wishes.min_votes is None else wishes.min_votes
    if not 1 <= votes <= len(members):
        raise UserError(f'{votes} votes out of {len(members)} models: give a number from 1 to {len(members)}')
    known = {image['id'] for image in unlabelled.images}
    members = [one.select(np.isin(one.image_ids, list(known))) for one in members]
    found = agree(members, image_sizes(unlabelled.images), iou_thr=wishes.iou_thr)
    proof = None
    if answered is not None and answered_members is not None:
        proof = agree(answered_members, image_sizes(answered.images), iou_thr=wishes.iou_thr)
    calibration = _thresholds(real, answered, proof, wishes, votes)
    limits = class_limits(real, wishes.max_ratio)

    def choose(agreement: Agreement, class_limits: Sequence[int] | None) -> PseudoLabels:
        return select_labels(
            agreement.predictions,
            calibration,
            real.cat_ids,
            agreed=agreement.votes >= votes,
            max_per_image=wishes.max_per_image,
            class_limits=class_limits,
        )

    labels = choose(found, limits)
    if proof is None:
        return Labelled(labels, calibration, None)
    on_answered = choose(proof, None)
    checked = right_by_class(answered, on_answered)
    return Labelled(labels, calibration, checked, missed_objects(answered, on_answered))


def class_limits(real: CocoData, max_ratio: float | None) -> list[int] | None:
    """Return how many labels each class may get: so many per real object; None for no limit."""
    if max_ratio is None:
        return None
    labels = [real.label_of[one['category_id']] for one in real.annotations if not is_ignored(one)]
    counts = np.bincount(np.array(labels, dtype=np.int64), minlength=len(real.classes))
    return [int(max_ratio * count) for count in counts]


def leave_out_known(unlabelled: CocoData, others: Sequence[CocoData]) -> tuple[CocoData, list[int]]:
    """Leave out pictures that are in other files of the data set, by path or by content.

    Args:
        unlabelled: Pictures to label.
        others: Files whose pictures must not be labelled.

    Returns:
        What is left, and how many were left out for each file.
    """
    counts = []
    for other in others:
        names = {name for name, _ in shared_pictures(unlabelled, other)}
        images = [image for image in unlabelled.images if image['file_name'] not in names]
        counts.append(len(unlabelled.images) - len(images))
        unlabelled = replace(unlabelled, images=images)
    return unlabelled, counts


def _thresholds(
    real: CocoData, answered: CocoData | None, proof: Agreement | None, wishes: Wishes, votes: int
) -> Calibration:
    if wishes.score_thr is not None:
        sample = {} if proof is None else {'coco': answered, 'predictions': proof.predictions}
        thresholds = {'ignore_thr': wishes.ignore_thr, 'confidence': wishes.confidence}
        return fixed_thresholds(real.classes, wishes.score_thr, **thresholds, **sample)
    if proof is None:
        raise UserError('no predictions on pictures with answers to find thresholds by: give them by --calibrate')
    return calibrate(
        answered,
        proof.predictions,
        target_precision=wishes.target_precision,
        confidence=wishes.confidence,
        ignore_precision=wishes.ignore_precision,
        sure=proof.votes >= votes,
    )
