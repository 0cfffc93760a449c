"""Probabilities of the models of all folds: put together where each has not seen the pictures, averaged elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from custom_modules.datasets.label_maps import LabelMaps
from custom_modules.evaluation import SegmentationResult, SegmentationScorer
from custom_modules.utils import UserError

from .mean_probs import MeanProbs
from .probs import ProbabilityMaps
from .probs_writing import ProbsWriter


def merge_fold_probs(parts: Mapping[int, str | Path], fold_of: Mapping[int, int], out: str | Path) -> None:
    """Put the probabilities of all folds into one folder, picture by picture as they are stored.

    Args:
        parts: A ``*.probs`` folder by fold.
        fold_of: The fold of each image id.
        out: The folder to write, in the order of ``fold_of``; pictures that no fold could read are left out.

    Raises:
        UserError: Classes or the kind of numbers differ, or a fold's probabilities are about pictures of another: its
            model may have trained on them.
    """
    members = dict(zip(parts, MeanProbs(list(parts.values())).members, strict=True))
    for fold, member in members.items():
        other = next((image_id for image_id in member if fold_of.get(image_id) != fold), None)
        if other is not None:
            raise UserError(
                f'the predictions of fold {fold} are about image {other}, which is not among its validation pictures; '
                f'predict again with tools/test.py on val_{fold}.json of these folds'
            )
    dtype = _one_dtype(list(members.values()))
    classes = next(iter(members.values())).classes
    with ProbsWriter(out, classes, dtype) as writer:
        for image_id, fold in fold_of.items():
            if image_id in (member := members[fold]):
                writer.add_raw(image_id, member.pictures[image_id].file_name, member.raw(image_id))


def _one_dtype(members: Sequence[ProbabilityMaps]) -> str:
    kinds = {picture.dtype for member in members for picture in member.pictures.values()} or {'uint8'}
    if len(kinds) > 1:
        raise UserError(f'{members[0].path}: not all folds store numbers of the same bits; predict all with one --bits')
    return kinds.pop()


def average_probs(paths: Sequence[str | Path], out: str | Path) -> int:
    """Average the probabilities of several models into one folder, picture by picture.

    Args:
        paths: ``*.probs`` folders about the same pictures.
        out: The folder to write.

    Returns:
        The number of pictures.

    Raises:
        UserError: Classes, pictures or sizes differ.
    """
    mean = MeanProbs(paths)
    first = mean.members[0]
    for member in mean.members:
        if set(member) != set(first):
            odd = min(set(member) ^ set(first))
            raise UserError(f'{member.path}: has other pictures than {first.path}, such as the id {odd}; predict again')
    mean.check([asdict(picture) for picture in first.pictures.values()], str(first.path))
    with ProbsWriter(out, mean.classes, str(first.dtype)) as writer:
        for image_id, picture in first.pictures.items():
            writer.add(image_id, picture.file_name, mean[image_id])
    return len(first)


def score_fold_probs(
    truth: LabelMaps, probs: ProbabilityMaps, fold_of: Mapping[int, int]
) -> tuple[SegmentationResult, dict[int, SegmentationResult | None]]:
    """Score out-of-fold probabilities as a whole and by fold, picture by picture.

    Pictures that could not be read count as the first class, as in tools/test.py.

    Args:
        truth: Label maps of the whole data set.
        probs: From :func:`merge_fold_probs`.
        fold_of: The fold of each image id.

    Returns:
        The score over all pictures, and that of each fold, None where a fold has nothing that counts.
    """
    scorers = {fold: SegmentationScorer(probs.classes) for fold in sorted(set(fold_of.values()))}
    for image_id, fold in fold_of.items():
        answer = truth[image_id]
        labels = probs.labels(image_id) if image_id in probs else np.zeros_like(answer)
        scorers[fold].add(image_id, labels, answer)
    whole, by_fold = SegmentationScorer(probs.classes), {}
    for fold, scorer in scorers.items():
        whole.merge(scorer)
        try:
            by_fold[fold] = scorer.result()
        except UserError:  # nothing counts on these pictures
            by_fold[fold] = None
    return whole.result(), by_fold
