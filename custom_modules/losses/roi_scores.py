"""How a box head turns the logits of a class loss into scores."""

from mmdet.models.losses import accuracy
from torch import Tensor


class RoIScores:
    """Mixin for class losses whose logits are no softmax over classes and background.

    mmdet's ``BBoxHead`` asks its class loss for the number of outputs, the scores and the accuracy if the loss says
    so by these three attributes; otherwise it takes a softmax, whatever the loss was.  The loss has
    ``get_cls_channels(num_classes)``, the outputs of the classifier, and ``get_activation(cls_score)``, scores
    (N, num_classes + 1) in [0, 1] with the background last.
    """

    custom_cls_channels = True
    custom_activation = True
    custom_accuracy = True

    def get_accuracy(self, cls_score: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """Return how often the highest score is that of the label, percent.

        Args:
            cls_score: (N, channels) logits.
            labels: (N,) int64, ``num_classes`` for background.
        """
        return {'acc': accuracy(self.get_activation(cls_score), labels)}
