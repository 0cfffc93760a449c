"""Leave objects without a mask out of the mask loss."""

from types import SimpleNamespace

import numpy as np
import torch
from torch import Tensor


class SkipMissingMasks:
    """Mixin for a mask head of mmdet, to be put before it among the bases.

    A proposal that was matched to an object without a mask adds nothing to the mask loss, and does not count in
    its average.  Where all objects have masks, or the masks are upstream's own, nothing changes.
    """

    def loss_and_target(
        self, mask_preds: Tensor, sampling_results: list, batch_gt_instances: list, rcnn_train_cfg: dict
    ) -> dict:
        """Calculate loss and targets of the proposals whose object has a mask.

        Args:
            mask_preds: (num_pos, num_classes, h, w) logits.
            sampling_results: Sampled proposals of each picture.
            batch_gt_instances: Ground truth of each picture, with ``masks``.
            rcnn_train_cfg: Training settings of this stage, with ``mask_size``.

        Returns:
            ``loss_mask`` (a dict with the loss; 0 with a gradient of 0 if nothing is left) and ``mask_targets``
            (n, h, w) of the n proposals that were used.
        """
        kept = [_with_mask(*pair) for pair in zip(sampling_results, batch_gt_instances, strict=True)]
        if any(keep is not None for keep in kept):
            pairs = list(zip(sampling_results, kept, strict=True))
            selection = [torch.ones_like(s.pos_gt_labels, dtype=torch.bool) if k is None else k for s, k in pairs]
            mask_preds = mask_preds[torch.cat(selection)]
            sampling_results = [s if k is None else _select(s, k) for s, k in pairs]
        return super().loss_and_target(mask_preds, sampling_results, batch_gt_instances, rcnn_train_cfg)


def _with_mask(sampling_result, gt_instances) -> Tensor | None:
    """Say which positive proposals have an object with a mask, (num_pos,) bool, or None when all have.

    Asks the device for nothing where all objects have masks, which is the common case.
    """
    has_mask: np.ndarray | None = getattr(gt_instances.masks, 'has_mask', None)
    if has_mask is None or has_mask.all():
        return None
    assigned = sampling_result.pos_assigned_gt_inds
    return torch.from_numpy(has_mask).to(assigned.device)[assigned]


def _select(sampling_result, keep: Tensor) -> SimpleNamespace:
    """Give what mask heads read of a sampling result, for some of its positive proposals."""
    names = ('pos_priors', 'pos_assigned_gt_inds', 'pos_gt_labels')
    return SimpleNamespace(**{name: getattr(sampling_result, name)[keep] for name in names})
