"""Compare the size of the losses in configs/_base_, so that their weights can be chosen.

    python benchmarks/losses.py

Box losses: 4,096 objects as large as those of the trash detection set (4,883 pictures: root of the area log-normal,
median 197 px and deviation 0.86 at 1024 px), proposals that overlap them by 0.5 (stage 1) or 0.7 (stage 3) at least.
Class losses: 512 proposals, a quarter of them objects of ten classes, and a box head as it is initialised.  Printed are
the mean loss, and the mean norm of its gradient by the head's outputs for one proposal.  Loss weights are included.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

DIOU = {'type': 'DIoULoss', 'loss_weight': 10.0}
CROSS_ENTROPY = {'loss_cls': {'type': 'CrossEntropyLoss'}}
HEAD = {'type': 'Shared2FCBBoxHead', 'in_channels': 16, 'roi_feat_size': 3, 'fc_out_channels': 256}


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--boxes', type=int, default=4096, help='number of objects (default 4096)')
    return parser.parse_args(argv)


def make_boxes(count: int, least_iou: float) -> tuple:
    """Draw proposals and their objects, (count, 4) boxes_xyxy each, pixels."""
    import torch

    from custom_modules.losses.box_geometry import iou

    torch.manual_seed(0)
    many = 40 * count
    size, aspect = 197 * torch.exp(0.86 * torch.randn(many, 1)), torch.exp(0.4 * torch.randn(many, 1))
    half = torch.cat([size * aspect.sqrt(), size / aspect.sqrt()], dim=1).clamp(8, 1024) / 2
    shifted, scaled = half * 0.35 * torch.randn(many, 2), half * torch.exp(0.3 * torch.randn(many, 2))
    center = torch.rand(many, 2) * 1024
    objects = torch.cat([center - half, center + half], dim=1)
    proposals = torch.cat([center + shifted - scaled, center + shifted + scaled], dim=1)
    kept = iou(proposals, objects) >= least_iou
    return proposals[kept][:count], objects[kept][:count]


def measure_box_loss(cfg: dict, count: int, least_iou: float) -> tuple[float, float]:
    """Give mean loss and mean norm of the gradient by the four deltas of the first stage."""
    import torch
    from mmdet.models.task_modules.coders import DeltaXYWHBBoxCoder
    from mmdet.registry import MODELS

    proposals, objects = make_boxes(count, least_iou)
    deltas = torch.zeros(len(proposals), 4, requires_grad=True)
    boxes = DeltaXYWHBBoxCoder(target_stds=(0.1, 0.1, 0.2, 0.2)).decode(proposals, deltas)
    losses = MODELS.build(cfg)(boxes, objects, reduction_override='none')
    (grad,) = torch.autograd.grad(losses.sum(), deltas)
    return losses.mean().item(), grad.norm(dim=1).mean().item()


def measure_class_loss(parts: dict) -> tuple[float, float]:
    """Give mean loss and mean norm of the gradient by the logits."""
    import torch
    from mmdet.registry import MODELS

    from custom_modules.models import set_num_classes

    torch.manual_seed(0)
    cfg = {**HEAD, **parts}
    set_num_classes(cfg, 10)
    head = MODELS.build(cfg)
    head.init_weights()
    labels = torch.where(torch.arange(512) < 128, torch.arange(512) % 10, 10)
    logits, _ = head(torch.rand(512, 16, 3, 3))
    logits.retain_grad()
    losses = head.loss(logits, None, None, labels, torch.ones(512), None, None)
    total = sum(value for name, value in losses.items() if 'loss' in name)
    total.backward()
    return total.item(), 512 * logits.grad.norm(dim=1).mean().item()


def rows(num_boxes: int) -> Iterator[str]:
    """Measure every loss of the two blocks and write a line of a table for each."""
    from mmengine.config import Config

    boxes = {'diou': DIOU, **Config.fromfile(ROOT / 'configs' / '_base_' / 'box_losses.py')}
    yield '| box loss | weight | loss, IoU >= 0.5 | gradient | loss, IoU >= 0.7 | gradient |'
    yield '|---|---|---|---|---|---|'
    for name, cfg in boxes.items():
        values = [*measure_box_loss(cfg, num_boxes, 0.5), *measure_box_loss(cfg, num_boxes, 0.7)]
        yield f'| {name} | {cfg["loss_weight"]:g} | ' + ' | '.join(f'{value:.3g}' for value in values) + ' |'
    classes = {'cross_entropy': CROSS_ENTROPY, **Config.fromfile(ROOT / 'configs' / '_base_' / 'class_losses.py')}
    yield '\n| class loss | weight | loss | gradient |\n|---|---|---|---|'
    for name, parts in classes.items():
        if 'loss_cls' in parts:
            weight = parts['loss_cls'].get('loss_weight', 1.0)
            yield f'| {name} | {weight:g} | ' + ' | '.join(f'{value:.3g}' for value in measure_class_loss(parts)) + ' |'


def main(argv: list[str] | None = None) -> None:
    """Print both tables."""
    args = parse_args(argv)
    from mmengine.logging import MMLogger
    from mmengine.registry import init_default_scope

    import custom_modules  # noqa: F401 - registers everything

    init_default_scope('mmdet')
    MMLogger.get_instance('losses', log_level='ERROR')  # heads tell how each layer is initialised
    for row in rows(args.boxes):
        print(row)


if __name__ == '__main__':
    main()
