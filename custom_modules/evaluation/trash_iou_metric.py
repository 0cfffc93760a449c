"""The segmenters' metric: mIoU at full precision, over the data set, per picture and along outlines."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmseg.registry import METRICS

from custom_modules.datasets.label_maps import IGNORED
from custom_modules.utils import UserError

from .gathered_metric import GatheredMetric
from .segmentation_result import SegmentationResult
from .segmentation_scorer import PictureCounts, SegmentationScorer, count_picture


@METRICS.register_module()
class TrashIoUMetric(GatheredMetric):
    """Score label maps; keys ``mIoU mIoU_per_image mAcc aAcc boundary_IoU``, from 0 to 1 (see ``SegmentationResult``).

    Against upstream's ``IoUMetric`` it does not round, counts many times faster, scores outlines and single pictures,
    too, keeps the confusion, and has the virtues of :class:`GatheredMetric`.  Of a picture it keeps counts only.

    The truth is what the data loader delivers; the file is only asked how many pictures there are, and a line says so
    when fewer were scored.

    Args:
        ann_file: COCO json of the pictures, looked up in ``data_root``, then in the working folder.
        data_root: Folder of the data set.
        prefix: Put before the keys, with a slash; none by default.

    Attributes:
        last_result: A :class:`SegmentationResult` of the last evaluation (first rank only, None elsewhere).

    Raises:
        UserError: ``ann_file`` does not exist.
    """

    SCORES = ('mIoU', 'mIoU_per_image', 'mAcc', 'aAcc', 'boundary_IoU')
    last_result: SegmentationResult | None

    @property
    def classes(self) -> tuple[str, ...]:
        """Names by label, from the data loader's data set."""
        classes = tuple((self.dataset_meta or {}).get('classes') or ())
        if not classes:
            raise UserError('TrashIoUMetric: the data set names no classes (metainfo), score a TrashSegDataset')
        return classes

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Count the pixels of one batch.

        Args:
            data_batch: Not used.
            data_samples: Dicts of ``SegDataSample`` with ``img_id``, and ``pred_sem_seg`` and ``gt_sem_seg``, whose
                ``data`` are (1, H, W) labels.

        Raises:
            UserError: There is no truth to score against.
            ValueError: A prediction does not fit its truth, or holds a label that is no class.
        """
        num_classes = len(self.classes)
        for sample in data_samples:
            if 'gt_sem_seg' not in sample:
                raise UserError(
                    'nothing to score against: the pictures have no label maps; add LoadTrashSegmentation to the '
                    "validation's pipeline"
                )
            number = int(sample['img_id'])
            try:
                labels, truth = (label_map(sample[key]['data']) for key in ('pred_sem_seg', 'gt_sem_seg'))
                self.results.append((number, count_picture(labels, truth, num_classes)))
            except ValueError as error:
                raise ValueError(f'picture {number}: {error}') from None

    def compute_metrics(self, results: list[tuple[int, PictureCounts]]) -> dict[str, float]:
        """Score counted pictures.

        Args:
            results: One entry per picture: its id and its counts.

        Returns:
            Figures by name.

        Raises:
            UserError: There is nothing to score.
        """
        self.last_result = None
        if self.ann_path is not None:
            self._report_coverage(len(results))
        scorer = SegmentationScorer(self.classes)
        scorer.pictures.update(results)
        self.last_result = scorer.result()
        return {name: getattr(self.last_result, name) for name in self.SCORES}


def label_map(data: torch.Tensor) -> np.ndarray:
    """Bring labels to the CPU as bytes; they are narrowed where they are, so that an eighth of them leaves a card.

    Args:
        data: (1, H, W) or (H, W) labels of any type.

    Returns:
        (H, W) uint8.

    Raises:
        ValueError: One is no whole number from 0 to 255; the message names it.
    """
    data = data.reshape(data.shape[-2:])
    narrow = data.to(torch.uint8)
    # Of integers the range tells enough, in a quarter of the time.
    fits = data.dtype == torch.uint8 or not data.numel() or _in_range(data)
    if not fits or (data.is_floating_point() and bool((narrow != data).any())):
        raise ValueError(f'labels must be whole numbers from 0 to 255, not {data[narrow != data][0].item():g}')
    return narrow.cpu().numpy()


def _in_range(data: torch.Tensor) -> bool:
    lowest, highest = torch.aminmax(data)
    return bool(lowest >= 0) and bool(highest <= IGNORED)
