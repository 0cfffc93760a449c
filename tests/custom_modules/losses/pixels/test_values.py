"""The formulas, worked out by hand for three pixels of two classes.

Probabilities (3/4, 1/4), (1/2, 1/2), (3/4, 1/4) and labels 0, 1, 1: those of the labels are 3/4, 1/2, 1/4.  A fourth
pixel is ignored.  Overlap sums: class 0 has 3/4 in common, 2 predicted, 1 labelled; class 1 has 3/4, 1 and 2.
"""

from itertools import pairwise
from math import exp, log

import numpy as np
import pytest
import torch
from mmseg.registry import MODELS

from custom_modules.losses.pixels import (
    dice_loss,
    difficulty_weights,
    effective_number_weights,
    hard_pixels,
    probability_l1_loss,
    softmax_focal_loss,
    tversky_loss,
)
from custom_modules.utils import UserError

pytestmark = pytest.mark.fast
LOGITS = torch.tensor([[log(3), 0.0, log(3), 5.0], [0.0, 0.0, 0.0, 1.0]]).reshape(1, 2, 1, 4)
LABEL = torch.tensor([[[0, 1, 1, 255]]])
A, B, C = log(4 / 3), log(2), log(4)
TAU = 2 / (1 + exp(-(0.75 / 0.26 - 1)))
WEIGHTS = 0.25**TAU, 0.75**TAU

VALUES = {
    'cross entropy': ({'type': 'TrashCrossEntropyLoss'}, (A + B + C) / 3),
    'times a weight': ({'type': 'TrashCrossEntropyLoss', 'loss_weight': 3.0}, A + B + C),
    'class weights': ({'type': 'TrashCrossEntropyLoss', 'class_weight': [1, 3]}, (A + 3 * B + 3 * C) / 7),
    'sum': ({'type': 'TrashCrossEntropyLoss', 'class_weight': [1, 3], 'reduction': 'sum'}, A + 3 * B + 3 * C),
    'focal': ({'type': 'TrashFocalLoss'}, (A / 16 + B / 4 + C * 9 / 16) / 3),
    'focal, gamma 1': ({'type': 'TrashFocalLoss', 'gamma': 1}, (A / 4 + B / 2 + C * 3 / 4) / 3),
    'focal, gamma 0': ({'type': 'TrashFocalLoss', 'gamma': 0}, (A + B + C) / 3),
    'focal, class weights': ({'type': 'TrashFocalLoss', 'gamma': 1, 'class_weight': [2, 1]},
                             (2 * A / 4 + B / 2 + C * 3 / 4) / 4),
    'L1: 2 (1/4 + 1/2 + 3/4) / 3': ({'type': 'ProbabilityL1Loss'}, 1.0),
    'Dice: 1 - (1.5 + 1) / (3 + 1) for both': ({'type': 'TrashDiceLoss'}, 0.375),
    # 9/16 + 1/4 + 9/16 = 1.375 and 1/16 + 1/4 + 1/16 = 0.375: 2.5 / (1.375 + 2) and 2.5 / (0.375 + 3)
    'Dice of squares': ({'type': 'TrashDiceLoss', 'squared': True}, 1 - 2.5 / 3.375),
    'Dice, hardly smooth': ({'type': 'TrashDiceLoss', 'smooth': 1e-9}, 0.5),
    # sigmoids of log 3 and 0 are 3/4 and 1/2: class 0 as before; class 1 predicts 1.5, of which 1 is right
    'Dice of sigmoids': ({'type': 'TrashDiceLoss', 'use_sigmoid': True}, (0.375 + 1 - 3 / 4.5) / 2),
    # false positives 1.25 and 0.25, false negatives 0.25 and 1.25
    'Tversky': ({'type': 'TrashTverskyLoss'}, 1 - (1.75 / (1.75 + 0.375 + 0.175) + 1.75 / (1.75 + 0.075 + 0.875)) / 2),
    'Tversky of halves is Dice': ({'type': 'TrashTverskyLoss', 'alpha': 0.5, 'beta': 0.5, 'smooth': 0.5}, 0.375),
    # class 0: errors 3/4, 1/2, 1/4, the last its own: Jaccard losses 1/2, 2/3, 1; class 1: the first two its own:
    # 1/2, 1, 1
    'Lovasz': ({'type': 'TrashLovaszLoss'}, (0.75 / 2 + 0.5 / 6 + 0.25 / 3 + 0.75 / 2 + 0.5 / 2) / 2),
    'OHEM': ({'type': 'TrashOhemLoss', 'thresh': 0.6, 'min_kept': 0.01}, (B + C) / 2),
    'OHEM, nothing below': ({'type': 'TrashOhemLoss', 'thresh': 0.1, 'min_kept': 0.5}, (B + C) / 2),
    'top one': ({'type': 'TrashOhemLoss', 'thresh': None, 'min_kept': 1 / 3}, C),
    'top all': ({'type': 'TrashOhemLoss', 'thresh': None, 'min_kept': 1}, (A + B + C) / 3),
    # E(1) = 1, E(2) = 1.5: weights 1 and 2/3
    'class-balanced': ({'type': 'ClassBalancedLoss', 'beta': 0.5, 'class_counts': [1, 2]},
                       (A + (B + C) * 2 / 3) / (1 + 4 / 3)),
    'class-balanced focal': ({'type': 'ClassBalancedLoss', 'beta': 0.5, 'class_counts': [1, 2], 'gamma': 1},
                             (A / 4 + (B / 2 + C * 3 / 4) * 2 / 3) / (1 + 4 / 3)),
}  # fmt: skip


