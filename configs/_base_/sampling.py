"""Compositions of an epoch, to be taken by a leaf: ``train_dataloader = dict(sampler=_base_.repeat_factor)``.

Without one of them each picture comes once an epoch.
"""

# Classes on fewer than a tenth of the pictures come more often. On the 4,883 trash photographs: Battery (0.9 % of the
# pictures) 3.3 times, Clothing (4.7 %) 1.5 times, Glass (7.0 %) 1.2 times; an epoch is 6 % longer.
repeat_factor = dict(_delete_=True, type='ResumableRepeatFactorSampler', threshold=0.1)

# All classes equally often; pictures without objects keep their share. An epoch is as long as the data set.
class_aware = dict(_delete_=True, type='ResumableClassAwareSampler')

# Of a json of tools/pseudo_label.py: every second picture has real labels, however few of them there are.
half_real = dict(_delete_=True, type='ResumableRealShareSampler', real_share=0.5)
