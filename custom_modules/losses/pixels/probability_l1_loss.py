"""L1 distance of probabilities from the truth."""

from mmengine.registry import MODELS
from torch import Tensor

from .pixel_loss import PixelwiseLoss


def probability_l1_loss(logits: Tensor, label: Tensor) -> Tensor:
    """Loss of each pixel: the sum over classes of ``|p - onehot|``, which is ``2 (1 - p_t)``.

    Ghosh et al., Robust Loss Functions under Label Noise for Deep Neural Networks (AAAI 2017), their MAE: a wrong label
    costs 2 at most, so that it pulls less than with cross entropy.

    Args:
        logits: (N, K, ...).
        label: (N, ...) int64, below K.

    Returns:
        (N, ...), from 0 to 2.
    """
    right = logits.softmax(dim=1).gather(1, label.unsqueeze(1)).squeeze(1)
    return 2 * (1 - right)


@MODELS.register_module()
class ProbabilityL1Loss(PixelwiseLoss):
    """Train pixels by :func:`probability_l1_loss`, beside cross entropy: alone it learns slowly.

    Args:
        loss_name: See :class:`PixelLoss`.
        **kwargs: Of :class:`PixelwiseLoss`.
    """

    def __init__(self, *, loss_name: str = 'loss_l1', **kwargs) -> None:
        super().__init__(loss_name=loss_name, **kwargs)

    def losses(self, logits: Tensor, label: Tensor) -> Tensor:
        """See :func:`probability_l1_loss`."""
        return probability_l1_loss(logits, label)
