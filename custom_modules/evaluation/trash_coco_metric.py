"""The detectors' metric: COCO mAP and mAP50 per class at full precision."""

from collections.abc import Sequence
from typing import Any

from mmdet.registry import METRICS

from custom_modules.utils import UserError

from .coco_map import DetectionResult, evaluate_boxes
from .gathered_metric import GatheredMetric
from .ground_truth import coco_parts, is_ignored
from .predictions import Predictions
from .result import Result


@METRICS.register_module()
class TrashCocoMetric(GatheredMetric):
    """Score detections with :func:`evaluate_boxes`; keys ``mAP50 mAP mAP75`` and ``segm_mAP50 segm_mAP``.

    Against upstream's ``CocoMetric`` it does not round, keeps the curves and the table per class, and has the virtues
    of :class:`GatheredMetric`.

    The images scored are those the data loader delivered; when they are fewer than the file's, a line says so.

    Args:
        ann_file: COCO json with the answers, looked up in ``data_root``, then in the working folder.  Without it
            :attr:`coco` must be set.
        data_root: Folder of the data set.
        segm: Score masks as well: ``True``, ``False`` or ``'auto'`` (when model and data set have masks).
        prefix: Put before the keys, with a slash; none by default.

    Attributes:
        SCORES: Names of all figures it may give, without the prefix.
        coco: The ground truth (``CocoData`` or a COCO dict), read from ``ann_file`` when first needed.
        last_result: Detailed box scores of the last evaluation (first rank only, None elsewhere).
        last_segm_result: The same for masks, None when they were not scored.

    Raises:
        UserError: ``ann_file`` does not exist.
    """

    SCORES = ('mAP50', 'mAP', 'mAP75', 'segm_mAP50', 'segm_mAP')

    def __init__(
        self,
        *,
        ann_file: str | None = None,
        data_root: str | None = None,
        segm: bool | str = 'auto',
        prefix: str | None = None,
    ) -> None:
        super().__init__(ann_file=ann_file, data_root=data_root, prefix=prefix)
        if segm not in (True, False, 'auto'):
            raise UserError(f"TrashCocoMetric: segm must be True, False or 'auto', not {segm!r}")
        self.segm = segm
        self.last_segm_result: DetectionResult | None = None

    @property
    def last_results(self) -> list[Result]:
        """Scores of boxes, and of masks where they were scored."""
        return [result for result in (self.last_result, self.last_segm_result) if result is not None]

    @property
    def cat_ids(self) -> tuple[int, ...]:
        """Category id of each label: from the data loader's data set, else from the ground truth."""
        meta = self.dataset_meta or {}
        return tuple(meta.get('cat_ids') or (category['id'] for category in coco_parts(self.coco)[2]))

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep the predictions of one batch as compact arrays and RLEs on the CPU.

        Args:
            data_batch: Not used.
            data_samples: Dicts of ``DetDataSample`` with ``img_id`` and ``pred_instances``.
        """
        for sample in data_samples:
            rows = Predictions.from_instances(sample['img_id'], sample['pred_instances'], self.cat_ids)
            self.results.append((int(sample['img_id']), rows))

    def compute_metrics(self, results: list[tuple[int, Predictions]]) -> dict[str, float]:
        """Score predictions.

        Args:
            results: One entry per image: its id and its rows.

        Returns:
            Figures by name.

        Raises:
            UserError: There is nothing to score, or the predictions belong to another data set.
        """
        by_image = dict(sorted(results, key=lambda result: result[0]))
        predictions = Predictions.concatenate(by_image.values())
        self.last_result = self.last_segm_result = None
        self._check_classes()
        self._report_coverage(len(by_image))
        self.last_result = evaluate_boxes(self.coco, predictions, 'bbox', list(by_image))
        metrics = {name: getattr(self.last_result, name) for name in ('mAP50', 'mAP', 'mAP75')}
        if self._wants_masks(predictions):
            self.last_segm_result = evaluate_boxes(self.coco, predictions, 'segm', list(by_image))
            metrics |= {f'segm_{name}': getattr(self.last_segm_result, name) for name in ('mAP50', 'mAP')}
        return metrics

    def _wants_masks(self, predictions: Predictions) -> bool:
        if self.segm != 'auto':
            return bool(self.segm)
        annotations = coco_parts(self.coco)[1]
        has_masks = any(annotation.get('segmentation') and not is_ignored(annotation) for annotation in annotations)
        return predictions.segmentations is not None and has_masks

    def _check_classes(self) -> None:
        categories = coco_parts(self.coco)[2]
        trained = tuple((self.dataset_meta or {}).get('cat_ids') or ())
        scored = tuple(category['id'] for category in categories)
        if trained and trained != scored:
            raise UserError(
                f'{self.ann_path}: its category ids {scored} are not those of the data loader, {trained}: '
                'give both the same file'
            )
