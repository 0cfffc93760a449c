"""Objects without a mask train nothing in the mask heads; the others train as upstream has it."""

import numpy as np
import pytest
import torch
from mmdet.models import FCNMaskHead, HTCMaskHead
from mmdet.models.task_modules.samplers import SamplingResult
from mmdet.registry import MODELS
from mmdet.structures.mask import BitmapMasks, PolygonMasks
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData

from custom_modules.models import TrashFCNMaskHead, TrashHTCMaskHead

HEADS = {'TrashFCNMaskHead': FCNMaskHead, 'TrashHTCMaskHead': HTCMaskHead}
TRAIN_CFG = ConfigDict(mask_size=28)


def sampled(masks, num_pos: int, seed: int) -> tuple:
    """Draw positive proposals near the objects of one picture."""
    rng = np.random.RandomState(seed)
    boxes = masks.get_bboxes('hbox').tensor
    assigned = torch.from_numpy(rng.randint(0, len(masks), num_pos))
    priors = boxes[assigned] + torch.from_numpy(rng.uniform(-3, 3, (num_pos, 4)).astype(np.float32))
    result = SamplingResult.__new__(SamplingResult)
    result.pos_priors, result.pos_assigned_gt_inds, result.pos_gt_labels = priors, assigned, assigned % 3
    return result, InstanceData(masks=masks, bboxes=boxes, labels=torch.arange(len(masks)))


def head(name: str) -> torch.nn.Module:
    """Build one of our heads, with loss."""
    return MODELS.build({'type': f'mmdet.{name}', 'num_classes': 3, 'num_convs': 1, 'in_channels': 8,
                         'conv_out_channels': 8})  # fmt: skip


def predictions(num_pos: int, seed: int = 0) -> torch.Tensor:
    """Draw logits (num_pos, 3, 28, 28)."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(num_pos, 3, 28, 28, generator=generator, requires_grad=True)


def losses_of(module, preds: torch.Tensor, pictures: list, base: type | None = None) -> dict:
    """Calculate the losses, with the method of a base class if one is given."""
    results, instances = zip(*pictures, strict=True)
    method = (base or type(module)).loss_and_target
    return method(module, preds, list(results), list(instances), TRAIN_CFG)


@pytest.mark.fast
@pytest.mark.parametrize('name', HEADS)
def test_equals_upstream_where_all_have_masks(outlines, outline_masks, name):
    module = head(name)
    polygons = outline_masks(['polygon'] * 3)
    ours = losses_of(module, predictions(20), [sampled(polygons, 12, 0), sampled(polygons, 8, 1)])
    upstream = PolygonMasks([[np.array(outline)] for outline in outlines], 96, 96)
    samples = sampled(polygons, 12, 0)[0], sampled(polygons, 8, 1)[0]
    theirs = losses_of(module, predictions(20), [(s, InstanceData(masks=upstream)) for s in samples], HEADS[name])
    assert (ours['mask_targets'] == theirs['mask_targets']).float().mean() > 0.985
    assert float(ours['loss_mask']['loss_mask']) == pytest.approx(float(theirs['loss_mask']['loss_mask']), rel=5e-3)


@pytest.mark.fast
@pytest.mark.parametrize('name', HEADS)
def test_upstreams_own_masks_give_upstreams_loss(outline_masks, name):
    module, polygons = head(name), outline_masks(['polygon'] * 3)
    samples = sampled(polygons, 12, 0)[0], sampled(polygons, 8, 1)[0]
    pictures = [(s, InstanceData(masks=BitmapMasks(polygons.to_ndarray(), 96, 96))) for s in samples]
    ours = losses_of(module, predictions(20), pictures)
    theirs = losses_of(module, predictions(20), pictures, HEADS[name])
    assert torch.equal(ours['mask_targets'], theirs['mask_targets'])
    assert torch.equal(ours['loss_mask']['loss_mask'], theirs['loss_mask']['loss_mask'])


@pytest.mark.fast
@pytest.mark.parametrize('name', HEADS)
def test_objects_without_mask_are_left_out(outline_masks, name):
    """The loss on a mixed batch is upstream's on the proposals of the objects that have masks."""
    module = head(name)
    mixed, full = outline_masks(['polygon', 'none', 'bitmap']), outline_masks(['polygon', 'polygon', 'bitmap'])
    preds = predictions(20)
    ours = losses_of(module, preds, [sampled(mixed, 12, 0), sampled(full, 8, 1)])
    first, second = sampled(full, 12, 0), sampled(full, 8, 1)
    keep = first[0].pos_assigned_gt_inds != 1
    assert 0 < keep.sum() < 12
    for field in ('pos_priors', 'pos_assigned_gt_inds', 'pos_gt_labels'):
        setattr(first[0], field, getattr(first[0], field)[keep])
    kept = torch.cat([keep, torch.ones(8, dtype=torch.bool)])
    expected = losses_of(module, preds[kept], [first, second], HEADS[name])
    assert torch.equal(ours['mask_targets'], expected['mask_targets'])
    assert torch.equal(ours['loss_mask']['loss_mask'], expected['loss_mask']['loss_mask'])
    ours['loss_mask']['loss_mask'].backward()
    moved = preds.grad.flatten(1).abs().sum(dim=1) > 0
    assert torch.equal(moved, kept)


@pytest.mark.fast
@pytest.mark.parametrize('name', HEADS)
@pytest.mark.parametrize('num_pos', [6, 0])
def test_no_mask_at_all_gives_a_zero_that_goes_backward(outline_masks, name, num_pos):
    module = head(name)
    features = torch.randn(num_pos, 8, 14, 14)
    preds = module(features)
    preds = preds[0] if isinstance(preds, list) else preds
    loss = losses_of(module, preds, [sampled(outline_masks(['none'] * 3), num_pos, 0)])['loss_mask']['loss_mask']
    assert float(loss) == 0
    loss.backward()
    used = [weight.grad for key, weight in module.named_parameters() if 'conv_res' not in key]
    assert all(grad is not None and not grad.any() for grad in used)


@pytest.mark.fast
def test_classes():
    assert issubclass(TrashFCNMaskHead, FCNMaskHead) and issubclass(TrashHTCMaskHead, HTCMaskHead)
