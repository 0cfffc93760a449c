"""The Swin backbones, each with the widths its neck must expect.

A leaf picks one: ``model = _base_.swin_l``.  T and S start from ImageNet-1k
weights, B and L from ImageNet-22k weights trained at 384 px, as published by
the Swin authors.
"""

published = 'https://github.com/SwinTransformer/storage/releases/download/v1.0.0/swin_'

swin = dict(
    _delete_=True,
    type='mmdet.SwinTransformer',
    mlp_ratio=4,
    qkv_bias=True,
    patch_norm=True,
    out_indices=(0, 1, 2, 3),
    with_cp=False,
    convert_weights=True,
)
window7 = dict(swin, window_size=7, pretrain_img_size=224)
window12 = dict(swin, window_size=12, pretrain_img_size=384)

swin_t = dict(
    backbone=dict(
        window7,
        embed_dims=96,
        depths=[2, 2, 6, 2],
        num_heads=[3, 6, 12, 24],
        drop_path_rate=0.2,
        init_cfg=dict(type='Pretrained', checkpoint=f'{published}tiny_patch4_window7_224.pth'),
    ),
    neck=dict(in_channels=[96, 192, 384, 768]),
)
swin_s = dict(
    backbone=dict(
        window7,
        embed_dims=96,
        depths=[2, 2, 18, 2],
        num_heads=[3, 6, 12, 24],
        drop_path_rate=0.3,
        init_cfg=dict(type='Pretrained', checkpoint=f'{published}small_patch4_window7_224.pth'),
    ),
    neck=dict(in_channels=[96, 192, 384, 768]),
)
swin_b = dict(
    backbone=dict(
        window12,
        embed_dims=128,
        depths=[2, 2, 18, 2],
        num_heads=[4, 8, 16, 32],
        drop_path_rate=0.3,
        init_cfg=dict(type='Pretrained', checkpoint=f'{published}base_patch4_window12_384_22k.pth'),
    ),
    neck=dict(in_channels=[128, 256, 512, 1024]),
)
swin_l = dict(
    backbone=dict(
        window12,
        embed_dims=192,
        depths=[2, 2, 18, 2],
        num_heads=[6, 12, 24, 48],
        drop_path_rate=0.3,
        init_cfg=dict(type='Pretrained', checkpoint=f'{published}large_patch4_window12_384_22k.pth'),
    ),
    neck=dict(in_channels=[192, 384, 768, 1536]),
)
# For the demo: no published weights of this size.
swin_demo = dict(
    backbone=dict(window7, embed_dims=32, depths=[2, 2, 2, 2], num_heads=[1, 2, 4, 8], drop_path_rate=0.0),
    neck=dict(in_channels=[32, 64, 128, 256]),
)
