"""SegFormer (Xie et al., 2021) B0; a leaf picks a larger one, ``model = _base_.segformer_b4``."""

_base_ = './pixels.py'

model = dict(
    type='EncoderDecoder',
    backbone=dict(
        type='MixVisionTransformer',
        embed_dims=32,
        num_layers=[2, 2, 2, 2],
        num_heads=[1, 2, 5, 8],
        sr_ratios=[8, 4, 2, 1],
        drop_path_rate=0.1,
    ),
    decode_head=dict(
        type='SegformerHead',
        in_channels=[32, 64, 160, 256],
        in_index=[0, 1, 2, 3],
        channels=256,
        dropout_ratio=0.1,
        num_classes=11,
        norm_cfg=_base_.norm_cfg,
        align_corners=False,
        loss_decode=_base_.cross_entropy,
    ),
    test_cfg=dict(mode='whole'),
)

wide_head = dict(in_channels=[64, 128, 320, 512])
segformer_b1 = dict(backbone=dict(embed_dims=64), decode_head=wide_head)
segformer_b2 = dict(backbone=dict(embed_dims=64, num_layers=[3, 4, 6, 3]), decode_head=wide_head)
segformer_b3 = dict(backbone=dict(embed_dims=64, num_layers=[3, 4, 18, 3]), decode_head=wide_head)
segformer_b4 = dict(backbone=dict(embed_dims=64, num_layers=[3, 8, 27, 3]), decode_head=wide_head)
segformer_b5 = dict(backbone=dict(embed_dims=64, num_layers=[3, 6, 40, 3]), decode_head=wide_head)
