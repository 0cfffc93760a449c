"""DDQ DETR on four feature levels: DINO whose queries are made distinct, with dense queries to learn from besides."""

_base_ = 'mmdet::ddq/ddq-detr-4scale_swinl_8xb2-30e_coco.py'

# Only the architecture is inherited: upstream's data, schedule and hooks would stand in the way of ours.
for key in [*_base_]:
    if key != 'model':
        del _base_[key]
del key

model = dict(
    type='TrashDDQDETR',
    data_preprocessor=dict(pad_size_divisor=64),  # the last level's stride
    bbox_head=dict(type='TrashDDQDETRHead'),
)
