"""Taking out the ReLUs that a model has behind norms which are their own activation."""

import torch
from mmcv.cnn import ConvModule
from torch import Tensor, nn

from .evonorm import EvoNorm


def drop_doubled_activations(model: nn.Module) -> None:
    """Let every EvoNorm of a model be the only activation where it stands, in place; names of parameters stay.

    It finds ``ConvModule``s, sequences with a ReLU behind the norm (deep stems), and modules that call one ``relu``
    after their norms (plain stems, residual blocks of ResNet and its kin).  The last norm of a residual branch and that
    of a projecting shortcut, which had no activation, become scale and shift, and the ReLU after the sum remains: so
    the authors of EvoNorm have it in ResNets that activate after the sum.

    Args:
        model: With or without such norms; must not have been given to an optimizer yet.
    """
    for module in list(model.modules()):
        if isinstance(module, ConvModule):
            _use_norm_alone(module)
        elif isinstance(module, nn.Sequential):
            _shorten(module)
        elif isinstance(getattr(module, 'relu', None), nn.ReLU) and _own_norms(module):
            module.relu = nn.Identity()
            if hasattr(module, 'downsample'):
                _end_with_relu(module)


def _own_norms(module: nn.Module) -> list[EvoNorm]:
    return [child for child in module.children() if isinstance(child, EvoNorm)]


def _use_norm_alone(module: ConvModule) -> None:
    norm_then_act = module.order.index('act') - module.order.index('norm') == 1
    if not (norm_then_act and module.with_norm and isinstance(module.norm, EvoNorm)):
        return
    if not module.with_activation:  # the linear end of an inverted residual
        module.norm.leave_affine()
    module.with_activation = False


def _shorten(sequence: nn.Sequential) -> None:
    before = None
    for name, child in sequence.named_children():
        if isinstance(child, nn.ReLU) and isinstance(before, EvoNorm):
            setattr(sequence, name, nn.Identity())  # positions are names of parameters
        before = child


def _end_with_relu(block: nn.Module) -> None:
    last = block.norm3 if hasattr(block, 'norm3') else block.norm2
    shortcut = block.downsample.modules() if block.downsample is not None else ()
    for norm in (last, *shortcut):
        if isinstance(norm, EvoNorm):
            norm.leave_affine()
    block.register_forward_hook(_relu)


def _relu(block: nn.Module, inputs: tuple, output: Tensor) -> Tensor:
    return torch.relu(output)