def build(cfg: dict) -> torch.nn.Module:
    return MODELS.build(dict(cfg))


@pytest.mark.parametrize('cfg, expected', VALUES.values(), ids=VALUES)
def test_values(cfg, expected):
    assert build(cfg)(LOGITS, LABEL, ignore_index=255).item() == pytest.approx(expected, abs=2e-6)


def test_difficulty():
    """Scores 0.75 and 0.25: difficulties 0.25 and 0.75."""
    loss = build({'type': 'CDBLoss', 'num_classes': 2})
    assert loss(LOGITS, LABEL).item() == pytest.approx((A + B + C) / 3)  # nothing known yet
    loss.set_difficulty([0.75, 0.25])
    expected = (WEIGHTS[0] * A + WEIGHTS[1] * (B + C)) / (WEIGHTS[0] + 2 * WEIGHTS[1])
    assert loss(LOGITS, LABEL).item() == pytest.approx(expected)
    again = build({'type': 'CDBLoss', 'num_classes': 2})
    again.load_state_dict(loss.state_dict())
    assert torch.equal(again(LOGITS, LABEL), loss(LOGITS, LABEL))


DIFFICULTIES = {
    'a power of one': ([0.25, 0.75], 1, [0.5, 1.5]),
    'a power of zero': ([0.25, 0.75], 0, [1, 1]),
    'dynamic': ([0.25, 0.75], 'dynamic', [2 * weight / sum(WEIGHTS) for weight in WEIGHTS]),
    'all the same': ([0.3, 0.3], 'dynamic', [1, 1]),
    'nothing learnt': ([1.0, 1.0], 'dynamic', [1, 1]),
    'nothing left to learn': ([0.0, 0.0], 'dynamic', [1, 1]),
    'one perfect': ([0.0, 0.5], 1, [0, 2]),
}


@pytest.mark.parametrize('difficulty, tau, expected', DIFFICULTIES.values(), ids=DIFFICULTIES)
def test_difficulty_weights(difficulty, tau, expected):
    assert difficulty_weights(torch.tensor(difficulty), tau).tolist() == pytest.approx(expected, abs=1e-6)


def test_scores_without_a_class():
    """It gets the mean of the others; scores out of range are cut."""
    loss = build({'type': 'CDBLoss', 'num_classes': 3})
    loss.set_difficulty(np.array([0.8, np.nan, 0.4]))
    assert loss.difficulty.tolist() == pytest.approx([0.2, 0.4, 0.6])
    loss.set_difficulty([np.nan] * 3)
    assert loss.difficulty.tolist() == [1, 1, 1]
    with pytest.raises(ValueError, match='2 scores for 3 classes'):
        loss.set_difficulty([0.5, 0.5])


COUNTS = {
    'no beta': ([1, 100], 0.0, [1, 1]),
    # 1, 1.5, 1.75: inverses 1, 2/3, 4/7, mean 47/63
    'a half': ([1, 2, 3], 0.5, [63 / 47, 42 / 47, 36 / 47]),
    'nearly the inverse': ([10, 30], 1 - 1e-9, [1.5, 0.5]),
    'a class never seen': ([1, 2, 0], 0.5, [1.2, 0.8, 0]),
    'a pixel is no sample: all alike': ([10**6, 10**8], 0.9999, [1, 1]),
}


