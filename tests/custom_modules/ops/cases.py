"""Calls of operators, in the convention of ``mmcv._ext``, that the compiled module and ours must answer alike."""

from collections.abc import Callable

import torch
from torch import Tensor

ROI_ALIGN = {
    f'roi_align-{mode}-{"aligned" if aligned else "legacy"}-{f"{ratio}_samples" if ratio else "adaptive"}': dict(
        pool_mode=('max', 'avg').index(mode), aligned=aligned, sampling_ratio=ratio
    )
    for mode in ('max', 'avg')
    for aligned in (True, False)
    for ratio in (0, 2)
}
SOFT_NMS = {
    f'softnms-{method}-offset_{offset}': dict(method=number, offset=offset)
    for number, method in enumerate(('naive', 'linear', 'gaussian'))
    for offset in (0, 1)
}
NMS = {
    f'nms-{threshold}-offset_{offset}': dict(iou_threshold=threshold, offset=offset)
    for threshold in (0.3, 0.7)
    for offset in (0, 1)
}
OVERLAPS = {
    f'bbox_overlaps-{mode}-{"aligned" if aligned else "all_pairs"}-offset_{offset}': dict(
        mode=('iou', 'iof').index(mode), aligned=aligned, offset=offset
    )
    for mode in ('iou', 'iof')
    for aligned in (False, True)
    for offset in (0, 1)
}
# kernel, stride, padding, dilation, groups, deform groups, modulated, bias
CONVOLUTIONS = {
    'deform_conv-plain': ((3, 3), (1, 1), (1, 1), (1, 1), 1, 1, False, False),
    'deform_conv-strided-dilated-grouped': ((3, 2), (2, 1), (1, 2), (1, 2), 2, 4, False, False),
    'modulated_deform_conv-plain': ((3, 3), (1, 1), (1, 1), (1, 1), 1, 1, True, False),
    'modulated_deform_conv-bias-strided-grouped': ((2, 3), (1, 2), (2, 1), (2, 1), 4, 2, True, True),
}
PSAMASKS = {'psamask-collect': 0, 'psamask-distribute': 1}
NAMES = (*NMS, *SOFT_NMS, 'nms-ties', 'nms_match', *ROI_ALIGN, *CONVOLUTIONS, *OVERLAPS, *PSAMASKS)


def make_inputs() -> dict[str, Tensor]:
    """The random part of all cases; recorded with the answers, since generators change between versions."""
    generator = torch.Generator().manual_seed(7)

    def rand(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator)

    corners = rand(60, 2) * 60
    # The whole coordinates make many overlaps equal, some of them to the threshold.
    boxes = torch.cat([corners, corners + 4 + rand(60, 2) * 40], 1).round()
    starts = rand(14, 2) * 90 - 20
    rois = torch.cat([torch.arange(14)[:, None] % 2, starts, starts + rand(14, 2) ** 2 * 90], 1)
    rois[0, 3:] = rois[0, 1:3]  # without area
    rois[1, 1:] += 500  # off the map
    return {
        'boxes': boxes,
        'scores': torch.randperm(60, generator=generator) / 60,
        'tied_scores': (rand(10) * 3).round() / 3,
        'features': rand(2, 8, 9, 11) - 0.5,
        'rois': rois,
        'pooled_grad': rand(14, 8, 3, 2) - 0.5,
        'conv_weight': rand(8, 8, 3, 3) - 0.5,
        'conv_offset': (rand(2, 72, 7, 8) - 0.5) * 6,
        'conv_mask': rand(2, 36, 7, 8),
        'conv_bias': rand(8),
        'conv_grad': rand(2, 8, 7, 8) - 0.5,
        'masks': rand(2, 15, 4, 6),
    }


def run(name: str, operator: Callable[..., object], inputs: dict[str, Tensor]) -> list[Tensor]:
    """Answer a case.

    Args:
        name: One of `NAMES`.
        operator: Called as ``operator(name of the operator, *args, **kwargs)``.
        inputs: As `make_inputs` made them.

    Returns:
        All results, as tensors.
    """
    if name == 'nms-ties':
        return [operator('nms', inputs['boxes'][:10], inputs['tied_scores'], iou_threshold=0.2, offset=0)]
    if name == 'nms_match':
        dets = torch.cat([inputs['boxes'], inputs['scores'][:, None]], 1)
        return [torch.tensor(group) for group in operator('nms_match', dets, iou_threshold=0.5)]
    if name in NMS:
        return [operator('nms', inputs['boxes'], inputs['scores'], **NMS[name])]
    if name in SOFT_NMS:
        return _soft_nms(operator, inputs, SOFT_NMS[name])
    if name in ROI_ALIGN:
        return _roi_align(operator, inputs, ROI_ALIGN[name])
    if name in CONVOLUTIONS:
        return _convolution(operator, inputs, *CONVOLUTIONS[name])
    if name in OVERLAPS:
        return _overlaps(operator, inputs, OVERLAPS[name])
    return _psamask(operator, inputs, PSAMASKS[name])


