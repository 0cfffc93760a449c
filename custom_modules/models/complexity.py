"""Parameters and multiply-adds of a model, counted on shapes alone: no weights, no pictures, two seconds.

The convention is that of the published tables: one multiply-add is one FLOP; convolutions, linear layers and all
matrix products (attention too, windows after padding) count, norms 5 an element, bilinear resizing and sampling 4 an
element.  RoI heads count at as many proposals and detections as the test settings allow; segmenters up to the maps
of the picture's size, which for Mask2Former includes putting classes and masks together.
"""

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from math import prod
from typing import Any
from unittest import mock

import torch
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.registry import DefaultScope
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only
from torch.utils.flop_counter import FlopCounterMode

from ..ops import extension
from ..utils import UserError
from .config_walk import registry_of, walk_dicts

aten = torch.ops.aten
_PER_NORM, _PER_SAMPLE = 5, 4
_SAMPLES_PER_BIN = 4  # of RoIAlign: 2 x 2, what the sizes that each level is given come to


@dataclass(frozen=True)
class Complexity:
    """What a model costs on one picture.

    Attributes:
        parameters: Their number, frozen ones too.
        flops: Multiply-adds of one prediction.
        size: Width and height of the picture in px, padded as the model pads.
        parts: Parameters and flops of each part, such as ``backbone``.
        proposals: Proposals and detections the RoI heads were counted at; None without RoI heads.
    """

    parameters: int
    flops: int
    size: tuple[int, int]
    parts: dict[str, tuple[int, int]] = field(default_factory=dict)
    proposals: tuple[int, int] | None = None


