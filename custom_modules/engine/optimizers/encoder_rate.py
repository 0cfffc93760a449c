"""One learning rate for the encoder, one for what stands on it."""

from mmengine.optim import DefaultOptimWrapperConstructor
from mmengine.registry import OPTIM_WRAPPER_CONSTRUCTORS
from torch import nn

from ...utils import UserError
from .swin_layer_decay import merge_groups


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class EncoderRateConstructor(DefaultOptimWrapperConstructor):
    """Multiply the backbone's rates by ``encoder_lr_mult``.

    The other keys of ``paramwise_cfg`` work as in upstream's default.  (There a custom key ``backbone`` slows the
    encoder too, but takes its norms and position tables out of all other rules: the longest key that fits wins,
    alone.)  Parameters of equal options share one group.

    Args:
        optim_wrapper_cfg: Config of the optimizer wrapper.
        paramwise_cfg: With ``encoder_lr_mult``, above 0.

    Raises:
        UserError: ``encoder_lr_mult`` is missing or out of its range, or, when called, the model has no backbone.
    """

    def __init__(self, optim_wrapper_cfg: dict, paramwise_cfg: dict | None = None) -> None:
        factor = (paramwise_cfg or {}).get('encoder_lr_mult')
        if not isinstance(factor, int | float) or factor <= 0:
            raise UserError(
                f'EncoderRateConstructor: optim_wrapper.paramwise_cfg.encoder_lr_mult is {factor}; '
                f'give a number above 0, such as 0.1'
            )
        super().__init__(optim_wrapper_cfg, paramwise_cfg)

    def add_params(self, params: list[dict], module: nn.Module, prefix: str = '', is_dcn_module=None) -> None:
        """Add a module's parameters; called by upstream with the model, and by itself for each part of it.

        Args:
            params: Groups so far.
            module: Whose parameters to add.
            prefix: Its name in the model.
            is_dcn_module: Whether its parent is a deformable convolution.
        """
        super().add_params(params, module, prefix, is_dcn_module)
        if prefix:
            return
        if not hasattr(module, 'backbone'):
            raise UserError('EncoderRateConstructor: the model has no backbone; leave optim_wrapper.constructor out')
        encoder = {id(weight) for weight in module.backbone.parameters()}
        for group in params:
            if id(group['params'][0]) in encoder:
                group['lr'] = group.get('lr', self.base_lr) * self.paramwise_cfg['encoder_lr_mult']
        params[:] = merge_groups(params)
