"""DINO on five feature levels, with 900 queries; the leaf brings the backbone."""

_base_ = 'mmdet::dino/dino-5scale_swin-l_8xb2-12e_coco.py'

# Only the architecture is inherited: upstream's data, schedule and hooks would stand in the way of ours.
for key in [*_base_]:
    if key != 'model':
        del _base_[key]
del key

model = dict(
    type='TrashDINO',
    # However thin a picture is, its levels hold more places than there are queries.
    data_preprocessor=dict(pad_size_divisor=32),
    bbox_head=dict(type='TrashDINOHead'),
)
