"""Test-time augmentation: a pipeline per view, and for a detector one list of detections from all."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from mmengine.config import Config
from mmengine.structures import InstanceData

from custom_modules.ensemble import fuse_predictions
from custom_modules.evaluation import Predictions

from .settings import tta_settings
from .views import View, make_views


class Augmentation:
    """The views of a config's test pipeline.

    Args:
        cfg: A config; its optional ``tta`` holds the settings of its task.

    Attributes:
        settings: What the config asks for.
        views: The views; the picture as it is comes first, if it is among them.
        pipelines: One test pipeline per view, in the same order.

    Raises:
        UserError: A setting is wrong or does not fit the test pipeline.
    """

    def __init__(self, cfg: Config) -> None:
        source = str(cfg.filename)
        self.settings = tta_settings(cfg, source)
        self.views = make_views(self.settings)
        steps = cfg.test_dataloader.dataset.pipeline
        self.pipelines = [view.pipeline(steps, source) for view in self.views]


class TestTimeAugmentation(Augmentation):
    """The views of a detector's test pipeline, and the way back.

    Works with any detector: it changes what the model sees and reads what it predicts, nothing in between.  (Upstream's
    ``DetTTAModel`` stands between and knows no masks.)
    """

    __test__ = False  # pytest takes it for a test otherwise

    def merge(self, instances: Sequence[InstanceData], size: tuple[int, int]) -> InstanceData:
        """Bring the detections of all views of one picture back to it, and make one list of them.

        Args:
            instances: The model's ``pred_instances`` of each view, in the order of :attr:`views`: ``bboxes`` (N, 4)
                xyxy in pixels of the original size, ``scores`` (N,), ``labels`` (N,) and optionally ``masks``,
                (N, H, W) bool or N RLE dicts.  Tensors on any device.
            size: Height and width of the picture.

        Returns:
            ``bboxes``, ``scores`` and ``labels`` on the CPU, best first, and ``masks``, RLE dicts, if there were some.
            With ``wbf`` a mask is the score-weighted vote of the masks of the boxes that were fused, with ``nms`` that
            of the box that was kept.  A single view is only brought back, not merged with itself.

        Raises:
            ValueError: There are not as many instances as views.
            UserError: The model predicts NaN.
        """
        members = [_undo(view, one, size) for view, one in zip(self.views, instances, strict=True)]
        if len(members) == 1:
            return _to_instances(_best(members[0], self.settings.max_per_img))
        settings = self.settings
        merged = fuse_predictions(
            members,
            {0: size},
            method=settings.method,
            iou_thr=settings.iou_thr,
            skip_box_thr=settings.skip_box_thr,
            conf_type=settings.conf_type,
            max_per_image=settings.max_per_img,
        )
        return _to_instances(merged)


def _undo(view: View, instances: InstanceData, size: tuple[int, int]) -> Predictions:
    """Take the detections of a view over as those of picture 0; categories are labels."""
    height, width = size
    num_labels = int(instances.labels.max()) + 1 if len(instances.labels) else 1
    seen = Predictions.from_instances(0, instances, range(num_labels))
    corners = np.hstack([seen.boxes_xywh[:, :2], seen.boxes_xywh[:, :2] + seen.boxes_xywh[:, 2:]])
    boxes_xyxy = view.undo_boxes(corners, height, width).clip(0, [width, height, width, height])
    masks = seen.segmentations
    return replace(
        seen,
        boxes_xywh=np.hstack([boxes_xyxy[:, :2], boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]]),
        segmentations=None if masks is None else view.undo_masks(masks),
    )


def _best(predictions: Predictions, most: int | None) -> Predictions:
    return predictions.select(np.argsort(-predictions.scores, kind='stable')[:most])


def _to_instances(predictions: Predictions) -> InstanceData:
    boxes_xywh = predictions.boxes_xywh
    boxes_xyxy = np.hstack([boxes_xywh[:, :2], boxes_xywh[:, :2] + boxes_xywh[:, 2:]])
    instances = InstanceData(
        bboxes=torch.from_numpy(boxes_xyxy.astype(np.float32)),
        scores=torch.from_numpy(predictions.scores.astype(np.float32)),
        labels=torch.from_numpy(predictions.category_ids),
    )
    if predictions.segmentations is not None:
        instances.masks = predictions.segmentations
    return instances
