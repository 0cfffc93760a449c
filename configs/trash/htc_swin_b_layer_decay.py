"""HTC with Swin-B and a rate that falls by a tenth from block to block, from the top of the backbone to its bottom.

    tools/dist_train.sh configs/trash/htc_swin_b_layer_decay.py 4

Score: not measured.
"""

_base_ = ['../_base_/htc.py', '../_base_/schedules/choices.py']

model = _base_.swin_b
optim_wrapper = _base_.layer_decay
