"""The detectors' metric: COCO mAP and mAP50 per class at full precision."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmdet.registry import METRICS
from mmengine.dist import all_gather_object, broadcast_object_list, is_main_process
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from custom_modules.datasets import load_coco, resolve_ann
from custom_modules.utils import UserError

from .coco_map import DetectionResult, evaluate_boxes
from .ground_truth import coco_parts, is_ignored
from .predictions import Predictions


@METRICS.register_module()
class TrashCocoMetric(BaseMetric):
    """Score detections with :func:`evaluate_boxes`; keys ``mAP50 mAP mAP75`` and ``segm_mAP50 segm_mAP``.

    Against upstream's ``CocoMetric`` it does not round, keeps the curves and the table per class, gathers the ranks'
    results through the process group (no shared folder between machines is needed), scores an image that two ranks
    were given once, and ends all ranks when scoring fails on the first one.

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
    default_prefix = ''  # mmengine warns about a missing prefix otherwise

    def __init__(
        self,
        *,
        ann_file: str | None = None,
        data_root: str | None = None,
        segm: bool | str = 'auto',
        prefix: str | None = None,
    ) -> None:
        super().__init__(prefix=prefix)
        if segm not in (True, False, 'auto'):
            raise UserError(f"TrashCocoMetric: segm must be True, False or 'auto', not {segm!r}")
        self.ann_path = _find_ann(ann_file, data_root) if ann_file else None
        self.segm = segm
        self.last_result: DetectionResult | None = None
        self.last_segm_result: DetectionResult | None = None
        self._coco: Any = None

    @property
    def coco(self) -> Any:
        if self._coco is None:
            if self.ann_path is None:
                raise UserError('TrashCocoMetric has nothing to score against: give it ann_file')
            self._coco = load_coco(self.ann_path, check_images=False)
        return self._coco

    @coco.setter
    def coco(self, coco: Any) -> None:
        self._coco = coco

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

    def evaluate(self, size: int) -> dict[str, float]:
        """Gather the ranks' results, score them on the first and hand the figures to all.

        Args:
            size: Not used: what a sampler gave twice to fill the last batch is known by its image id.

        Returns:
            Figures by name, the same on every rank.

        Raises:
            UserError: Scoring was refused; raised on every rank.
        """
        gathered = all_gather_object(list(self.results))
        self.results.clear()
        outcome: list = [self._guarded_metrics(gathered) if is_main_process() else None]
        broadcast_object_list(outcome)
        metrics, error = outcome[0]
        if error is not None:
            raise error
        return {f'{self.prefix}/{name}' if self.prefix else name: value for name, value in metrics.items()}

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

    def _guarded_metrics(self, gathered: list[list]) -> tuple[dict | None, Exception | None]:
        """Score; an error is returned so that the other ranks, which wait, hear of it."""
        first_of_image: dict[int, Predictions] = {}
        for image_id, rows in (result for results in gathered for result in results):
            first_of_image.setdefault(image_id, rows)
        try:
            return self.compute_metrics(list(first_of_image.items())), None
        except Exception as error:
            return None, error

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

    def _report_coverage(self, num_delivered: int) -> None:
        num_images = len(coco_parts(self.coco)[0])
        if num_delivered < num_images:
            print_log(f'Scoring {num_delivered} of the {num_images} images of the data set', logger='current')


def _find_ann(ann_file: str, data_root: str | None) -> Path:
    if data_root:
        return resolve_ann(data_root, ann_file)
    if not Path(ann_file).is_file():
        raise UserError(f'{ann_file}: no such file; TrashCocoMetric needs it to score (ann_file, data_root)')
    return Path(ann_file)
