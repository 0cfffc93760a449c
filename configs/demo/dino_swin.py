"""The demo DINO: the demo's small Swin, three levels, two layers of encoder and three of decoder, 100 queries.

    python tools/train.py configs/demo/dino_swin.py --load-from none

Score: not measured.
"""

_base_ = [
    '../_base_/models/dino.py',
    '../_base_/models/swin.py',
    '../_base_/datasets/demo_boxes.py',
    '../_base_/schedules/demo.py',
    '../_base_/runtime.py',
]

attention = dict(embed_dims=64, num_levels=3)
ffn = dict(embed_dims=64, feedforward_channels=256)
model = dict(
    num_queries=100,
    num_feature_levels=3,
    backbone=dict(_base_.swin_demo.backbone, out_indices=(1, 2, 3)),
    neck=dict(in_channels=_base_.swin_demo.neck.in_channels[1:], out_channels=64, num_outs=3),
    encoder=dict(num_layers=2, layer_cfg=dict(self_attn_cfg=attention, ffn_cfg=ffn)),
    decoder=dict(
        num_layers=3,
        layer_cfg=dict(self_attn_cfg=dict(embed_dims=64), cross_attn_cfg=attention, ffn_cfg=ffn),
    ),
    positional_encoding=dict(num_feats=32),
    bbox_head=dict(embed_dims=64),
    test_cfg=dict(max_per_img=50),
)
# Queries learn slowly: three times the Cascade's epochs.
train_cfg = dict(max_epochs=6, val_interval=6)
param_scheduler = [_base_.param_scheduler[0], dict(_base_.param_scheduler[1], T_max=6, end=6)]
