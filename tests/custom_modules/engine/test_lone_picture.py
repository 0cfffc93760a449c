"""A last picture that would be alone in its batch is left out where norms need another."""

import logging

import pytest
import torch
from mmseg.models.segmentors import BaseSegmentor

from custom_modules.engine.lone_picture import leave_out_lone_picture

pytestmark = pytest.mark.fast


class Segmenter(BaseSegmentor):
    """As much of a segmenter as it takes to have norms."""

    def __init__(self, norm: torch.nn.Module) -> None:
        torch.nn.Module.__init__(self)
        self.norm = norm

    encode_decode = extract_feat = loss = predict = _forward = None


@pytest.mark.parametrize(
    ('model', 'pictures', 'batches'),
    [
        pytest.param(Segmenter(torch.nn.BatchNorm2d(3)), 25, [8, 8, 8], id='one-over'),
        pytest.param(Segmenter(torch.nn.SyncBatchNorm(3)), 9, [8], id='synchronised'),
        pytest.param(Segmenter(torch.nn.BatchNorm2d(3)), 26, [8, 8, 8, 2], id='two-over'),
        pytest.param(Segmenter(torch.nn.BatchNorm2d(3)), 1, [1], id='nothing-else-to-learn-from'),
        pytest.param(Segmenter(torch.nn.GroupNorm(1, 3)), 25, [8, 8, 8, 1], id='a-norm-that-can'),
        pytest.param(torch.nn.BatchNorm2d(3), 25, [8, 8, 8, 1], id='a-detector'),
    ],
)
def test_a_lone_last_picture_is_left_out(model, pictures, batches):
    loader = torch.utils.data.DataLoader(range(pictures), batch_size=8)
    leave_out_lone_picture(loader, model, logging.getLogger('test'))
    assert [len(batch) for batch in loader] == batches and len(loader) == len(batches)
