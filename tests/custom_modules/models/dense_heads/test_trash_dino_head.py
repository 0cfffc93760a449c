"""DINO's boxes do not depend on whether mixed precision is on."""

import pytest
import torch
from mmdet.registry import MODELS

HEAD = {'num_classes': 2, 'embed_dims': 16, 'loss_cls': {'type': 'FocalLoss'}}


def boxes(kind: str, amp: bool) -> torch.Tensor:
    """Give a head's boxes for two queries near the far corner, which its layers move by a little."""
    torch.manual_seed(0)
    head = MODELS.build({'type': kind, 'num_pred_layer': 2, 'as_two_stage': True, **HEAD})
    states = torch.randn(1, 1, 2, 16).bfloat16().float()
    references = torch.tensor([[[0.9, 0.8, 0.03, 0.05], [0.7, 0.95, 0.1, 0.02]]])
    with torch.autocast('cpu', dtype=torch.bfloat16, enabled=amp):
        return head(states, [references])[1].float()


def test_boxes_are_exact_under_mixed_precision():
    exact = boxes('TrashDINOHead', amp=False)
    assert torch.equal(boxes('TrashDINOHead', amp=True), exact)
    assert torch.equal(boxes('DINOHead', amp=False), exact)  # in single precision it is upstream's head
    # what it is for: a pixel of 1024
    assert (boxes('DINOHead', amp=True) - exact).abs().max() > 1 / 1024


@pytest.mark.parametrize('amp', [False, True], ids=['single', 'mixed'])
def test_the_encoders_proposals_are_scored_in_single_precision(amp, monkeypatch):
    head = MODELS.build({'type': 'TrashDINOHead', **HEAD})
    seen = []
    monkeypatch.setattr('mmdet.models.DINOHead.loss_by_feat', lambda self, *args: seen.extend(args))
    proposals = torch.zeros(1, 3, 2), torch.zeros(1, 3, 4)
    head.loss_by_feat(None, None, *(part.bfloat16() if amp else part for part in proposals))
    assert [part.dtype for part in seen[2:]] == [torch.float32] * 2
