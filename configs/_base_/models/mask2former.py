"""Mask2Former (Cheng et al., 2022) for semantic segmentation; the leaf brings the backbone."""

_base_ = 'mmseg::mask2former/mask2former_swin-l-in22k-384x384-pre_8xb2-160k_ade20k-640x640.py'

# Only the architecture is inherited: upstream's data, schedule and hooks would stand in the way of ours.
for key in [*_base_]:
    if key != 'model':
        del _base_[key]
del key

model = dict(decode_head=dict(type='TrashMask2FormerHead'))