@pytest.mark.parametrize('counts, beta, expected', COUNTS.values(), ids=COUNTS)
def test_effective_numbers(counts, beta, expected):
    assert effective_number_weights(counts, beta=beta).tolist() == pytest.approx(expected, rel=1e-6)


def test_the_config_s_counts_are_kept_and_the_hook_s_taken():
    own = build({'type': 'ClassBalancedLoss', 'beta': 0.5, 'class_counts': [1, 2]})
    own.set_class_counts([5, 5])
    assert own.class_weight == pytest.approx([1.2, 0.8])
    told = build({'type': 'ClassBalancedLoss', 'beta': 0.5})
    with pytest.raises(UserError, match='no class counts: add default_hooks.class_counts'):
        told(LOGITS, LABEL)
    told.set_class_counts([1, 2])
    assert told.class_weight == pytest.approx([1.2, 0.8])


def slow_lovasz(probs: np.ndarray, label: np.ndarray) -> float:
    """The Lovasz extension of the Jaccard loss from its definition: sets of the k worst errors, k = 0 ... P."""
    losses = []
    for index in np.unique(label):
        own = label == index
        errors = np.where(own, 1 - probs[:, index], probs[:, index])
        order = np.argsort(-errors, kind='stable')
        wrong = [set(order[:k]) for k in range(len(order) + 1)]
        mine = set(np.flatnonzero(own))
        jaccard = [1 - len(mine - one) / len(mine | one) for one in wrong]
        steps = [after - before for before, after in pairwise(jaccard)]
        losses.append(sum(step * errors[place] for step, place in zip(steps, order, strict=True)))
    return float(np.mean(losses))


def slow_overlap(probs: np.ndarray, label: np.ndarray, false_positive: float, false_negative: float) -> float:
    losses = []
    for index in np.unique(label):
        both = sum(p[index] for p, one in zip(probs, label, strict=True) if one == index)
        invented = sum(p[index] for p, one in zip(probs, label, strict=True) if one != index)
        missed = sum(1 - p[index] for p, one in zip(probs, label, strict=True) if one == index)
        losses.append(1 - (both + 1) / (both + false_positive * invented + false_negative * missed + 1))
    return float(np.mean(losses))


SLOW = {
    'lovasz': ({'type': 'TrashLovaszLoss'}, slow_lovasz),
    'tversky': ({'type': 'TrashTverskyLoss', 'alpha': 0.2, 'beta': 0.6}, lambda p, y: slow_overlap(p, y, 0.2, 0.6)),
    'dice': ({'type': 'TrashDiceLoss', 'smooth': 2.0}, lambda p, y: slow_overlap(p, y, 0.5, 0.5)),
    'l1': ({'type': 'ProbabilityL1Loss'}, lambda p, y: np.abs(p - np.eye(4)[y]).sum(axis=1).mean()),
    'focal': (
        {'type': 'TrashFocalLoss', 'gamma': 1.5},
        lambda p, y: np.mean([-((1 - one[c]) ** 1.5) * log(one[c]) for one, c in zip(p, y, strict=True)]),
    ),
}


@pytest.mark.parametrize('cfg, slow', SLOW.values(), ids=SLOW)
def test_a_second_implementation(pixels, cfg, slow):
    logits, label = pixels
    label = torch.where(label == 3, 1, label)  # a class is missing
    probs = logits.double().softmax(dim=1).movedim(1, -1)[label != 255].numpy()
    value = build(cfg)(logits.double(), label)
    assert value.item() == pytest.approx(slow(probs, label[label != 255].numpy()), rel=1e-6)


def test_lovasz_of_each_picture(pixels):
    logits, label = pixels
    label = torch.cat([label, torch.full_like(label[:1], 255)])
    logits = torch.cat([logits, logits[:1]])
    each, whole = build({'type': 'TrashLovaszLoss', 'per_image': True}), build({'type': 'TrashLovaszLoss'})
    expected = [whole(logits[i : i + 1], label[i : i + 1]).item() for i in (0, 1)]
    assert each(logits, label).item() == pytest.approx(sum(expected) / 2)