def count_complexity(model_cfg: dict, size: tuple[int, int]) -> Complexity:
    """Count a model's parameters, and its multiply-adds on one picture.

    Args:
        model_cfg: The model part of a config, with the class count of the data set.
        size: Width and height of the picture, px.

    Returns:
        The counts.

    Raises:
        UserError: The model uses an operator whose cost is not known.
    """
    width, height = (_padded(side, model_cfg) for side in size)
    registry = registry_of(model_cfg)
    with DefaultScope.overwrite_default_scope(registry.scope), _EmptyFactories(), _MixedDevices():
        model = registry.build(copy.deepcopy(model_cfg))  # detectors write into their config
    walk = _Prediction(model.eval())
    picture = torch.empty(1, 3, height, width, device='meta')
    counter = FlopCounterMode(display=False, depth=None, custom_mapping=_doubled(_FORMULAS))
    with torch.no_grad(), _MixedDevices(), counter, _counted_operators(counter):
        walk(picture)
    flops = {name: sum(counts.values()) // 2 for name, counts in counter.get_flop_counts().items()}
    parts = {
        name: (_parameters(part), _flops_of(part, f'_Prediction.model.{name}', flops))
        for name, part in model.named_children()
    }
    if 'decode_head' in parts:  # its predictions are made in a method that the counter takes for the model's
        parameters, counted = parts['decode_head']
        parts['decode_head'] = parameters, counted + flops['Global'] - sum(part for _, part in parts.values())
    return Complexity(_parameters(model), flops['Global'], (width, height), parts, walk.proposals)


def _flops_of(part: nn.Module, name: str, flops: dict[str, int]) -> int:
    """Look up a part, or add up what is in one whose forward was called past its hooks."""
    if name in flops:
        return flops[name]
    return sum(_flops_of(child, f'{name}.{child_name}', flops) for child_name, child in part.named_children())


def picture_size(cfg: Config) -> tuple[int, int]:
    """Find the size that a config's test pipeline brings pictures to.

    Args:
        cfg: A config with a test loader.

    Returns:
        Width and height, px, of a picture that fills it.

    Raises:
        UserError: The pipeline has no step with one ``scale``.
    """
    scales = [step.get('scale') for _, step in walk_dicts(cfg.test_dataloader.dataset)]
    sizes = [tuple(scale) for scale in scales if isinstance(scale, list | tuple)]
    if not sizes:
        raise UserError(f'{cfg.filename}: its test pipeline resizes to no fixed size; give --size W H')
    return sizes[0]


def _padded(side: int, model_cfg: dict) -> int:
    preprocessor = model_cfg.get('data_preprocessor') or {}
    divisor = (preprocessor.get('test_cfg') or {}).get('size_divisor') or preprocessor.get('pad_size_divisor', 1)
    return -(-side // divisor) * divisor


def _parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


class _Prediction(nn.Module):
    """The parts of a prediction that cost: everything but the choice of boxes, which depends on values.

    Args:
        model: The detector or segmenter.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.proposals = None
        if getattr(model, 'with_roi_head', False) and hasattr(model.roi_head, '_bbox_forward'):
            settings = model.test_cfg
            self.proposals = (settings.rpn.max_per_img, settings.rcnn.max_per_img)

    def forward(self, picture: Tensor) -> None:
        """Run on a picture (1, 3, H, W)."""
        shape = tuple(picture.shape[-2:])
        if hasattr(self.model, 'encode_decode'):
            self.model.encode_decode(picture, [{'img_shape': shape, 'ori_shape': shape, 'pad_shape': shape}])
            return
        if self.proposals is None:
            sample = DetDataSample(metainfo={'img_shape': shape, 'batch_input_shape': shape, 'pad_shape': shape})
            self.model._forward(picture, [sample])
            return
        features = self.model.extract_feat(picture)
        self.model.rpn_head(features)
        boxes, detections = (_boxes(count, shape) for count in self.proposals)
        self._run_roi_head(self.model.roi_head, features, boxes, detections)

    def _run_roi_head(self, head: nn.Module, features: Sequence[Tensor], boxes: Tensor, detections: Tensor) -> None:
        stages = range(head.num_stages) if hasattr(head, 'num_stages') else None
        for stage in stages or [None]:
            head._bbox_forward(*_without_none(stage), features, boxes)
        if not head.with_mask:
            return
        if getattr(head, 'mask_info_flow', None) is not None:  # HTC: one call runs the heads of all stages
            head._mask_forward(-1, features, detections, training=False)
            return
        for stage in stages or [None]:
            head._mask_forward(*_without_none(stage), features, detections)


def _without_none(stage: int | None) -> tuple[int, ...]:
    return () if stage is None else (stage,)


def _boxes(count: int, shape: tuple[int, int]) -> Tensor:
    """Place boxes of all sizes: (count, 5), the picture's number and xyxy in px."""
    height, width = shape
    sides = torch.linspace(0.05, 1.0, count)
    zeros = torch.zeros(count)
    return torch.stack([zeros, zeros, zeros, sides * width, sides * height], dim=1)


class _EmptyFactories(TorchFunctionMode):
    """Make what weights are made of without memory.

    Not the ``meta`` device for everything: models read numbers back while they are built, such as drop path rates.
    """

    factories = frozenset({torch.empty, torch.zeros, torch.ones, torch.rand, torch.randn, torch.full})

    def __torch_function__(self, function: Callable, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        kwargs = dict(kwargs or {})
        if function in self.factories and kwargs.get('device') is None:
            kwargs['device'] = 'meta'
        return function(*args, **kwargs)


class _MixedDevices(TorchDispatchMode):
    """Let numbers meet shapes: numbers stay what they are, a result with a shape in it is a shape.

    Models read sizes of maps and places of boxes back from tensors, which have to be real on that account.  Where the
    values of a shape would choose, everything is chosen.
    """

    def __torch_dispatch__(self, function: Callable, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        kwargs = kwargs or {}
        if function is aten._to_copy.default and not args[0].is_meta:
            kwargs = {key: value for key, value in kwargs.items() if key != 'device'}
        elif any(part.is_meta for part in _tensors((args, kwargs))):
            args, kwargs = tree_map_only(Tensor, lambda part: part.to('meta'), (args, kwargs))
            if function in _CHOICES:
                return _CHOICES[function](args[0])
        return function(*args, **kwargs)


def _all_places(tensor: Tensor) -> Tensor:
    return tensor.new_empty(tensor.numel(), tensor.dim(), dtype=torch.long)


def _one_value(tensor: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return tensor.new_empty(1), tensor.new_empty(tensor.shape, dtype=torch.long), tensor.new_empty(1, dtype=torch.long)


_CHOICES = {aten.nonzero.default: _all_places, aten._unique2.default: _one_value}


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        yield from _tensors(list(value.values()))
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _tensors(part)


def _norm(shape: Sequence[int], *args: Any, out_shape: Any = None, **kwargs: Any) -> int:
    return _PER_NORM * prod(shape)


def _resize(shape: Sequence[int], *args: Any, out_shape: Sequence[int], **kwargs: Any) -> int:
    return _PER_SAMPLE * prod(out_shape)


_FORMULAS = {
    aten.native_layer_norm: _norm,
    aten.native_group_norm: _norm,
    aten._native_batch_norm_legit_no_training: _norm,  # what the counter makes of native_batch_norm
    aten.upsample_bilinear2d: _resize,
    aten.grid_sampler_2d: _resize,
}


def _doubled(formulas: dict[Any, Callable]) -> dict[Any, Callable]:
    """Bring our formulas to the counter's unit: it takes a multiply-add for two."""
    return {operator: lambda *a, f=formula, **k: 2 * f(*a, **k) for operator, formula in formulas.items()}


def _roi_align(input: Tensor, rois: Tensor, output: Tensor, *args: Any, **kwargs: Any) -> int:
    return _PER_SAMPLE * _SAMPLES_PER_BIN * output.numel()


def _deform_conv(input: Tensor, weight: Tensor, output: Tensor) -> int:
    """A matrix product of sampled values."""
    samples = input.size(1) * prod(weight.shape[2:]) * prod(output.shape[2:]) * len(output)
    return output.numel() * prod(weight.shape[1:]) + _PER_SAMPLE * samples


def _deform_conv_v1(input: Tensor, weight: Tensor, offset: Tensor, output: Tensor, *args: Any, **kwargs: Any) -> int:
    return _deform_conv(input, weight, output)


def _deform_conv_v2(
    input: Tensor,
    weight: Tensor,
    bias: Tensor,
    ones: Tensor,
    offset: Tensor,
    mask: Tensor,
    output: Tensor,
    *args: Any,
    **kwargs: Any,
) -> int:
    return _deform_conv(input, weight, output)


def _attention(value: Tensor, shapes: Tensor, starts: Tensor, places: Tensor, weights: Tensor, *args: Any) -> int:
    return _PER_SAMPLE * weights.numel() * value.size(-1)


def _nms(boxes: Tensor, *args: Any, **kwargs: Any) -> int:
    """Nothing: it compares, and multiplies little."""
    return 0


_OPERATORS = {
    'nms': _nms,
    'roi_align_forward': _roi_align,
    'deform_conv_forward': _deform_conv_v1,
    'modulated_deform_conv_forward': _deform_conv_v2,
    'ms_deform_attn_forward': _attention,
}


@contextmanager
def _counted_operators(counter: FlopCounterMode) -> Iterator[None]:
    """Count mmcv's operators in place of running them; most have been given the tensor of their result."""

    def call(name: str, *args: Any, **kwargs: Any) -> Tensor | None:
        if name not in _OPERATORS:
            raise UserError(
                f'the cost of the operator {name} is not known: add it to custom_modules/models/complexity.py'
            )
        kwargs.pop('im2col_step', None)
        for part in set(counter.mod_tracker.parents):
            counter.flop_counts[part][name] += 2 * _OPERATORS[name](*args, **kwargs)
        if name == 'nms':  # all are kept
            return args[0].new_empty(len(args[0]), dtype=torch.long)
        if name == 'ms_deform_attn_forward':
            value, places = args[0], args[3]
            return value.new_empty(len(value), places.size(1), value.size(2) * value.size(3))
        return None

    precision = mock.patch.object(torch, 'autocast', lambda *args, **kwargs: nullcontext())  # shapes have none
    with mock.patch.object(extension, 'call', call), precision:
        yield