def _soft_nms(operator: Callable[..., object], inputs: dict[str, Tensor], options: dict) -> list[Tensor]:
    dets = torch.zeros(60, 5)
    index = operator(
        'softnms', inputs['boxes'], inputs['scores'], dets, iou_threshold=0.3, sigma=0.5, min_score=0.05, **options
    )
    return [index, dets[: len(index)]]


def _roi_align(operator: Callable[..., object], inputs: dict[str, Tensor], options: dict) -> list[Tensor]:
    maps, grad = inputs['features'], inputs['pooled_grad']
    output = torch.zeros_like(grad)
    places = [torch.zeros_like(grad if options['pool_mode'] == 0 else grad[:0]) for _ in range(2)]
    options = dict(aligned_height=3, aligned_width=2, spatial_scale=0.125, **options)
    operator('roi_align_forward', maps, inputs['rois'], output, *places, **options)
    to_maps = torch.zeros_like(maps)
    operator('roi_align_backward', grad, inputs['rois'], *places, to_maps, **options)
    return [output, *places, to_maps]


def _convolution(
    operator: Callable[..., object],
    inputs: dict[str, Tensor],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
    dilation: tuple[int, int],
    groups: int,
    deform_groups: int,
    modulated: bool,
    with_bias: bool,
) -> list[Tensor]:
    maps = inputs['features'][..., :5, :6].contiguous()
    taps = kernel[0] * kernel[1]
    size = [(maps.size(2 + i) + 2 * padding[i] - dilation[i] * (kernel[i] - 1) - 1) // stride[i] + 1 for i in range(2)]
    weight = inputs['conv_weight'][:, : 8 // groups, : kernel[0], : kernel[1]].contiguous()
    offset, mask, grad = (
        inputs[key][:, :channels, : size[0], : size[1]].contiguous()
        for key, channels in (
            ('conv_offset', 2 * taps * deform_groups),
            ('conv_mask', taps * deform_groups),
            ('conv_grad', 8),
        )
    )
    output, empty = torch.zeros_like(grad), torch.zeros(0)
    if modulated:
        names = ('kernel_h', 'kernel_w', 'stride_h', 'stride_w', 'pad_h', 'pad_w', 'dilation_h', 'dilation_w')
        options = dict(zip(names, (*kernel, *stride, *padding, *dilation), strict=True))
        options |= dict(group=groups, deformable_group=deform_groups, with_bias=with_bias)
        bias = inputs['conv_bias'] if with_bias else empty
        operator('modulated_deform_conv_forward', maps, weight, bias, empty, offset, mask, output, empty, **options)
        grads = [torch.zeros_like(x) for x in (maps, weight, bias, offset, mask)]
        operator(
            'modulated_deform_conv_backward', maps, weight, bias, empty, offset, mask, empty, *grads, grad, **options
        )
        return [output, *grads]
    names = ('kH', 'kW', 'dH', 'dW', 'padH', 'padW', 'dilationH', 'dilationW')
    options = dict(zip(names, (*kernel, *stride, *padding, *dilation), strict=True))
    options |= dict(group=groups, deformable_group=deform_groups, im2col_step=2)
    operator('deform_conv_forward', maps, weight, offset, output, empty, empty, **options)
    grads = [torch.zeros_like(x) for x in (maps, offset, weight)]
    operator('deform_conv_backward_input', maps, offset, grad.clone(), *grads[:2], weight, empty, **options)
    operator('deform_conv_backward_parameters', maps, offset, grad.clone(), grads[2], empty, empty, scale=1, **options)
    return [output, *grads]


def _overlaps(operator: Callable[..., object], inputs: dict[str, Tensor], options: dict) -> list[Tensor]:
    boxes = inputs['boxes'][:20]
    ious = torch.zeros(20 if options['aligned'] else (20, 20))
    operator('bbox_overlaps', boxes, boxes.flip(0), ious, **options)
    return [ious]


def _psamask(operator: Callable[..., object], inputs: dict[str, Tensor], psa_type: int) -> list[Tensor]:
    masks = inputs['masks']
    output, back = torch.zeros(2, 24, 4, 6), torch.zeros_like(masks)
    options = dict(num_=2, h_feature=4, w_feature=6, h_mask=3, w_mask=5, half_h_mask=1, half_w_mask=2)
    operator('psamask_forward', masks, output, psa_type=psa_type, **options)
    operator('psamask_backward', output + 1, back, psa_type=psa_type, **options)
    return [output, back]