ONES = torch.ones(2, 3, 4)
DERIVATIVES = {
    'focal': lambda x, y: softmax_focal_loss(x, y, gamma=1.5),
    'L1': probability_l1_loss,
    'Dice': lambda x, y: dice_loss(x.softmax(dim=1), y, ONES.to(x.dtype), squared=True),
    'Tversky': lambda x, y: tversky_loss(x.softmax(dim=1), y, ONES.to(x.dtype)),
}


@pytest.mark.parametrize('loss', DERIVATIVES.values(), ids=DERIVATIVES)
def test_derivatives(loss):
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 5, 3, 4, generator=generator, dtype=torch.float64).requires_grad_()
    label = torch.randint(0, 5, (2, 3, 4), generator=generator)
    assert torch.autograd.gradcheck(lambda x: loss(x, label), logits)


def test_small_powers_of_sure_pixels():
    logits = torch.tensor([[90.0, 0.0]]).requires_grad_()
    softmax_focal_loss(logits, torch.tensor([0]), gamma=0.5).sum().backward()
    assert torch.isfinite(logits.grad).all()


def test_equally_hard_pixels_are_all_hard():
    losses, valid = torch.tensor([1.0, 2, 2, 3, 9]), torch.tensor([True, True, True, True, False])
    assert hard_pixels(losses, valid, min_kept=0.5).tolist() == [False, True, True, True, False]
    assert hard_pixels(losses, valid & False, min_kept=0.5, thresh=0.7).tolist() == [False] * 5


def test_options_of_single_pixels():
    loss = build({'type': 'TrashCrossEntropyLoss'})
    none = loss(LOGITS, LABEL, reduction_override='none')
    assert none.flatten().tolist() == pytest.approx([A, B, C, 0])
    assert loss(LOGITS, LABEL, avg_factor=2).item() == pytest.approx((A + B + C) / 2)
    # as upstream, weights are factors and the mean stays one over what is not ignored
    weight = torch.tensor([[[1.0, 0, 2, 5]]])
    assert loss(LOGITS, LABEL, weight=weight).item() == pytest.approx((A + 2 * C) / 3)
    upstream = build({'type': 'CrossEntropyLoss', 'avg_non_ignore': True})
    torch.testing.assert_close(
        loss(LOGITS, LABEL, weight=weight), upstream(LOGITS, LABEL, weight=weight, ignore_index=255)
    )


def test_another_ignored_label():
    assert build({'type': 'TrashCrossEntropyLoss'})(LOGITS[..., :3], LABEL[..., :3], ignore_index=0).item() == (
        pytest.approx((B + C) / 2)
    )


MISTAKES = {
    'name': ({'type': 'TrashDiceLoss', 'loss_name': 'dice'}, 'must start with loss_'),
    'reduction': ({'type': 'TrashFocalLoss', 'reduction': 'avg'}, "must be one of 'none', 'mean', 'sum'"),
    'gamma': ({'type': 'TrashFocalLoss', 'gamma': -1}, 'must be at least 0'),
    'smooth': ({'type': 'TrashDiceLoss', 'smooth': 0}, 'must be above 0'),
    'smooth Tversky': ({'type': 'TrashTverskyLoss', 'smooth': 0}, 'must be above 0'),
    'alpha': ({'type': 'TrashTverskyLoss', 'alpha': -0.1}, 'must be at least 0'),
    'min_kept': ({'type': 'TrashOhemLoss', 'min_kept': 100000}, r'must be a share in \(0, 1\]'),
    'thresh': ({'type': 'TrashOhemLoss', 'thresh': 0}, r'must be a probability in \(0, 1\]'),
    'tau': ({'type': 'CDBLoss', 'num_classes': 2, 'tau': 'x'}, "must be 'dynamic' or a number"),
    'beta': ({'type': 'ClassBalancedLoss', 'beta': 1.0}, r'must be in \[0, 1\)'),
}


@pytest.mark.parametrize('cfg, said', MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_told_in_a_line(cfg, said):
    with pytest.raises(UserError, match=said) as error:
        build(cfg)
    assert '\n' not in str(error.value)


def test_mistakes_found_while_training():
    with pytest.raises(UserError, match='class_weight has 3 weights for 2 classes'):
        build({'type': 'TrashFocalLoss', 'class_weight': [1, 2, 3]})(LOGITS, LABEL)
    with pytest.raises(UserError, match='OHEMPixelSampler beside it needs a thresh'):
        build({'type': 'TrashDiceLoss'})(LOGITS, LABEL, reduction_override='none')
