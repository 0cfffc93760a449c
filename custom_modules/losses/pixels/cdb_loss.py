"""Cross entropy whose class weights follow how well the last validation went."""

from collections.abc import Sequence

import numpy as np
import torch
from mmengine.registry import MODELS
from torch import Tensor

from custom_modules.ops.precision import widen
from custom_modules.utils import UserError

from .trash_cross_entropy_loss import TrashCrossEntropyLoss


def difficulty_weights(difficulty: Tensor, tau: float | str = 'dynamic') -> Tensor:
    """Weigh classes by their difficulty, to a mean of 1.

    Sinha et al., Class-Wise Difficulty-Balanced Loss for Solving Class-Imbalance (ACCV 2020): weights ``d^tau`` of
    difficulties ``d = 1 - accuracy``; the dynamic ``tau = 2 / (1 + exp(-b))`` grows with the bias of the model,
    ``b = max accuracy / (min accuracy + 0.01) - 1``.

    Args:
        difficulty: (K,), from 0 to 1.
        tau: ``'dynamic'``, or a number from 0 on.

    Returns:
        (K,); ones where no class is difficult.
    """
    accuracy = 1 - difficulty
    if tau == 'dynamic':
        tau = 2 * torch.sigmoid(accuracy.max() / (accuracy.min() + 0.01) - 1)
    weights = difficulty**tau
    total = weights.sum()
    return torch.where(total > 0, weights * len(weights) / total.clamp(min=torch.finfo(total.dtype).tiny), 1.0)


@MODELS.register_module()
class CDBLoss(TrashCrossEntropyLoss):
    """Cross entropy weighted by :func:`difficulty_weights`; all classes are equal until the first validation.

    :class:`~custom_modules.engine.hooks.UpdateDifficultyHook`, which segmenters' runtime has, brings the scores of each
    validation.  The difficulties are part of a checkpoint.

    Args:
        num_classes: With Background; follows the data set.
        tau: See :func:`difficulty_weights`.
        loss_name: See :class:`PixelLoss`.
        **kwargs: Of :class:`PixelwiseLoss`, without ``class_weight``.

    Raises:
        UserError: ``tau`` is neither ``'dynamic'`` nor a number from 0 on.
    """

    def __init__(
        self, *, num_classes: int, tau: float | str = 'dynamic', loss_name: str = 'loss_cdb', **kwargs
    ) -> None:
        super().__init__(loss_name=loss_name, **kwargs)
        if tau != 'dynamic' and not (isinstance(tau, int | float) and tau >= 0):
            raise UserError(f"CDBLoss: tau={tau!r}: must be 'dynamic' or a number from 0 on")
        self.tau = tau
        self.register_buffer('difficulty', torch.ones(num_classes))

    def set_difficulty(self, accuracy: Sequence[float]) -> None:
        """Take the scores of a validation.

        Args:
            accuracy: (K,), from 0 to 1; NaN for a class without a score, which gets the mean of the others.

        Raises:
            ValueError: There is not one for each class.
        """
        difficulty = 1 - np.clip(np.array(accuracy, np.float64), 0, 1)
        if difficulty.shape != tuple(self.difficulty.shape):
            raise ValueError(f'CDBLoss: {difficulty.size} scores for {len(self.difficulty)} classes')
        known = ~np.isnan(difficulty)
        difficulty[~known] = difficulty[known].mean() if known.any() else 1.0
        self.difficulty.copy_(torch.from_numpy(difficulty))

    def class_factors(self, logits: Tensor) -> Tensor:
        """See :func:`difficulty_weights`."""
        return difficulty_weights(widen(self.difficulty), self.tau)
