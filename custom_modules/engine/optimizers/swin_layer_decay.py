"""A learning rate that falls from the top of a Swin backbone to its bottom."""

import re

from mmengine.optim import DefaultOptimWrapperConstructor
from mmengine.registry import OPTIM_WRAPPER_CONSTRUCTORS
from torch import nn

from ...utils import UserError

_PLACE = re.compile(r'backbone\.stages\.(\d+)\.(?:blocks\.(\d+)|downsample)\.')


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class SwinLayerDecayConstructor(DefaultOptimWrapperConstructor):
    """Multiply each layer's rate by ``decay_rate`` to the power of its depth below the head.

    Layers as in "SimMIM: A Simple Framework for Masked Image Modeling" (2022)
    for Swin: the patch embedding is layer 0, the blocks are 1 to their number
    over all stages, a patch merging belongs to the last block before it.
    Neck, heads and the backbone's output norms, which no published backbone
    brings, keep the full rate.  (Upstream's constructor knows ConvNeXt alone.)

    The other keys of ``paramwise_cfg`` work as in upstream's default: norms
    and position biases are kept from decay by them.  Parameters of equal
    options share one group.

    Args:
        optim_wrapper_cfg: Config of the optimizer wrapper.
        paramwise_cfg: With ``decay_rate``, above 0 and up to 1.

    Raises:
        UserError: ``decay_rate`` is missing or out of its range, or, when called, the backbone is no Swin.
    """

    def __init__(self, optim_wrapper_cfg: dict, paramwise_cfg: dict | None = None) -> None:
        rate = (paramwise_cfg or {}).get('decay_rate')
        if not isinstance(rate, (int, float)) or not 0 < rate <= 1:
            raise UserError(
                f'SwinLayerDecayConstructor: optim_wrapper.paramwise_cfg.decay_rate is {rate}; '
                f'give a number above 0 and up to 1, such as 0.9'
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
        depths = swin_depths(module)
        names = {id(parameter): name for name, parameter in module.named_parameters()}
        for group in params:
            layer = swin_layer(names[id(group['params'][0])], depths)
            factor = self.paramwise_cfg['decay_rate'] ** (sum(depths) + 1 - layer)
            group['lr'] = group.get('lr', self.base_lr) * factor
        params[:] = merge_groups(params)


def swin_depths(model: nn.Module) -> list[int]:
    """Return the blocks of each stage of a model's backbone.

    Raises:
        UserError: The backbone is no Swin.
    """
    backbone = getattr(model, 'backbone', None)
    stages = getattr(backbone, 'stages', [])
    if not hasattr(backbone, 'patch_embed') or not stages or not all(hasattr(stage, 'blocks') for stage in stages):
        raise UserError(
            f'SwinLayerDecayConstructor: the backbone is a {type(backbone).__name__}, not a Swin; '
            f'leave optim_wrapper.constructor out'
        )
    return [len(stage.blocks) for stage in stages]


def swin_layer(name: str, depths: list[int]) -> int:
    """Return the layer a parameter belongs to.

    Args:
        name: Its name in the model, such as ``backbone.stages.2.blocks.5.norm1.weight``.
        depths: Blocks of each stage.

    Returns:
        From 0, the patch embedding, to the number of blocks plus 1, everything above the blocks.
    """
    if name.startswith(('backbone.patch_embed.', 'backbone.absolute_pos_embed')):
        return 0
    place = _PLACE.match(name)
    if not place:
        return sum(depths) + 1
    stage, block = int(place[1]), place[2]
    return sum(depths[: stage + 1]) if block is None else sum(depths[:stage]) + int(block) + 1


def merge_groups(groups: list[dict]) -> list[dict]:
    """Put parameters whose options are equal into one group, in the order of their first."""
    merged: dict[tuple, dict] = {}
    for group in groups:
        options = {key: value for key, value in group.items() if key != 'params'}
        key = tuple(sorted(options.items()))
        merged.setdefault(key, {'params': [], **options})['params'] += group['params']
    return list(merged.values())
