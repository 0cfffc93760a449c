"""Losses of segmenters to choose from, ``model = dict(decode_head=dict(loss_decode=_base_.dice_focal))`` in a leaf.

Each is a list, which takes the place of the family's whole: losses and their weights can be mixed in one line,
``loss_decode=[*_base_.lovasz, dict(_base_.soft_ce[0], loss_weight=0.5)]``.  Auxiliary heads keep the family's cross
entropy.  Label 255 costs nothing in any of them.  ``benchmarks/losses.py`` measures how large and how fast they are,
``benchmarks/losses.md`` has the table.
"""

ce = [dict(type='CrossEntropyLoss', avg_non_ignore=True)]
# A leaf gives one weight for each class, in the order of the data set, Background first.
weighted_ce = [dict(type='TrashCrossEntropyLoss', class_weight=[1.0] * 11)]
soft_ce = [dict(type='SmoothedCrossEntropyLoss', label_smoothing=0.1)]
focal = [dict(type='TrashFocalLoss', gamma=2.0)]
focal_soft_ce = [dict(focal[0], loss_weight=0.3), dict(soft_ce[0], loss_weight=0.7)]
ohem = [dict(type='TrashOhemLoss', thresh=0.7, min_kept=0.1)]
topk = [dict(type='TrashOhemLoss', thresh=None, min_kept=0.1, loss_name='loss_topk')]
ce_l1 = [*ce, dict(type='ProbabilityL1Loss')]

dice = [dict(type='TrashDiceLoss')]
tversky = [dict(type='TrashTverskyLoss', alpha=0.3, beta=0.7)]
lovasz = [dict(type='TrashLovaszLoss')]
# One sigmoid for each class in both; the mean of the binary losses is over pixels and classes.
bce = [dict(type='CrossEntropyLoss', use_sigmoid=True, avg_non_ignore=True, loss_name='loss_bce')]
dice_bce = [dict(dice[0], use_sigmoid=True), *bce]
dice_focal = [*dice, *focal]
dice_topk = [*dice, *topk]

# Both get what they need from hooks of runtime_segmentation.py: scores of the last validation, pictures of each class.
cdb = [dict(type='CDBLoss', num_classes=11)]
class_balanced = [dict(type='ClassBalancedLoss', beta=0.999)]
