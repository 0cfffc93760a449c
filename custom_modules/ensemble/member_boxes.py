"""Fusing the predictions of several members on a whole data set at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from custom_modules.evaluation import Predictions
from custom_modules.evaluation.predictions import round_significant
from custom_modules.utils import UserError

from .boxes import check_weights, has_area, tidy_boxes
from .fusing import CONF_TYPES, METHODS, Rows, fuse_rows, weighted_scores
from .mask_vote import vote_masks


@dataclass(frozen=True, eq=False)
class MemberBoxes:
    """Boxes of several members, sorted by picture once, ready to be fused in many ways.

    Inside a picture boxes stand member after member, in the order of the members' rows.

    Attributes:
        image_ids: (I,) int64, ascending, those without boxes too.
        image_sizes: (I, 2) int64, height and width, pixels.
        category_ids: (K,) int64, ascending; a category's position is its label.
        num_members: M, those without boxes too.
        image_starts: (I + 1,) int64, where the boxes of each picture begin.
        boxes_norm: (N, 4) float64, xyxy as fractions of the picture.
        scores: (N,) float64, as predicted.
        labels: (N,) int64.
        members: (N,) int64, from 0.
        segmentations: N RLE dicts, None unless all members have masks.
    """

    image_ids: np.ndarray
    image_sizes: np.ndarray
    category_ids: np.ndarray
    num_members: int
    image_starts: np.ndarray
    boxes_norm: np.ndarray
    scores: np.ndarray
    labels: np.ndarray
    members: np.ndarray
    segmentations: list[dict] | None

    @classmethod
    def from_predictions(
        cls,
        members: Sequence[Predictions],
        image_sizes: Mapping[int, tuple[int, int]],
        *,
        category_ids: Sequence[int] | None = None,
    ) -> 'MemberBoxes':
        """Sort the predictions of all members by picture.

        Args:
            members: Predictions of each member on the same pictures.
            image_sizes: Height and width of each picture by id, pixels.
            category_ids: All categories; those that occur by default.

        Returns:
            The boxes; masks only if every member with boxes has them.

        Raises:
            UserError: A prediction is about a picture without a size, or about another category.
        """
        image_ids = np.array(sorted(image_sizes), dtype=np.int64)
        sizes = np.array([image_sizes[image_id] for image_id in image_ids.tolist()], dtype=np.int64).reshape(-1, 2)
        number = np.repeat(np.arange(len(members)), [len(part) for part in members])
        of_image = np.concatenate([np.empty(0, np.int64), *(part.image_ids for part in members)])
        categories = np.concatenate([np.empty(0, np.int64), *(part.category_ids for part in members)])
        known = _distinct(categories) if category_ids is None else np.unique(np.asarray(category_ids, np.int64))
        place = _places(of_image, image_ids, 'image_id')
        labels = _places(categories, known, 'category_id')
        order = np.argsort(place, kind='stable')
        boxes_xywh = np.concatenate([np.empty((0, 4)), *(part.boxes_xywh for part in members)])[order]
        corners = np.hstack([boxes_xywh[:, :2], boxes_xywh[:, :2] + boxes_xywh[:, 2:]])
        return cls(
            image_ids=image_ids,
            image_sizes=sizes,
            category_ids=known,
            num_members=len(members),
            image_starts=np.searchsorted(place[order], np.arange(len(image_ids) + 1)),
            boxes_norm=tidy_boxes(corners / np.tile(sizes[:, ::-1], 2)[place[order]]),
            scores=np.concatenate([np.empty(0), *(part.scores for part in members)])[order],
            labels=labels[order],
            members=number[order],
            segmentations=_masks(members, order),
        )

    def fuse(
        self,
        *,
        method: str = 'wbf',
        weights: Sequence[float] | None = None,
        iou_thr: float = 0.55,
        skip_box_thr: float = 0.0,
        conf_type: str = 'avg',
        allows_overflow: bool = False,
        sigma: float = 0.5,
        thresh: float = 0.001,
        score_scale: np.ndarray | Sequence[Sequence[float]] | None = None,
        max_per_image: int | None = None,
    ) -> 'FusedBoxes':
        """Fuse the boxes of every picture.

        Args:
            method: ``'wbf'`` (weighted boxes fusion), ``'nmw'`` (non-maximum weighting), ``'nms'`` or ``'soft_nms'``
                (Gaussian; scores are returned lowered); see :mod:`~custom_modules.ensemble.boxes`.
            weights: One per member; 0 leaves it out; all alike by default.
            iou_thr: Boxes above this IoU are one.
            skip_box_thr: Boxes with a score below this (scaled, not yet weighted) are left out.
            conf_type: Score of a box fused by ``wbf``.
            allows_overflow: Whether ``avg`` may count more boxes than there are members.
            sigma: Width of soft-NMS's Gaussian.
            thresh: Scores that soft-NMS lowers to this or below go.
            score_scale: (M, K) factors for the scores of each member and category, from 0 on.
            max_per_image: Keep the best boxes of each picture only; all by default.

        Returns:
            The fused boxes, best first in each picture.

        Raises:
            ValueError: An option is unknown or has no meaning.
        """
        _check_name('method', method, METHODS)
        _check_name('conf_type', conf_type, CONF_TYPES)
        numbers = None if weights is None else check_weights(weights, self.num_members)
        scores = self.scores
        if score_scale is not None:
            scale = np.asarray(score_scale, np.float64).reshape(self.num_members, len(self.category_ids))
            scores = scores * scale[self.members, self.labels]
        used = has_area(self.boxes_norm) & (scores >= skip_box_thr)
        rows = Rows(self.image_starts, self.boxes_norm, scores, self.labels, self.members, self.num_members, used)
        fused = fuse_rows(
            rows,
            method=method,
            weights=numbers,
            iou_thr=iou_thr,
            conf_type=conf_type,
            allows_overflow=allows_overflow,
            sigma=sigma,
            thresh=thresh,
        )
        weighted = weighted_scores(rows, method, numbers)
        result = FusedBoxes(
            self, method, weighted, fused.starts, fused.boxes, fused.scores, fused.labels, fused.clusters
        )
        return result if method in ('wbf', 'nmw') and max_per_image is None else result.best(max_per_image)


@dataclass(frozen=True, eq=False)
class FusedBoxes:
    """Fused boxes of a data set, picture after picture.

    Attributes:
        source: What was fused.
        method: How.
        source_scores: (N,) float64, scores of the source's rows as they went in, scaled and weighted.
        image_starts: (I + 1,) int64, where the boxes of each picture of ``source.image_ids`` begin.
        boxes_norm: (n, 4) float64, xyxy as fractions of the picture.
        scores: (n,) float64.
        labels: (n,) int64.
        clusters: (N,) int64, the fused box that each row of the source went into, -1 for none.
    """

    source: MemberBoxes
    method: str
    source_scores: np.ndarray
    image_starts: np.ndarray
    boxes_norm: np.ndarray
    scores: np.ndarray
    labels: np.ndarray
    clusters: np.ndarray

    def __len__(self) -> int:
        return len(self.scores)

    def best(self, max_per_image: int | None = None) -> 'FusedBoxes':
        """Sort the boxes of each picture by score, and keep the best.

        Args:
            max_per_image: How many to keep; all by default.
        """
        counts = np.diff(self.image_starts)
        picture = np.repeat(np.arange(len(counts)), counts)
        order = np.lexsort((-self.scores, picture))
        if max_per_image is not None:
            order = order[np.arange(len(order)) - self.image_starts[picture] < max_per_image]
        place = np.full(len(self), -1)
        place[order] = np.arange(len(order))
        return replace(
            self,
            image_starts=np.searchsorted(picture[order], np.arange(len(counts) + 1)),
            boxes_norm=self.boxes_norm[order],
            scores=self.scores[order],
            labels=self.labels[order],
            clusters=np.where(self.clusters >= 0, place[self.clusters], -1) if len(self) else self.clusters,
        )

    def boxes_xywh(self) -> np.ndarray:
        """Return (n, 4) float64, pixels, 8 significant digits."""
        sizes = np.tile(self.source.image_sizes[:, ::-1], 2)
        corners = self.boxes_norm * np.repeat(sizes, np.diff(self.image_starts), axis=0)
        return round_significant(np.hstack([corners[:, :2], corners[:, 2:] - corners[:, :2]]))

    def to_predictions(self) -> Predictions:
        """Return the boxes as predictions, pictures in ascending order, best first, numbers of 8 significant digits.

        Where all members have masks, so has the result: ``nms`` and ``soft_nms`` keep those of the boxes they keep,
        ``wbf`` and ``nmw`` let the masks of the boxes that became one vote, weighted by score.
        """
        source = self.source
        return Predictions(
            image_ids=np.repeat(source.image_ids, np.diff(self.image_starts)),
            category_ids=source.category_ids[self.labels],
            boxes_xywh=self.boxes_xywh(),
            scores=round_significant(self.scores),
            segmentations=None if source.segmentations is None else self._fused_masks(source.segmentations),
        )

    def _fused_masks(self, masks: list[dict]) -> list[dict]:
        rows = np.flatnonzero(self.clusters >= 0)
        if self.method in ('wbf', 'nmw'):
            return vote_masks([masks[row] for row in rows], self.clusters[rows], self.source_scores[rows], len(self))
        # The kept box is the best of its cluster, the first of them where scores are equal.
        order = rows[np.lexsort((-self.source_scores[rows], self.clusters[rows]))]
        _, first = np.unique(self.clusters[order], return_index=True)
        return [masks[row] for row in order[first]]


def fuse_predictions(
    members: Sequence[Predictions], image_sizes: Mapping[int, tuple[int, int]], **options: object
) -> Predictions:
    """Fuse the predictions of several members on the same pictures.

    Args:
        members: Predictions of each member.
        image_sizes: Height and width of each picture by id, pixels.
        options: As for :meth:`MemberBoxes.fuse`.

    Returns:
        The fused predictions (see :meth:`FusedBoxes.to_predictions`).

    Raises:
        UserError: A prediction is about a picture without a size.
        ValueError: An option is unknown or has no meaning.
    """
    return MemberBoxes.from_predictions(members, image_sizes).fuse(**options).to_predictions()


def _distinct(values: np.ndarray) -> np.ndarray:
    """Return the numbers that occur, ascending; counted, which is far faster than sorted, where they lie close."""
    first, last = (int(values.min()), int(values.max())) if values.size else (0, 0)
    if last - first > len(values):
        return np.unique(values)
    return np.flatnonzero(np.bincount(values - first)) + first


def _places(values: np.ndarray, known: np.ndarray, field: str) -> np.ndarray:
    """Return where each value is in the sorted list of known ones."""
    place = np.searchsorted(known, values)
    wrong = np.flatnonzero(known[np.minimum(place, len(known) - 1)] != values) if len(known) else np.arange(len(values))
    if wrong.size:
        raise UserError(f'{field} {values[wrong[0]]} is not in the data set: are all predictions about the same file?')
    return place


def _masks(members: Sequence[Predictions], order: np.ndarray) -> list[dict] | None:
    if any(part.segmentations is None for part in members if len(part)) or not len(order):
        return None
    masks = [mask for part in members for mask in part.segmentations or ()]
    return [masks[row] for row in order]


def _check_name(option: str, value: str, valid: Sequence[str]) -> None:
    if value not in valid:
        raise ValueError(f'unknown {option} {value!r}; choose one of {", ".join(valid)}')
