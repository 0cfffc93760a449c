"""What holds for every box loss: hard pairs, weights and averages, and that it leads boxes to their targets."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmdet.models.task_modules.coders import DeltaXYWHBBoxCoder

from custom_modules.losses import BoxLoss
from custom_modules.losses.box_geometry import iou
from custom_modules.utils import UserError

BOXES = torch.tensor([[0.0, 0, 10, 10], [5, 5, 25, 35], [40, 10, 80, 30]])
TARGETS = torch.tensor([[0.0, 0, 10, 20], [8, 2, 30, 30], [44, 12, 90, 30]])


@pytest.mark.fast
@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16], ids=['float32', 'bfloat16'])
def test_hard_pairs_have_finite_losses_and_gradients(box_loss, hard_pairs, dtype):
    """Ours stay below a gradient of 1 for each pixel; upstream's reach 2e7 for two boxes without width."""
    names, pred, target = hard_pairs
    pred = pred.to(dtype).requires_grad_()
    with torch.autocast('cpu', dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
        losses = box_loss(pred, target, reduction_override='none')
    losses.sum().backward()
    limit = 1.0 if isinstance(box_loss, BoxLoss) else 1e8
    good = torch.isfinite(losses) & (pred.grad.abs().amax(dim=1) < limit)
    assert [name for name, fine in zip(names, good, strict=True) if not fine] == []
    assert losses.dtype == torch.float32 or not isinstance(box_loss, BoxLoss)


@pytest.mark.fast
@pytest.mark.parametrize('name, box', [('CIoULoss', [10.0, 20, 60, 90]), ('SIoULoss', [10.0, 10, 10, 50])])
def test_upstream_needs_its_guard(build_loss, name, box):
    """Where this fails upstream has mended its loss, and the guard can go."""
    pair = torch.tensor([box])
    assert torch.isnan(build_loss({'type': name})(pair, pair))
    assert build_loss({'type': 'GuardedBoxLoss', 'loss': {'type': name}})(pair, pair) == 0


@pytest.mark.fast
def test_siou_needs_the_paper_s_sign(build_loss):
    """Without it a box farther off is cheaper."""
    target, near, far = (torch.tensor([[x, 0.0, x + 10, 10]]) for x in (0.0, 15, 60))
    papers = build_loss({'type': 'SIoULoss', 'neg_gamma': True})
    assert papers(far, target) > papers(near, target)
    assert build_loss({'type': 'SIoULoss'})(far, target) < build_loss({'type': 'SIoULoss'})(near, target)


def test_identical_boxes_cost_nothing_and_stay(box_loss):
    pred = TARGETS.clone().requires_grad_()
    loss = box_loss(pred, TARGETS, reduction_override='none')
    loss.sum().backward()
    assert loss.tolist() == pytest.approx([0, 0, 0], abs=1e-6)
    step = TARGETS - 1e-3 * pred.grad / pred.grad.abs().max().clamp(min=1e-6)
    assert (box_loss(step, TARGETS, reduction_override='none') >= -1e-6).all()


def test_no_boxes_cost_nothing_but_stay_in_the_graph(box_loss):
    source = torch.ones(1, requires_grad=True)
    pred = source.expand(0).reshape(0, 4) * 1
    for weight, avg_factor in ((None, None), (torch.zeros(0, 4), 7.0), (torch.zeros(0), None)):
        if not isinstance(box_loss, BoxLoss) and avg_factor is None:
            continue  # upstream: the mean of nothing; heads always give the divisor
        loss = box_loss(pred, torch.zeros(0, 4), weight, avg_factor=avg_factor)
        assert loss.item() == 0 and loss.requires_grad
        loss.backward(retain_graph=True)
    assert source.grad.item() == 0


WEIGHTED = {
    'mean': ({}, lambda losses: losses.mean()),
    'sum': ({'reduction_override': 'sum'}, lambda losses: losses.sum()),
    'none': ({'reduction_override': 'none'}, lambda losses: losses),
    'divisor': ({'avg_factor': 8.0}, lambda losses: losses.sum() / 8),
    'weights': ({'weight': torch.tensor([1.0, 0, 2])}, lambda losses: (losses[0] + 2 * losses[2]) / 3),
    'weights of coordinates': (
        {'weight': torch.tensor([[1.0] * 4, [0.0] * 4, [2.0] * 4]), 'avg_factor': 2.0},
        lambda losses: (losses[0] + 2 * losses[2]) / 2,
    ),
    'no weight at all': ({'weight': torch.zeros(3, 4)}, lambda losses: losses.sum() * 0),
}


@pytest.mark.parametrize('options, expected', WEIGHTED.values(), ids=WEIGHTED)
def test_weights_and_averages(box_loss, options, expected):
    box_loss.eval()  # no statistics, so that all calls see the same loss
    losses = box_loss(BOXES, TARGETS, reduction_override='none')
    assert losses.shape == (3,) and (losses > 0).all()
    torch.testing.assert_close(box_loss(BOXES, TARGETS, **options), expected(losses))


@pytest.mark.fast
def test_the_weight_of_the_loss_and_wrong_reductions(build_loss):
    cfg = {'type': 'AlphaIoULoss', 'loss_weight': 6.0}
    assert build_loss(cfg)(BOXES, TARGETS) == pytest.approx(6 * build_loss({'type': 'AlphaIoULoss'})(BOXES, TARGETS))
    with pytest.raises(UserError, match="reduction='max': must be one of 'none', 'mean', 'sum'"):
        build_loss({'type': 'AlphaIoULoss', 'reduction': 'max'})
    with pytest.raises(UserError, match="reduction_override='max'"):
        build_loss(cfg)(BOXES, TARGETS, reduction_override='max')


coordinate = st.integers(0, 200)
side = st.integers(1, 100)
box = st.tuples(coordinate, coordinate, side, side).map(lambda b: [b[0], b[1], b[0] + b[2], b[1] + b[3]])


@settings(max_examples=30, deadline=None)
@given(
    pairs=st.lists(st.tuples(box, box), min_size=1, max_size=8),
    shift=st.tuples(st.integers(-64, 64), st.integers(-64, 64)),
)
def test_losses_do_not_depend_on_the_place_and_are_not_negative(every_box_loss, pairs, shift):
    pred, target = torch.tensor(pairs, dtype=torch.float64).unbind(dim=1)
    moved = torch.tensor([*shift, *shift], dtype=torch.float64)
    for name, loss in every_box_loss.items():
        losses = loss(pred, target, reduction_override='none')
        assert (losses >= -1e-9).all(), name
        perfect = loss(target, target, reduction_override='none')
        assert (losses >= perfect - 1e-9).all(), name
        torch.testing.assert_close(loss(pred + moved, target + moved, reduction_override='none'), losses, msg=name)


def test_boxes_reach_their_targets(box_loss, jittered_boxes):
    """As in a head: deltas from proposals, decoded, sixty steps."""
    proposals, targets = jittered_boxes(64)
    coder = DeltaXYWHBBoxCoder(target_stds=(0.1, 0.1, 0.2, 0.2))
    deltas = torch.zeros(64, 4, requires_grad=True)
    optimizer = torch.optim.Adam([deltas], lr=0.1)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 60)
    assert 0.4 < iou(proposals, targets).mean() < 0.7
    for _ in range(60):
        optimizer.zero_grad()
        loss = box_loss(coder.decode(proposals, deltas), targets)
        loss.backward()
        optimizer.step()
        schedule.step()
    overlap = iou(coder.decode(proposals, deltas), targets)
    assert overlap.mean() > 0.95 and overlap.min() > 0.85
