"""Mixed precision that runs on any device."""

from contextlib import contextmanager
from typing import Any

import torch
from mmengine.config import Config
from mmengine.optim import AmpOptimWrapper, OptimWrapper
from mmengine.registry import OPTIM_WRAPPERS


@OPTIM_WRAPPERS.register_module()
class Bfloat16OptimWrapper(OptimWrapper):
    """Run the forward pass in bfloat16; its range is float32's, so no loss scaling is needed.

    Upstream's AmpOptimWrapper needs a GPU and scales the loss for any type.
    """

    @contextmanager
    def optim_context(self, model: torch.nn.Module):
        """Cast what gains from it inside the block."""
        device = next(model.parameters()).device.type
        with super().optim_context(model), torch.autocast(device, dtype=torch.bfloat16):
            yield


def autocast(device: torch.device) -> torch.autocast:
    """Return a context for mixed precision without training: bfloat16, or float16 on cards that lack it."""
    return torch.autocast(device.type, dtype=torch.float16 if _lacks_bfloat16(device) else torch.bfloat16)


def _lacks_bfloat16(device: torch.device) -> bool:
    return device.type == 'cuda' and not torch.cuda.is_bf16_supported(including_emulation=False)


def is_mixed(optim_wrapper: OptimWrapper) -> bool:
    """Tell whether a training runs in mixed precision."""
    return isinstance(optim_wrapper, Bfloat16OptimWrapper | AmpOptimWrapper)


def keep_boxes_exact(model: torch.nn.Module) -> None:
    """Let a detector calculate with boxes in float32 whatever autocast does.

    Upstream gives anchors, proposals and RoIs the type of what heads and features come in.  In bfloat16 (8 bits) a
    coordinate of 1000 pixels would be off by up to 2, one of 4000 by up to 8.  So what heads predict, and the features
    that RoIs are cut out of, become float32; the layers before and between run as autocast says.  In training the
    proposals that targets are made of stay exact, too; what the backward pass needs is as large as before.

    Args:
        model: Any detector of mmdet; changed.
    """
    from mmdet.models.roi_heads.roi_extractors.base_roi_extractor import BaseRoIExtractor

    for module in model.modules():
        if isinstance(module, BaseRoIExtractor):
            module.register_forward_pre_hook(lambda _, features_and_rois: _to_float32(features_and_rois))
        elif hasattr(module, 'predict_by_feat'):
            module.register_forward_hook(lambda _, inputs, outputs: _to_float32(outputs))


def _to_float32(values: Any) -> Any:
    if isinstance(values, list | tuple):
        return type(values)(map(_to_float32, values))
    return values.float() if isinstance(values, torch.Tensor) and values.is_floating_point() else values


def use_mixed_precision(cfg: Config) -> str:
    """Switch a config to mixed precision and say which.

    bfloat16 where the device has it (CPUs, and cards from Ampere on), else
    float16 with loss scaling.
    """
    if not torch.cuda.is_available() or torch.cuda.is_bf16_supported(including_emulation=False):
        cfg.optim_wrapper.type = 'Bfloat16OptimWrapper'
        return 'mixed precision: bfloat16'
    cfg.optim_wrapper.type = 'AmpOptimWrapper'
    cfg.optim_wrapper.dtype = 'float16'
    cfg.optim_wrapper.loss_scale = 'dynamic'
    return 'mixed precision: float16 with loss scaling (this card has no bfloat16)'


def use_low_memory(cfg: Config) -> str:
    """Switch activation checkpointing on: the backbone's inner activations are computed again for the backward.

    A backbone's own switch is taken where it has no batch norms: computed again, these would count every picture twice.
    """
    from ..models.config_walk import constructor_default, registry_of, resolve_type

    backbone = resolve_type(cfg.model.backbone, registry_of(cfg.model))
    norm = cfg.model.backbone.get('norm_cfg') or (constructor_default(backbone, 'norm_cfg')[1] if backbone else None)
    averages = isinstance(norm, dict) and norm.get('type') != 'LN'
    if backbone and constructor_default(backbone, 'with_cp')[0] and not averages:
        cfg.model.backbone.with_cp = True
    else:
        cfg.custom_hooks = [*(cfg.get('custom_hooks') or []), {'type': 'RecomputeHook'}]
    return "low memory: the backbone's activations are recomputed in the backward pass"
