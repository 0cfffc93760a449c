"""Compare the size of the losses in configs/_base_, so that their weights can be chosen.

    python benchmarks/losses.py

Box losses: 4,096 objects as large as those of the trash detection set (4,883 pictures: root of the area log-normal,
median 197 px and deviation 0.86 at 1024 px), proposals that overlap them by 0.5 (stage 1) or 0.7 (stage 3) at least.
Class losses: 512 proposals, a quarter of them objects of ten classes, and a box head as it is initialised.  Printed are
the mean loss, and the mean norm of its gradient by the head's outputs for one proposal.  Loss weights are included.
Losses of pixels: two pictures of 512 x 512 with eleven classes in squares of 32, three quarters of them Background, a
tenth of the pixels ignored; a model at its beginning (logits hardly above noise) and later (90 % of the pixels right).
The gradient is the sum over pixels of its norm, the time that of forward and backward pass against cross entropy.
"""

import argparse
import itertools
import sys
import time
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
    parser.add_argument('--repeats', type=int, default=5, help='passes of each loss of pixels (default 5)')
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


def make_pixels(margin: float) -> tuple:
    """Draw logits (2, 11, 512, 512) that exceed noise by ``margin`` in the right class, and labels (2, 512, 512)."""
    import torch

    torch.manual_seed(0)
    squares = torch.randint(1, 11, (2, 16, 16))
    squares[torch.rand(2, 16, 16) < 0.75] = 0
    label = squares.repeat_interleave(32, dim=1).repeat_interleave(32, dim=2)
    logits = torch.randn(2, 11, 512, 512)
    logits.scatter_add_(1, label.unsqueeze(1), torch.full((2, 1, 512, 512), margin))
    label[torch.rand(2, 512, 512) < 0.1] = 255
    return logits.requires_grad_(), label


def build_pixel_loss(cfgs: list[dict]):
    """Build the losses of a choice, classes counted and scored; the function adds up their values."""
    from mmseg.registry import MODELS

    losses = [MODELS.build(dict(cfg)) for cfg in cfgs]
    for loss in losses:
        if hasattr(loss, 'set_class_counts'):
            loss.set_class_counts([3272, *range(100, 1100, 100)])
        if hasattr(loss, 'set_difficulty'):
            loss.set_difficulty([0.9, *(0.05 * step for step in range(3, 13))])
    return lambda logits, label: sum(loss(logits, label, ignore_index=255) for loss in losses)


def measure_pixel_loss(loss, margin: float) -> tuple[float, float]:
    """Give the loss and the sum over pixels of the norm of its gradient."""
    import torch

    logits, label = make_pixels(margin)
    value = loss(logits, label)
    (grad,) = torch.autograd.grad(value, logits)
    return value.item(), grad.norm(dim=1).sum().item()


def seconds_of_pixel_losses(losses: dict, repeats: int) -> dict[str, float]:
    """Give the fastest forward and backward pass of each, taken in turns: other work on the machine slows all alike."""
    import torch

    logits, label = make_pixels(3.0)
    seconds = dict.fromkeys(losses, float('inf'))
    for _ in range(repeats):
        for name, loss in losses.items():
            began = time.perf_counter()
            torch.autograd.grad(loss(logits, label), logits)
            seconds[name] = min(seconds[name], time.perf_counter() - began)
    return seconds


def pixel_rows(repeats: int) -> Iterator[str]:
    """Measure every choice of pixel_losses.py and write a line of a table for each."""
    from mmengine.config import Config
    from mmengine.registry import DefaultScope

    with DefaultScope.overwrite_default_scope('mmseg'):
        block = Config.fromfile(ROOT / 'configs' / '_base_' / 'pixel_losses.py')
        losses = {name: build_pixel_loss(cfgs) for name, cfgs in block.items()}
    seconds = seconds_of_pixel_losses(losses, repeats)
    yield '\n| loss of pixels | loss, at first | gradient | loss, later | gradient | time |\n|---|---|---|---|---|---|'
    for name, loss in losses.items():
        values = [*measure_pixel_loss(loss, 0.2), *measure_pixel_loss(loss, 3.5)]
        ratio = seconds[name] / seconds['ce']
        yield f'| {name} | ' + ' | '.join(f'{value:.3g}' for value in values) + f' | {ratio:.1f} |'


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
    """Print the tables."""
    args = parse_args(argv)
    from mmengine.logging import MMLogger
    from mmengine.registry import init_default_scope

    import custom_modules  # noqa: F401 - registers everything

    init_default_scope('mmdet')
    MMLogger.get_instance('losses', log_level='ERROR')  # heads tell how each layer is initialised
    for row in itertools.chain(rows(args.boxes), pixel_rows(args.repeats)):
        print(row)


if __name__ == '__main__':
    main()
