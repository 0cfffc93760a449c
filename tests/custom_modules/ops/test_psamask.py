import pytest
import torch
from mmcv.ops import PSAMask
from torch.autograd import gradcheck


@pytest.mark.fast
def test_collect_and_distribute_mirror_each_other():
    masks = torch.rand(2, 15, 4, 6)
    collected, distributed = (PSAMask(kind, (3, 5))(masks) for kind in ('collect', 'distribute'))
    assert torch.equal(collected.flatten(2), distributed.flatten(2).transpose(1, 2))
    # From cell (1, 2), offset (+1, -2) is tap (2, 0) of 3 x 5, and leads to cell (2, 0).
    assert collected[0, 2 * 6, 1, 2] == masks[0, 10, 1, 2]
    assert distributed[0, 1 * 6 + 2, 2, 0] == masks[0, 10, 1, 2]


@pytest.mark.parametrize('kind', ['collect', 'distribute'])
def test_gradient(kind):
    masks = torch.rand(1, 9, 3, 4, dtype=torch.float64, requires_grad=True)
    assert gradcheck(PSAMask(kind, (3, 3)), masks, fast_mode=True)
