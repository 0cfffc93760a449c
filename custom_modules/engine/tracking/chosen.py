"""The few numbers that are worth a curve; the display and every tracker take them from here, scalars.csv has all."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mmengine.logging import HistoryBuffer

if TYPE_CHECKING:
    from ...evaluation import Result

SCORES = ('mAP50', 'mAP', 'segm_mAP50', 'segm_mAP', 'mIoU', 'mIoU_per_image', 'boundary_IoU')


def training_scalars(buffers: Mapping[str, HistoryBuffer], window: int) -> dict[str, float]:
    """Choose from what a training iteration left in the message hub.

    The parts of the loss are summed over the stages of a cascade and the
    layers of a decoder, so that a detector has five or ten and not sixty.

    Args:
        buffers: ``MessageHub.log_scalars``.
        window: Iterations over which losses and gradient norm are averaged.

    Returns:
        ``loss``, ``lr``, ``grad_norm`` if gradients are clipped, and the parts, such as ``loss_cls``.
    """
    values = {name.removeprefix('train/'): buffer for name, buffer in buffers.items() if name.startswith('train/')}
    # Where groups have rates of their own, base_lr is the one of the config.
    rate = values.get('base_lr', values.get('lr'))
    chosen = {'loss': values['loss'].mean(window)} if 'loss' in values else {}
    if rate is not None:
        chosen['lr'] = rate.current()
    if 'grad_norm' in values:
        chosen['grad_norm'] = values['grad_norm'].mean(window)
    for name, buffer in values.items():
        if 'loss' in name and name != 'loss':
            part = name.rsplit('.', 1)[-1]
            chosen[part] = chosen.get(part, 0.0) + buffer.mean(window)
    return {name: float(value) for name, value in chosen.items()}


def validation_scalars(metrics: Mapping[str, float], details: 'Result | None' = None) -> dict[str, float]:
    """Choose from the scores of a validation.

    Args:
        metrics: Scores by name.
        details: The same with those of each class.

    Returns:
        The main scores as ``val/...`` and those per class as ``AP50/...`` or ``IoU/...``.
    """
    scores = {f'val/{name}': float(metrics[name]) for name in SCORES if name in metrics}
    per_class = details.class_scores() if details else {}
    return scores | {f'{details.CLASS_SCORE}/{name}': value for name, value in per_class.items()}
