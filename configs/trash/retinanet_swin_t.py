"""RetinaNet with Swin-T and an FPN, multi-scale training.

    tools/dist_train.sh configs/trash/retinanet_swin_t.py 4

Score: not measured.
"""

_base_ = '../_base_/retinanet.py'

# The FPN starts at stride 8; a norm of the first stage would never be trained, and ranks would wait for it.
model = dict(
    backbone=dict(_base_.swin_t.backbone, out_indices=(1, 2, 3)),
    neck=dict(in_channels=_base_.swin_t.neck.in_channels[1:], start_level=0),
)
