"""Class losses to choose from: ``dict(head, **_base_.focal)`` for each box head of a leaf.

Where a weight is given it brings the loss near that of cross entropy as the head is initialised:
``benchmarks/losses.py`` measures, ``benchmarks/losses.md`` has the table.
"""

# Rare positives: each sigmoid starts at a probability of 0.01.  What an init_cfg does not name is not initialised, so
# the other layers' usual settings are written out.
rare_positives = [
    dict(type='Normal', std=0.01, bias_prob=0.01, override=dict(name='fc_cls')),
    dict(type='Normal', std=0.001, override=dict(name='fc_reg')),
    dict(type='Xavier', distribution='uniform', override=[dict(name=n) for n in ('shared_fcs', 'cls_fcs', 'reg_fcs')]),
]

label_smoothing = dict(loss_cls=dict(type='SmoothedCrossEntropyLoss', label_smoothing=0.1))
# The paper divides by the number of objects, a head by that of proposals, of which a quarter at most are objects.
focal = dict(loss_cls=dict(type='RoIFocalLoss', gamma=2.0, alpha=0.25, loss_weight=4.0), init_cfg=rare_positives)
# The count of classes stands for that of the heads until the data set is known.
seesaw = dict(
    loss_cls=dict(type='TrashSeesawLoss', p=0.8, q=2.0, num_classes=80),
    cls_predictor_cfg=dict(type='NormedLinear', temperature=20),
)
eqlv2 = dict(loss_cls=dict(type='TrashEQLV2Loss', num_classes=80), init_cfg=rare_positives)
