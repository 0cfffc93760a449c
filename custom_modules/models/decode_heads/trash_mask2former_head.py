"""Mask2Former's head, to which ignored pixels mean nothing."""

from typing import Any

import torch
from mmengine.structures import InstanceData
from mmseg.models.decode_heads import Mask2FormerHead
from mmseg.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional

# What a mask is at ignored pixels.  Masks are 0 and 1 and are read between pixels, too: a point that is nearer than a
# millionth of a pixel to what is ignored is still told by a value above 1.
IGNORED_MASK = 1_000_000
_NEVER = -100.0  # a logit whose sigmoid is 0, as is its cross entropy with 0


@MODELS.register_module()
class TrashMask2FormerHead(Mask2FormerHead):
    """Upstream's head, but pixels of ``ignore_index`` have no part in any loss, nor in who is matched with what.

    Upstream takes them for pixels outside every mask, so that ignore regions, the padding of crops and unsure pseudo
    labels would teach that nothing is there.  Masks are compared at random points; points on ignored pixels, and
    between these and others, get a prediction and a target of 0, which costs nothing.  More points are drawn where a
    mask is unsure (Cheng et al., 2022, section 3.3); inside of what is ignored none is for its own sake.

    Args:
        kwargs: Upstream's.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if hasattr(self, 'assigner'):  # training
            self.assigner = _AssignerOfSeen(self.assigner)
        for loss in (self.loss_mask, self.loss_dice):
            loss.register_forward_pre_hook(_leave_out)

    def loss(self, x: tuple[Tensor], batch_data_samples: list, train_cfg: Any) -> dict[str, Tensor]:
        """Calculate the losses of all layers of the decoder.

        Args:
            x: Maps of the backbone.
            batch_data_samples: With ``gt_sem_seg``, (1, H, W) labels each.
            train_cfg: Upstream's.
        """
        instances, metas = self._seg_data_to_instance_data(batch_data_samples)
        scores, masks = self(x, batch_data_samples)
        labels = torch.stack([sample.gt_sem_seg.data for sample in batch_data_samples])
        inside = inside_of(labels == self.ignore_index, masks[0].shape[-2:])
        masks = [mask.masked_fill(inside, _NEVER) for mask in masks]
        return self.loss_by_feat(scores, masks, instances, metas)

    def _seg_data_to_instance_data(self, batch_data_samples: list) -> tuple[list[InstanceData], list[dict]]:
        instances, metas = super()._seg_data_to_instance_data(batch_data_samples)
        for one, sample in zip(instances, batch_data_samples, strict=True):
            one.masks = one.masks.masked_fill(sample.gt_sem_seg.data == self.ignore_index, IGNORED_MASK)
        return instances, metas


class _AssignerOfSeen:
    """An assigner that does not look at ignored points."""

    def __init__(self, assigner: Any) -> None:
        self.assigner = assigner

    def assign(self, pred_instances: InstanceData, gt_instances: InstanceData, **kwargs: Any) -> Any:
        """Match queries with masks by (Q, P) logits and (M, P) masks at P points."""
        seen = (gt_instances.masks <= 1).all(dim=0)
        return self.assigner.assign(
            pred_instances=InstanceData(scores=pred_instances.scores, masks=_or(pred_instances.masks, seen, _NEVER)),
            gt_instances=InstanceData(labels=gt_instances.labels, masks=_or(gt_instances.masks, seen, 0)),
            **kwargs,
        )


def _leave_out(loss: nn.Module, inputs: tuple) -> tuple:
    """Give a loss 0 for the logits and targets of ignored points, before it is called."""
    logits, targets, *others = inputs
    seen = targets <= 1
    return _or(logits, seen, _NEVER), _or(targets, seen, 0), *others


def _or(values: Tensor, seen: Tensor, other: float) -> Tensor:
    return torch.where(seen, values, torch.full_like(values, other))


def inside_of(ignored: Tensor, size: tuple[int, int]) -> Tensor:
    """Tell the cells of a coarse map that no pixel which counts is read from.

    Args:
        ignored: (N, 1, H, W) bool, pixels.
        size: Height and width of the map.

    Returns:
        (N, 1, *size) bool: a cell and all its neighbours are ignored as a whole.
    """
    counts = functional.adaptive_max_pool2d((~ignored).float(), size)
    return functional.max_pool2d(counts, 3, stride=1, padding=1) == 0
