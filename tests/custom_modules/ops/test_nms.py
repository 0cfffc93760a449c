import pytest
import torch
from mmcv.ops import batched_nms, nms, nms_match, soft_nms
from torch import tensor

SQUARES = tensor([[0.0, 0, 2, 1], [0, 0, 1, 1], [10, 10, 12, 12]])  # the first two: 1 / 2
CHAIN = tensor([[0.0, 0, 10, 10], [0, 4, 10, 14], [0, 8, 10, 18]])  # neighbours 60 / 140, ends 20 / 180


@pytest.mark.fast
@pytest.mark.parametrize(
    ('boxes', 'scores', 'options', 'kept'),
    [
        pytest.param(torch.zeros(0, 4), torch.zeros(0), dict(iou_threshold=0.5), [], id='empty'),
        pytest.param(SQUARES[:1], tensor([0.3]), dict(iou_threshold=0.0), [0], id='single'),
        pytest.param(SQUARES, tensor([0.9, 0.8, 0.7]), dict(iou_threshold=0.5), [0, 1, 2], id='at-the-threshold'),
        pytest.param(SQUARES, tensor([0.9, 0.8, 0.7]), dict(iou_threshold=0.49), [0, 2], id='above-the-threshold'),
        pytest.param(SQUARES, tensor([0.7, 0.8, 0.9]), dict(iou_threshold=0.49), [2, 1], id='best-score-first'),
        # With an offset of 1: 4 / (6 + 4 - 4) = 2 / 3.
        pytest.param(SQUARES, tensor([0.9, 0.8, 0.7]), dict(iou_threshold=0.6, offset=1), [0, 2], id='offset'),
        pytest.param(CHAIN, tensor([0.9, 0.8, 0.7]), dict(iou_threshold=0.4), [0, 2], id='dropped-boxes-drop-none'),
        pytest.param(SQUARES, tensor([0.9, 0.8, 0.7]), dict(iou_threshold=0.9, max_num=2), [0, 1], id='at-most-2'),
        pytest.param(SQUARES[[0, 0]] * 0, tensor([0.9, 0.8]), dict(iou_threshold=0.1), [0, 1], id='no-area'),
    ],
)
def test_nms(boxes, scores, options, kept, implementation):
    dets, index = nms(boxes, scores, **options)
    assert index.tolist() == kept
    assert torch.equal(dets, torch.cat([boxes, scores[:, None]], 1)[kept])


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16, torch.float64])
def test_nms_in_other_precisions(dtype, implementation):
    _, index = nms(SQUARES.to(dtype), tensor([0.9, 0.8, 0.7], dtype=dtype), iou_threshold=0.49)
    assert index.tolist() == [0, 2]


def test_blocks_of_tensor_operations_keep_what_the_kernel_keeps(monkeypatch):
    from custom_modules.ops import selection

    corners = torch.rand(3000, 2) * 200
    boxes, scores = torch.cat([corners, corners + torch.rand(3000, 2) * 60], 1), torch.rand(3000)
    expected = nms(boxes, scores, 0.5)[1]
    monkeypatch.setattr(selection, 'has_numba', lambda: False)
    assert torch.equal(nms(boxes, scores, 0.5)[1], expected)
    assert 300 < len(expected) < 2900


def test_batched_nms_keeps_classes_apart():
    boxes, scores = SQUARES[[0, 0, 0]], tensor([0.9, 0.8, 0.7])
    _, index = batched_nms(boxes, scores, tensor([0, 1, 0]), dict(type='nms', iou_threshold=0.5))
    assert index.tolist() == [0, 1]


@pytest.mark.fast
@pytest.mark.parametrize(
    ('method', 'iou_threshold', 'scores', 'index'),
    [
        pytest.param('naive', 0.5, [0.9, 0.6], [0, 2], id='naive-drops-at-the-threshold'),
        pytest.param('linear', 0.5, [0.9, 0.6, 0.4], [0, 2, 1], id='linear-halves'),
        pytest.param('linear', 0.6, [0.9, 0.8, 0.6], [0, 1, 2], id='linear-spares-below-the-threshold'),
        # exp(-0.25 / 0.5) * 0.8
        pytest.param('gaussian', 0.9, [0.9, 0.6, 0.8 * 0.6065307], [0, 2, 1], id='gaussian'),
    ],
)
def test_soft_nms(method, iou_threshold, scores, index):
    dets, kept = soft_nms(SQUARES, tensor([0.9, 0.8, 0.6]), iou_threshold, sigma=0.5, min_score=0.001, method=method)
    assert kept.tolist() == index
    torch.testing.assert_close(dets[:, 4], tensor(scores))
    assert torch.equal(dets[:, :4], SQUARES[index])


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16, torch.float64])
def test_soft_nms_in_other_precisions(dtype):
    dets, kept = soft_nms(SQUARES.to(dtype), tensor([0.9, 0.8, 0.7], dtype=dtype), 0.6, method='linear')
    assert kept.tolist() == [0, 1, 2]
    assert dets.dtype == dtype


def test_soft_nms_of_nothing():
    dets, kept = soft_nms(torch.zeros(0, 4), torch.zeros(0))
    assert dets.shape == (0, 5)
    assert kept.shape == (0,)


@pytest.mark.fast
def test_nms_match_groups_by_the_suppressing_box():
    dets = torch.cat([CHAIN, tensor([[0.7], [0.8], [0.9]])], 1)
    assert [group.tolist() for group in nms_match(dets, 0.4)] == [[2, 1], [0]]
    assert nms_match(dets[:0], 0.4) == []
