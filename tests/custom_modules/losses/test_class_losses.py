"""Class losses inside a box head: outputs, scores and learning, with three and with eleven classes."""

from types import SimpleNamespace

import pytest
import torch
from mmdet.registry import MODELS
from mmengine.config import Config, ConfigDict

from custom_modules.models import set_num_classes
from tests.conftest import ROOT

BLOCK = Config.fromfile(ROOT / 'configs' / '_base_' / 'class_losses.py')
NAMES = ('label_smoothing', 'focal', 'seesaw', 'eqlv2')
OUTPUTS = {'label_smoothing': 1, 'focal': 0, 'seesaw': 2, 'eqlv2': 1}  # more than classes


def make_head(name: str, num_classes: int) -> torch.nn.Module:
    cfg = ConfigDict(
        type='Shared2FCBBoxHead', in_channels=8, roi_feat_size=2, fc_out_channels=32, reg_class_agnostic=True,
        **BLOCK[name],
    )  # fmt: skip
    set_num_classes(cfg, num_classes)
    torch.manual_seed(0)
    head = MODELS.build(cfg)
    head.init_weights()
    return head


def make_samples(num_classes: int, count: int = 180) -> tuple[torch.Tensor, torch.Tensor]:
    """Features (count, 8, 2, 2) around one point per class; a third of the samples is background."""
    generator = torch.Generator().manual_seed(1)
    points = 2 * torch.randn(num_classes + 1, 8, 2, 2, generator=generator)
    labels = torch.arange(count) % (num_classes * 3 // 2)
    labels = labels.clamp(max=num_classes)
    return points[labels] + 0.2 * torch.randn(count, 8, 2, 2, generator=generator), labels


def step(head, features, labels) -> dict[str, torch.Tensor]:
    logits, _ = head(features)
    return head.loss(logits, None, None, labels, torch.ones(len(labels)), None, None)


def total(losses: dict) -> torch.Tensor:
    return sum(value for key, value in losses.items() if 'loss' in key)


@pytest.mark.parametrize('num_classes', [3, 11])
@pytest.mark.parametrize('name', NAMES)
def test_a_head_learns(name, num_classes):
    head = make_head(name, num_classes)
    features, labels = make_samples(num_classes)
    optimizer = torch.optim.AdamW(head.parameters(), lr=5e-3)
    values = []
    for _ in range(80):
        optimizer.zero_grad()
        losses = step(head, features, labels)
        total(losses).backward()
        optimizer.step()
        values.append(total(losses).item())
    assert head.fc_cls.out_features == num_classes + OUTPUTS[name]
    assert values[-1] < 0.5 * values[0]
    assert all(value > 95 for key, value in losses.items() if key.startswith('acc'))
    check_predictions(head, features, labels, num_classes)


def check_predictions(head, features, labels, num_classes):
    """Objects are found with their class, background scores low, through the head's own way to predict."""
    objects = torch.where(labels < num_classes)[0][:20]
    background = torch.where(labels == num_classes)[0][:10]
    chosen = torch.cat([objects, background])
    logits, deltas = head.eval()(features[chosen])
    corner = 100.0 * torch.arange(len(chosen))[:, None] % 1000
    rois = torch.cat([torch.zeros_like(corner), corner, corner, corner + 50, corner + 50], dim=1)
    raw = head.predict_by_feat([rois], [logits.detach()], [deltas.detach()], [{'img_shape': (4000, 4000)}])[0]
    assert raw.scores.shape == (len(chosen), num_classes + 1)
    assert raw.scores.min() >= 0 and raw.scores.max() <= 1
    best, label = raw.scores[:, :-1].max(dim=1)
    assert torch.equal(label[: len(objects)], labels[objects])
    assert best[: len(objects)].min() > 2 * best[len(objects) :].max()


def refined(head, features, labels):
    """Refine boxes between two stages as a cascade does."""
    logits, deltas = head(features)
    rois = torch.cat([torch.zeros(len(labels), 1), torch.tensor([[10.0, 10, 60, 60]]).expand(len(labels), 4)], dim=1)
    results = {'bbox_targets': (labels,), 'cls_score': logits, 'rois': rois, 'bbox_pred': deltas}
    sampling = [SimpleNamespace(pos_is_gt=torch.zeros(0, dtype=torch.uint8))]
    with torch.no_grad():
        return head.refine_bboxes(sampling, results, [{'img_shape': (100, 100)}])[0].bboxes


@pytest.mark.fast
@pytest.mark.parametrize('name', NAMES)
def test_cascade_stages_pass_boxes_on(name):
    head = make_head(name, 3)
    assert refined(head, *make_samples(3, 8)).shape == (8, 4)


@pytest.mark.fast
@pytest.mark.parametrize('name', NAMES)
def test_background_alone_and_bfloat16(name):
    head = make_head(name, 3)
    features, labels = make_samples(3, 12)
    for case in (torch.full_like(labels, 3), labels):
        with torch.autocast('cpu', dtype=torch.bfloat16):
            losses = step(head, features, case)
        assert all(value.dtype == torch.float32 for key, value in losses.items() if 'loss' in key)
        total(losses).backward()
        assert all(torch.isfinite(p.grad).all() for p in head.parameters() if p.grad is not None)


@pytest.mark.fast
def test_focal_starts_with_rare_positives_and_ignores_easy_background():
    head = make_head('focal', 3)
    assert head.fc_cls.bias.tolist() == pytest.approx([-4.59512] * 3, abs=1e-4)  # log(0.01 / 0.99)
    features, labels = make_samples(3, 12)
    background = step(head, features, torch.full_like(labels, 3))['loss_cls'].item()
    # weight 4: 3 classes * 0.75 * 0.01^2 * -log(0.99) for background, 0.25 * 0.99^2 * -log(0.01) for an object
    assert background == pytest.approx(4 * 3 * 0.75 * 1e-4 * 0.01005, rel=0.3)
    objects = step(head, features, labels % 3)['loss_cls'].item()
    assert objects == pytest.approx(4 * 0.25 * 0.9801 * 4.60517, rel=0.05)


@pytest.mark.fast
def test_initialisation_of_the_other_layers_is_the_usual_one():
    """The block writes it out, since an init_cfg replaces the head's own."""
    usual = MODELS.build({'type': 'Shared2FCBBoxHead', 'in_channels': 8, 'roi_feat_size': 2, 'fc_out_channels': 32})
    with_focal = make_head('focal', 3)
    assert with_focal.init_cfg[1:] == usual.init_cfg[1:]
    assert with_focal.fc_reg.weight.std().item() == pytest.approx(0.001, rel=0.3)
