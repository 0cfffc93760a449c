"""How mmcv calls the operators of deformable convolution, whoever computes them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor


class Geometry(NamedTuple):
    """Shape of a convolution; pairs are down, across.

    Attributes:
        kernel: Taps of the kernel.
        stride: Step between outputs, in cells.
        padding: Cells added at each border.
        dilation: Step between taps, in cells.
        groups: Groups of channels that are convolved apart.
        deform_groups: Groups of channels that share their offsets.
    """

    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    groups: int
    deform_groups: int


def geometry(options: dict[str, int]) -> Geometry:
    """Read the shape of a convolution from the keywords that mmcv calls its operators with.

    Args:
        options: ``kH, dH, padH, dilationH`` (and W) of v1, or ``kernel_h,
            stride_h, pad_h, dilation_h`` (and w) of v2; ``group``; ``deformable_group``.
    """
    if 'kH' in options:
        names = [(f'{name}H', f'{name}W') for name in ('k', 'd', 'pad', 'dilation')]
    else:
        names = [(f'{name}_h', f'{name}_w') for name in ('kernel', 'stride', 'pad', 'dilation')]
    pairs = [(options[down], options[across]) for down, across in names]
    return Geometry(*pairs, options['group'], options['deformable_group'])


class Convolution(NamedTuple):
    """What is convolved with what.

    Attributes:
        shape: The geometry.
        input: (B, C, H, W).
        weight: (O, C / groups, kH, kW).
        offset: (B, deform_groups * kH * kW * 2, H', W'), shift down and across, in cells.
        mask: (B, deform_groups * kH * kW, H', W'), factors of the taps; None without modulation.
        bias: (O,), or None.
    """

    shape: Geometry
    input: Tensor
    weight: Tensor
    offset: Tensor
    mask: Tensor | None = None
    bias: Tensor | None = None


class Gradients(NamedTuple):
    """Where gradients go, each like what it is the gradient of; None where one is not wanted.

    Attributes:
        input: Written, wanted together with ``offset``.
        offset: Written.
        mask: Written.
        weight: Added to.
        bias: Added to.
        weight_scale: A factor of what is added to ``weight``.
    """

    input: Tensor | None = None
    offset: Tensor | None = None
    mask: Tensor | None = None
    weight: Tensor | None = None
    bias: Tensor | None = None
    weight_scale: float = 1.0


@dataclass(frozen=True)
class DeformConvOperators:
    """mmcv's five operators over two functions.

    The arguments ``columns`` and ``ones`` and the option ``im2col_step`` are room and advice for mmcv's own way of
    computing, and not used.  All other options: see `geometry`.

    Attributes:
        forward: Takes the convolution and the output to write, (B, O, H', W').
        backward: Takes the convolution, the gradient of its output and where the others go.
    """

    forward: Callable[[Convolution, Tensor], None]
    backward: Callable[[Convolution, Tensor, Gradients], None]

    def deform_conv_forward(
        self,
        input: Tensor,
        weight: Tensor,
        offset: Tensor,
        output: Tensor,
        columns: Tensor,
        ones: Tensor,
        **options: int,
    ) -> None:
        """Convolve, each tap shifted by its offset; writes ``output``."""
        self.forward(Convolution(geometry(options), input, weight, offset), output)

    def deform_conv_backward_input(
        self,
        input: Tensor,
        offset: Tensor,
        gradOutput: Tensor,
        gradInput: Tensor,
        gradOffset: Tensor,
        weight: Tensor,
        columns: Tensor,
        **options: int,
    ) -> None:
        """Write the gradients of the input and of the offsets."""
        call = Convolution(geometry(options), input, weight, offset)
        self.backward(call, gradOutput, Gradients(input=gradInput, offset=gradOffset))

    def deform_conv_backward_parameters(
        self,
        input: Tensor,
        offset: Tensor,
        gradOutput: Tensor,
        gradWeight: Tensor,
        columns: Tensor,
        ones: Tensor,
        **options: float,
    ) -> None:
        """Add ``scale`` times the gradient of the kernel; it depends on the kernel's size alone."""
        call = Convolution(geometry(options), input, gradWeight, offset)
        self.backward(call, gradOutput, Gradients(weight=gradWeight, weight_scale=options['scale']))

    def modulated_deform_conv_forward(
        self,
        input: Tensor,
        weight: Tensor,
        bias: Tensor,
        ones: Tensor,
        offset: Tensor,
        mask: Tensor,
        output: Tensor,
        columns: Tensor,
        **options: int,
    ) -> None:
        """Convolve, each tap shifted by its offset and scaled by its mask; the option ``with_bias`` adds the bias.

        Offsets and masks may be larger than the output, see `_leading_part`.
        """
        bias = bias if options['with_bias'] else None
        offset, mask = (_leading_part(x.contiguous(), output) for x in (offset, mask))
        self.forward(Convolution(geometry(options), input, weight, offset, mask, bias), output)

    def modulated_deform_conv_backward(
        self,
        input: Tensor,
        weight: Tensor,
        bias: Tensor,
        ones: Tensor,
        offset: Tensor,
        mask: Tensor,
        columns: Tensor,
        grad_input: Tensor,
        grad_weight: Tensor,
        grad_bias: Tensor,
        grad_offset: Tensor,
        grad_mask: Tensor,
        grad_output: Tensor,
        **options: int,
    ) -> None:
        """Write or add to all gradients; those of offsets and masks that were not read stay as they are."""
        with_bias = options['with_bias']
        offset, mask = (_leading_part(x.contiguous(), grad_output) for x in (offset, mask))
        grad_offset, grad_mask = (_leading_part(x, grad_output) for x in (grad_offset, grad_mask))
        call = Convolution(geometry(options), input, weight, offset, mask, bias if with_bias else None)
        wanted = Gradients(grad_input, grad_offset, grad_mask, grad_weight, grad_bias if with_bias else None)
        self.backward(call, grad_output, wanted)


def _leading_part(maps: Tensor, output: Tensor) -> Tensor:
    """View the values that mmcv's compiled operator reads of offsets or masks for an output of a smaller size.

    It takes as many values of each picture as it needs, in the order they lie in memory.  DyHead (mmdet's and the
    authors') applies the offsets of one level to the next smaller one in this way, and published weights rely on it.

    Args:
        maps: (B, C, H, W).
        output: (B, O, H', W').

    Returns:
        (B, C, H', W'), a view; ``maps`` itself if they are of that size, or smaller, which is an error elsewhere.
    """
    channels, size = maps.size(1), output.shape[2:]
    count = channels * size.numel()
    if maps.shape[2:] == size or maps[0].numel() < count:
        return maps
    return maps.view(len(maps), -1)[:, :count].unflatten(1, (channels, *size))
