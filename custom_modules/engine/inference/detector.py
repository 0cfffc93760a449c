"""A trained detector, ready to predict on pictures."""

from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.dataset import pseudo_collate

from ..amp import keep_boxes_exact
from ..tta import TestTimeAugmentation
from .predictor import Predictor


class Detector(Predictor):
    """A trained detector with its test pipeline; finds ``pred_instances``, boxes xyxy in pixels of the file.

    See :class:`Predictor` for arguments and attributes.
    """

    augmentation_type = TestTimeAugmentation

    def __init__(self, cfg: Config, checkpoint: str | Path, **options: Any) -> None:
        super().__init__(cfg, checkpoint, **options)
        if self.amp:
            keep_boxes_exact(self.model)

    def _predict_samples(self, samples: list[list[dict]]) -> list[Any]:
        views = [self.model.test_step(pseudo_collate(list(view))) for view in zip(*samples, strict=True)]
        if self._augmentation is None:
            return [result.pred_instances for result in views[0]]
        return [
            self._augmentation.merge(
                [result.pred_instances for result in picture], _size(picture[0], self._augmentation)
            )
            for picture in zip(*views, strict=True)
        ]


def _size(result: Any, augmentation: TestTimeAugmentation) -> tuple[int, int]:
    """Return height and width of a picture from the result of its first view, which may be turned."""
    height, width = result.ori_shape[:2]
    return (width, height) if augmentation.views[0].quarters % 2 else (height, width)
