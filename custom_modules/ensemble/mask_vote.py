"""One mask of the masks of boxes that became one, from run to run: no pixel is ever drawn."""

from collections.abc import Sequence

import numpy as np

from custom_modules.structures.rle import compress_runs, runs_from_rle

# Votes are counted in whole numbers, so that their running sum is exact.
_UNITS = 2.0**40


def vote_masks(masks: Sequence[dict], clusters: np.ndarray, scores: np.ndarray, num_clusters: int) -> list[dict]:
    """Let the masks of each cluster vote on every pixel, weighted by score.

    A pixel is in the result when the masks that hold it have at least half of the scores.  Where all scores of a
    cluster are 0, its masks count alike.

    Args:
        masks: N RLE dicts; those of a cluster have one size.
        clusters: (N,) integers from 0, the cluster of each mask; every cluster has one at least.
        scores: (N,) from 0 on.
        num_clusters: How many clusters there are.

    Returns:
        One RLE dict (compressed, text) per cluster.

    Raises:
        ValueError: A mask is malformed, or masks of a cluster have different sizes.
    """
    order = np.argsort(clusters, kind='stable')
    groups = np.split(order, np.searchsorted(clusters[order], np.arange(1, num_clusters)))
    return [_vote([masks[row] for row in rows], scores[rows]) for rows in groups[:num_clusters]]


def _vote(masks: list[dict], scores: np.ndarray) -> dict:
    if len(masks) == 1:
        return masks[0]
    height, width = masks[0]['size']
    shares = (
        np.rint(scores / scores.sum() * _UNITS).astype(np.int64) if scores.any() else np.ones(len(scores), np.int64)
    )
    edges = [np.cumsum(runs_from_rle(mask, height, width))[:-1] for mask in masks]
    # Every second edge, from the first on, is where a mask begins, the others are where it ends.
    changes = [np.where(np.arange(len(at)) % 2, -share, share) for at, share in zip(edges, shares, strict=True)]
    at = np.concatenate(edges)
    if not at.size:  # all masks are empty
        return masks[0]
    order = np.argsort(at, kind='stable')
    at, votes = at[order], np.cumsum(np.concatenate(changes)[order])
    last = np.append(at[1:] != at[:-1], True)  # of the edges at one pixel
    at, inside = at[last], 2 * votes[last] >= shares.sum()
    flips = at[(inside != np.append(False, inside[:-1])) & (at < height * width)]
    runs = np.diff(flips, prepend=0, append=height * width)
    return {'size': [height, width], 'counts': compress_runs(runs).tobytes().decode('ascii')}
