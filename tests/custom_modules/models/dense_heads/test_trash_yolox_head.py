"""YOLOX's losses do not depend on whether mixed precision is on."""

import pytest
import torch
from mmdet.registry import MODELS
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData

SIDE = 1024  # px: three digits beyond what bfloat16 can tell apart
ASSIGNER = ConfigDict(assigner={'type': 'SimOTAAssigner', 'center_radius': 2.5})


def losses(kind: str, dtype: torch.dtype) -> dict:
    """Give the losses of a head for predictions of the type, the same numbers for all types."""
    head = MODELS.build({'type': kind, 'num_classes': 2, 'in_channels': 8, 'train_cfg': ASSIGNER})
    draw = torch.Generator().manual_seed(0)
    shapes = [(SIDE // stride, SIDE // stride) for stride in (8, 16, 32)]
    levels = [
        [torch.randn(1, channels, *shape, generator=draw).bfloat16().to(dtype) for shape in shapes]
        for channels in (2, 4, 1)
    ]
    boxes = torch.tensor([[700.0, 800, 733, 841], [950, 900, 1010, 1000]])
    truth = [InstanceData(bboxes=boxes, labels=torch.tensor([0, 1]))]
    with torch.autocast('cpu', dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
        found = head.loss_by_feat(*levels, truth, [{'img_shape': (SIDE, SIDE)}])
    return {name: float(value) for name, value in found.items()}


def test_bfloat16_predictions_are_matched_where_they_are():
    exact = losses('TrashYOLOXHead', torch.float32)
    assert losses('TrashYOLOXHead', torch.bfloat16) == exact
    assert losses('YOLOXHead', torch.float32) == exact  # in single precision it is upstream's head
    assert losses('YOLOXHead', torch.bfloat16)['loss_bbox'] != pytest.approx(exact['loss_bbox'], rel=1e-3)
