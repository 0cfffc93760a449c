"""Train the heads alone for the first epochs."""

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.registry import HOOKS
from torch import nn

from ...utils import UserError


@HOOKS.register_module()
class FreezeEncoderHook(Hook):
    """Leave the backbone as its start weights are until the heads, which start from noise, have learned something.

    Its parameters get no gradient, so that the optimizer passes them over, weight decay and its own statistics
    included; batch norms keep their running statistics, and nothing is dropped.  The epoch alone decides, so that a
    resumed run goes on as an uninterrupted one.  What the config itself freezes stays so afterwards.

    In several processes the wrapper must expect parameters without a gradient: the config says
    ``find_unused_parameters = True`` at its top level.

    Args:
        epochs: How many epochs to leave it.

    Raises:
        UserError: ``epochs`` is not a whole number from 1 on.
    """

    def __init__(self, *, epochs: int) -> None:
        if not isinstance(epochs, int) or epochs < 1:
            raise UserError(f'FreezeEncoderHook: epochs is {epochs!r}; give a whole number from 1 on')
        self.epochs = epochs
        self._frozen: list[nn.Parameter] = []

    def before_train(self, runner) -> None:
        """Check that there is an encoder, that it gets its turn, and that several processes can do without it.

        Raises:
            UserError: One of these is not so.
        """
        if not isinstance(getattr(runner.plain_model, 'backbone', None), nn.Module):
            raise UserError('FreezeEncoderHook: the model has no backbone; take the hook out of custom_hooks')
        if self.epochs >= runner.max_epochs:
            raise UserError(
                f'FreezeEncoderHook: epochs is {self.epochs}, the training has {runner.max_epochs}: the encoder would '
                f'never learn; give less'
            )
        if is_model_wrapper(runner.model) and not getattr(runner.model, 'find_unused_parameters', True):
            raise UserError(
                'FreezeEncoderHook: several processes wait for the gradients of the encoder; '
                'add find_unused_parameters = True to the config'
            )

    def before_train_epoch(self, runner) -> None:
        """Freeze the encoder, or let it go."""
        if runner.epoch >= self.epochs:
            self._release(runner)
        elif not self._frozen:
            self._frozen = [weight for weight in runner.plain_model.backbone.parameters() if weight.requires_grad]
            for weight in self._frozen:
                weight.requires_grad_(False)
            runner.logger.info(f'the encoder is frozen for the first {self.epochs} epochs')

    def before_train_iter(self, runner, batch_idx: int, data_batch=None) -> None:
        """Keep statistics and dropping off: the loop switches the whole model to training after each epoch's begin."""
        if self._frozen and runner.plain_model.backbone.training:
            runner.plain_model.backbone.eval()

    def on_leave(self, runner) -> None:
        """Give the model back as it was, if the training ended early."""
        self._release(runner)

    def _release(self, runner) -> None:
        if self._frozen:
            runner.logger.info('the encoder learns, too')
        for weight in self._frozen:
            weight.requires_grad_(True)
        self._frozen = []
