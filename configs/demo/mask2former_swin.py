"""The demo Mask2Former: the demo's small Swin, two layers of encoder and three of decoder, 30 queries.

    python tools/train.py configs/demo/mask2former_swin.py --load-from none

Score: not measured.
"""

_base_ = [
    '../_base_/models/mask2former.py',
    '../_base_/models/swin.py',
    '../_base_/datasets/demo_segmentation.py',
    '../_base_/schedules/demo.py',
    '../_base_/runtime_segmentation.py',
]

attention = dict(embed_dims=64)
ffn = dict(embed_dims=64, feedforward_channels=256)
model = dict(
    data_preprocessor=_base_.preprocess,
    backbone=_base_.swin_demo.backbone,
    decode_head=dict(
        in_channels=_base_.swin_demo.neck.in_channels,
        feat_channels=64,
        out_channels=64,
        num_queries=30,
        pixel_decoder=dict(
            encoder=dict(num_layers=2, layer_cfg=dict(self_attn_cfg=attention, ffn_cfg=ffn)),
            positional_encoding=dict(num_feats=32),
        ),
        positional_encoding=dict(num_feats=32),
        transformer_decoder=dict(
            num_layers=3, layer_cfg=dict(self_attn_cfg=attention, cross_attn_cfg=attention, ffn_cfg=ffn)
        ),
        train_cfg=dict(num_points=1024),
    ),
)
# Queries learn slowly.
train_cfg = dict(max_epochs=6, val_interval=6)
param_scheduler = [_base_.param_scheduler[0], dict(_base_.param_scheduler[1], T_max=6, end=6)]
