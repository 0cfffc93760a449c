"""Box losses to choose from, ``loss_bbox=_base_.giou`` in each box head of a leaf; the families' own is DIoU times 10.

All compare decoded boxes (``reg_decoded_bbox=True``, as the families set).  The weights bring value and gradient near
those of DIoU times 10 on jittered boxes: ``benchmarks/losses.py`` measures, ``benchmarks/losses.md`` has the table.
"""

giou = dict(type='GIoULoss', loss_weight=10.0)
# The guards: upstream's CIoU is 0 / 0 for a box that fits exactly, its SIoU for two boxes without width.
ciou = dict(type='GuardedBoxLoss', loss=dict(type='CIoULoss'), loss_weight=10.0)
# Extended-IoU (2021), not the Efficient-IoU of the same letters.
eiou = dict(type='EIoULoss', loss_weight=10.0)
# neg_gamma is the paper's sign; without it upstream's loss gets smaller with the distance.
siou = dict(type='GuardedBoxLoss', loss=dict(type='SIoULoss', neg_gamma=True), loss_weight=10.0)
# A power of 3 doubles the loss of boxes that overlap by 0.7, and their gradient nearly so.
alpha_diou = dict(type='AlphaIoULoss', base='diou', alpha=3.0, loss_weight=6.0)
alpha_ciou = dict(type='AlphaIoULoss', base='ciou', alpha=3.0, loss_weight=6.0)
# The typical training picture; (192, 192) in the demo.
mpdiou = dict(type='MPDIoULoss', picture_size=(1024, 1024), loss_weight=10.0)
# The mean settles in half of 20 epochs of the trash set; until then the gradient grows from 0.7 to 1.2 times DIoU's.
wiou = dict(type='WIoULoss', settle_iterations=7000, loss_weight=10.0)
inner_iou = dict(type='InnerIoULoss', base='diou', ratio=0.75, loss_weight=10.0)
# Objects of the trash set have a mean side of 244 px on 1024 px; 45 in the demo's 192 px.
nwd = dict(type='NWDLoss', constant=240.0, loss_weight=20.0)
