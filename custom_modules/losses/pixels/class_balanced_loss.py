"""Focal loss or cross entropy weighted by the effective number of pictures of each class."""

from collections.abc import Sequence

import numpy as np
from mmengine.registry import MODELS
from torch import Tensor

from custom_modules.utils import UserError

from .trash_focal_loss import TrashFocalLoss


def effective_number_weights(counts: Sequence[int], *, beta: float) -> np.ndarray:
    """Weigh classes by the inverse of the effective number of their samples, to a mean of 1.

    Cui et al., Class-Balanced Loss Based on Effective Number of Samples (CVPR 2019), equation 4 and section 4.1:
    ``(1 - beta) / (1 - beta^n)``.

    Args:
        counts: (K,) samples of each class.
        beta: In [0, 1); 0 weighs all alike, towards 1 it is the inverse of the count.

    Returns:
        (K,) float64; 0 for a class without samples, which the mean leaves out.
    """
    counts = np.asarray(counts, np.float64)
    effective = -np.expm1(counts * np.log(beta)) / (1 - beta) if beta > 0 else (counts > 0).astype(np.float64)
    weights = np.divide(1, effective, out=np.zeros_like(effective), where=counts > 0)
    return weights / weights[counts > 0].mean() if (counts > 0).any() else weights


@MODELS.register_module()
class ClassBalancedLoss(TrashFocalLoss):
    """:func:`softmax_focal_loss` or cross entropy weighted by :func:`effective_number_weights`.

    The samples are pictures that show a class, not pixels: those of one picture say nearly the same, and of a hundred
    thousand pixels or more, which every class has, the effective number is the same.  They are counted at the start by
    :class:`~custom_modules.engine.hooks.CountClassesHook`, which segmenters' runtime has, in the data that is trained
    on: a fold or pseudo labels have counts of their own.

    Args:
        beta: See :func:`effective_number_weights`; by default 100 pictures weigh ten times as much as 3,000.
        gamma: See :func:`softmax_focal_loss`; 0 for cross entropy.
        class_counts: Pictures of each class, Background first, in place of those the hook counts.
        loss_name: See :class:`PixelLoss`.
        **kwargs: Of :class:`PixelwiseLoss`, without ``class_weight``.

    Raises:
        UserError: ``beta`` is not in [0, 1).
    """

    def __init__(
        self,
        *,
        beta: float = 0.999,
        gamma: float = 0.0,
        class_counts: Sequence[int] | None = None,
        loss_name: str = 'loss_cb',
        **kwargs,
    ) -> None:
        super().__init__(gamma, loss_name=loss_name, **kwargs)
        if not 0 <= beta < 1:
            raise UserError(f'ClassBalancedLoss: beta={beta}: must be in [0, 1), 0.999 is usual')
        self.beta = beta
        self.has_own_counts = class_counts is not None
        if class_counts is not None:
            self._weigh(class_counts)

    def set_class_counts(self, counts: Sequence[int]) -> None:
        """Take the number of training pictures (K,) of each class, unless the config has given them."""
        if not self.has_own_counts:
            self._weigh(counts)

    def _weigh(self, counts: Sequence[int]) -> None:
        self.class_weight = effective_number_weights(counts, beta=self.beta).tolist()

    def class_factors(self, logits: Tensor) -> Tensor:
        """Give the weights of the classes (K,).

        Raises:
            UserError: Nobody has counted, or not as many classes.
        """
        if self.class_weight is None:
            raise UserError(
                'ClassBalancedLoss has no class counts: add default_hooks.class_counts (CountClassesHook) of '
                '_base_/runtime_segmentation.py, or give class_counts'
            )
        return super().class_factors(logits)
