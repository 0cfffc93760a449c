"""What a fusion is made with, as a file: found once on predictions with answers, used on any others."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from custom_modules.ensemble.fusing import CONF_TYPES, METHODS
from custom_modules.evaluation.predictions import Predictions
from custom_modules.utils import UserError, atomic_write

from .member_params import MemberParams, row_text

VERSION = 1


@dataclass(frozen=True)
class FusionParams(MemberParams):
    """All settings of a fusion.

    Attributes:
        members: M names, usually files.
        category_ids: K category ids, ascending.
        weights: M relative weights, the largest 1; 0 leaves a member out.  A single member with a weight is not fused:
            its boxes are passed on as they are.
        method: One of ``METHODS``.
        iou_thr: Boxes of one class above this IoU are one.
        skip_box_thr: Boxes with lower scores are left out first.
        conf_type: One of ``CONF_TYPES``; matters to ``wbf`` alone.
        score_scale: M x K factors of the scores, at most 1 in each class; None for 1 everywhere.
    """

    PER_MEMBER: ClassVar = ('weights', 'score_scale')
    METRIC: ClassVar = 'mAP50'
    VERB: ClassVar = 'fusing'
    NOUN: ClassVar = 'fusion'
    TRIAL_COLUMNS: ClassVar = ('weights', 'method', 'conf_type', 'iou_thr', 'skip_box_thr', 'score_scale')

    members: tuple[str, ...]
    category_ids: tuple[int, ...]
    weights: tuple[float, ...]
    method: str = 'wbf'
    iou_thr: float = 0.55
    skip_box_thr: float = 0.0
    conf_type: str = 'avg'
    score_scale: tuple[tuple[float, ...], ...] | None = None

    def canonical(self) -> 'FusionParams':
        """Return the one form of all settings that rank the boxes of a class alike, so that none is tried twice."""
        if self.is_single:
            only = tuple(float(weight > 0) for weight in self.weights)
            return FusionParams(self.members, self.category_ids, only)
        largest = max(self.weights)
        weights = tuple(round(weight / largest, 6) for weight in self.weights)
        conf_type = self.conf_type if self.method == 'wbf' else 'avg'
        return replace(self, weights=weights, conf_type=conf_type, score_scale=self._canonical_scale())

    def _canonical_scale(self) -> tuple[tuple[float, ...], ...] | None:
        if self.score_scale is None:
            return None
        scale = np.array(self.score_scale)
        used = np.array(self.weights) > 0
        scale = np.where(used[:, None], scale / scale[used].max(axis=0), 1.0).round(6)
        return None if (scale == 1).all() else tuple(map(tuple, scale.tolist()))

    def options(self, category_ids: Sequence[int] | None = None) -> dict[str, Any]:
        """Return the keyword arguments of ``MemberBoxes.fuse``.

        Args:
            category_ids: The classes of those boxes; those of the params by default.
        """
        options = {name: getattr(self, name) for name in ('method', 'iou_thr', 'skip_box_thr', 'conf_type')}
        # NMS and soft-NMS divide scores by the sum of the weights, where there are any.
        options['weights'] = None if set(self.weights) == {1.0} else list(self.weights)
        if self.score_scale is not None:
            wanted = self.category_ids if category_ids is None else np.asarray(category_ids).tolist()
            known = {cat_id: column for column, cat_id in enumerate(self.category_ids)}
            columns = [known.get(cat_id) for cat_id in wanted]
            scale = np.array(self.score_scale)
            ones = np.ones(len(scale))
            options['score_scale'] = np.stack([ones if at is None else scale[:, at] for at in columns], axis=1)
        return options

    def fuse(
        self,
        members: Mapping[str, Predictions],
        image_sizes: Mapping[int, tuple[int, int]],
        *,
        max_per_image: int | None = None,
    ) -> Predictions:
        """Fuse predictions of the same members, of this or another set of pictures.

        Args:
            members: Predictions by name; see :func:`match_files` for which name is which member.
            image_sizes: Height and width of each picture by id, pixels.
            max_per_image: Keep the best boxes only; all by default.

        Returns:
            The fused rows.

        Raises:
            UserError: A member is missing.
        """
        from custom_modules.ensemble import MemberBoxes

        part = self.for_files(list(members))
        rows = [members[name] for name in part.members]
        if part.is_single and max_per_image is None:
            return rows[0]
        if part.is_single:  # nothing lies above an IoU of 1: only the limit takes effect
            part = replace(part, method='nms', iou_thr=1.0)
        boxes = MemberBoxes.from_predictions(rows, image_sizes)
        return boxes.fuse(**part.options(boxes.category_ids), max_per_image=max_per_image).to_predictions()

    def describe(self) -> str:
        """Name the settings, but for the weights of the members, in a line."""
        conf_type = f', {self.conf_type}' if self.method == 'wbf' else ''
        scale = ', score scales by class' if self.score_scale is not None else ''
        return f'{self.method}{conf_type}, IoU above {self.iou_thr:g}, scores from {self.skip_box_thr:g}{scale}'

    def trial_cells(self) -> list[Any]:
        """Return the settings for a table."""
        weights = ' '.join(f'{weight:g}' for weight in self.weights)
        settings = [self.method, self.conf_type, self.iou_thr, self.skip_box_thr]
        return [weights, *settings, row_text(self.score_scale)]

    def save(self, path: str | Path, **extra: Any) -> None:
        """Write the params as json.

        Args:
            path: The file.
            extra: More to keep in the file, json values by name.
        """
        scales = [None] * len(self.members) if self.score_scale is None else self.score_scale
        members = [
            {'file': name, 'weight': weight} | ({} if scale is None else {'score_scale': list(scale)})
            for name, weight, scale in zip(self.members, self.weights, scales, strict=True)
        ]
        rest = {key: value for key, value in asdict(self).items() if key not in ('members', 'weights', 'score_scale')}
        content = {'version': VERSION, **rest, 'category_ids': list(self.category_ids), 'members': members, **extra}
        with atomic_write(path) as file:
            json.dump(content, file, indent=2)
            file.write('\n')

    @classmethod
    def load(cls, path: str | Path) -> 'FusionParams':
        """Read what `save` wrote.

        Raises:
            UserError: The file is missing or damaged, or has values that cannot be meant.
        """
        try:
            content = json.loads(Path(path).read_text(encoding='utf-8'))
            if not isinstance(content, dict) or 'members' not in content:
                raise ValueError('it names no members')
            if content['version'] != VERSION:
                raise ValueError(f'version {content["version"]}, not {VERSION}')
            scales = [member.get('score_scale') for member in content['members']]
            params = cls(
                members=tuple(str(member['file']) for member in content['members']),
                category_ids=tuple(int(cat_id) for cat_id in content['category_ids']),
                weights=tuple(float(member['weight']) for member in content['members']),
                method=content['method'],
                iou_thr=float(content['iou_thr']),
                skip_box_thr=float(content['skip_box_thr']),
                conf_type=content['conf_type'],
                score_scale=None if None in scales else tuple(tuple(map(float, scale)) for scale in scales),
            )
            params._check()
        except OSError as error:
            raise UserError(f'{path}: {error.strerror}; tools/wbf_ensemble.py --search writes such a file') from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            reason = f'"{error.args[0]}" is missing' if isinstance(error, KeyError) else str(error)
            raise UserError(f'{path}: not a file of fusion params ({reason}); --search writes one') from None
        return params

    def _check(self) -> None:
        for name, valid in (('method', METHODS), ('conf_type', CONF_TYPES)):
            value = getattr(self, name)
            if value not in valid:
                raise ValueError(f'{name} {value!r} is none of {", ".join(valid)}')
        numbers = [*self.weights, self.iou_thr, self.skip_box_thr, *(x for row in self.score_scale or () for x in row)]
        if not np.isfinite(numbers).all() or min(numbers) < 0 or not self.used:
            raise ValueError('weights, thresholds and scales must be finite, not negative, and one weight above 0')
        if any(len(row) != len(self.category_ids) for row in self.score_scale or ()):
            raise ValueError(f'score_scale must have {len(self.category_ids)} values a member, one a category')
