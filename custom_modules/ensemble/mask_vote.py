"""One mask of the masks of boxes that became one."""

from collections.abc import Sequence

import numpy as np

from custom_modules.structures.rle import crop_from_rle, crop_to_rle


def vote_masks(masks: Sequence[dict], clusters: np.ndarray, scores: np.ndarray, num_clusters: int) -> list[dict]:
    """Let the masks of each cluster vote on every pixel, weighted by score.

    A pixel is in the result when the masks that hold it have at least half of the scores.  Only the box around a
    cluster's masks is drawn.

    Args:
        masks: N RLE dicts; those of a cluster have one size.
        clusters: (N,) integers from 0, the cluster of each mask; every cluster has one at least.
        scores: (N,) from 0 on.
        num_clusters: How many clusters there are.

    Returns:
        One RLE dict (compressed, text) per cluster.
    """
    order = np.argsort(clusters, kind='stable')
    groups = np.split(order, np.searchsorted(clusters[order], np.arange(1, num_clusters)))
    return [_vote([masks[row] for row in rows], scores[rows]) for rows in groups[:num_clusters]]


def _vote(masks: list[dict], scores: np.ndarray) -> dict:
    if len(masks) == 1:
        return masks[0]
    height, width = masks[0]['size']
    crops = [crop_from_rle(mask, height, width) for mask in masks]
    drawn = [(crop, score) for crop, score in zip(crops, scores.tolist(), strict=True) if crop[2].size]
    if not drawn:
        return masks[0]
    left, top = (min(crop[axis] for crop, _ in drawn) for axis in (0, 1))
    right = max(x + part.shape[1] for (x, _, part), _ in drawn)
    bottom = max(y + part.shape[0] for (_, y, part), _ in drawn)
    votes = np.zeros((bottom - top, right - left))
    for (x, y, part), score in drawn:
        votes[y - top : y - top + part.shape[0], x - left : x - left + part.shape[1]] += score * part
    total = scores.sum()
    # Where all scores are 0 every mask counts alike.
    inside = votes >= total / 2 if total else np.ones(votes.shape, dtype=bool)
    return crop_to_rle(inside & (votes > 0) if total else inside, left, top, height, width)
