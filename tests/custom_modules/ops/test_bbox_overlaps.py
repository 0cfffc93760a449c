import pytest
import torch
from mmcv.ops import bbox_overlaps
from torch import tensor

FIRST = tensor([[0.0, 0, 2, 2], [0, 0, 1, 1]])
SECOND = tensor([[1.0, 1, 3, 3], [0, 0, 1, 1]])


@pytest.mark.fast
@pytest.mark.parametrize(
    ('options', 'expected'),
    [
        pytest.param({}, [[1 / 7, 1 / 4], [0, 1]], id='iou'),
        pytest.param(dict(mode='iof'), [[1 / 4, 1 / 4], [0, 1]], id='over-the-first'),
        pytest.param(dict(aligned=True), [1 / 7, 1], id='pairs'),
        pytest.param(dict(aligned=True, mode='iof'), [1 / 4, 1], id='pairs-over-the-first'),
        # Sides grow by 1: 4 / 14, 4 / 9; 1 / 12, 1.
        pytest.param(dict(offset=1), [[4 / 14, 4 / 9], [1 / 12, 1]], id='offset'),
    ],
)
@pytest.mark.parametrize('dtype', [torch.float32, torch.float64, torch.bfloat16])
def test_bbox_overlaps(options, expected, dtype, implementation):
    result = bbox_overlaps(FIRST.to(dtype), SECOND.to(dtype), **options)
    torch.testing.assert_close(result, tensor(expected, dtype=dtype))


def test_no_boxes():
    assert bbox_overlaps(FIRST[:0], SECOND).shape == (0, 2)
