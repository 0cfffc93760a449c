"""EfficientNet backbones, to be put into a leaf: ``model = dict(backbone=_base_.efficientnet_b4)``.

Maps of the stages 1 to 5, of stride 2, 4, 8, 16 and 32; a leaf asks for fewer by ``out_indices``, for dilation by
``output_stride``.  The ImageNet weights are TensorFlow's, trained with AutoAugment, as converted by upstream.
"""

efficientnet = dict(_delete_=True, type='DilatedEfficientNet', out_indices=(1, 2, 3, 4, 5))
efficientnets = 'https://download.openmmlab.com/mmclassification/v0/efficientnet/efficientnet-'
start = dict(type='Pretrained', prefix='backbone')

efficientnet_b1 = dict(
    efficientnet,
    arch='b1',
    init_cfg=dict(start, checkpoint=f'{efficientnets}b1_3rdparty_8xb32-aa_in1k_20220119-619d8ae3.pth'),
)
efficientnet_b4 = dict(
    efficientnet,
    arch='b4',
    init_cfg=dict(start, checkpoint=f'{efficientnets}b4_3rdparty_8xb32-aa_in1k_20220119-45b8bd2b.pth'),
)
efficientnet_b5 = dict(
    efficientnet,
    arch='b5',
    init_cfg=dict(start, checkpoint=f'{efficientnets}b5_3rdparty_8xb32-aa_in1k_20220119-2cab8b78.pth'),
)
# Widths of the maps.
widths_b1 = [16, 24, 40, 112, 320]
widths_b4 = [24, 32, 56, 160, 448]
widths_b5 = [24, 40, 64, 176, 512]
