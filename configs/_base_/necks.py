"""Feature pyramids, each fitting where an FPN with ``out_channels`` and ``num_outs`` stands.

A leaf applies one to its backbone: ``neck=dict(_base_.swin_b.neck, **_base_.bifpn)``; where the base already names
the widths, ``neck=_base_.bifpn`` is enough.
"""

fpn = dict(type='FPN')
pafpn = dict(type='PAFPN')
# The published one has seven cells on five levels from 1/8; from 1/4, as two-stage detectors have it, a cell costs four
# times as much.  Its convolutions need norms; those of a batch would see one or two pictures a card.
nasfpn = dict(type='NASFPN', stack_times=3, norm_cfg=dict(type='GN', num_groups=32))
bifpn = dict(type='BiFPN', num_layers=3)
