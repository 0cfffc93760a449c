"""What heads that classify pixels share."""

norm_cfg = dict(type='BN')  # runtime_segmentation.py has the statistics of all cards taken together

cross_entropy = dict(type='CrossEntropyLoss', loss_weight=1.0, avg_non_ignore=True)

# Three quarters of the pixels are Background, and a short training would learn little else.
quiet_background = dict(_delete_=True, type='TrashCrossEntropyLoss', class_weight=[0.3, *[1.0] * 10])

# Teaches the third stage to tell classes apart; training only.
third_stage_head = dict(
    type='FCNHead',
    in_index=2,
    channels=256,
    num_convs=1,
    concat_input=False,
    dropout_ratio=0.1,
    num_classes=11,
    norm_cfg=norm_cfg,
    align_corners=False,
    loss_decode=dict(cross_entropy, loss_weight=0.4),
)
