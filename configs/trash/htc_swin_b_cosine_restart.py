"""HTC with Swin-B and four cosine cycles, each with a warm-up and half the peak of the one before.

    tools/dist_train.sh configs/trash/htc_swin_b_cosine_restart.py 4

Score: not measured.
"""

_base_ = ['../_base_/htc.py', '../_base_/schedules/choices.py']

model = _base_.swin_b
# The lowest rate; the peak is eta_max of the schedule.
optim_wrapper = dict(optimizer=dict(lr=1e-6))
param_scheduler = [_base_.cosine_restarts]
