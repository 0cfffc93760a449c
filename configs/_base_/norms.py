"""Norms to choose from for the convolutional families, each for backbone, decode head and auxiliary head.

    model = _base_.group_norm
    model = dict(decode_head=_base_.group_norm.decode_head, auxiliary_head=_base_.group_norm.auxiliary_head)
    model = dict(_base_.evonorm_s0, backbone=dict(_base_.evonorm_s0.backbone, type='EvoResNetV1c'))

The second is for backbones that keep their own norms, such as transformers.  A family without an auxiliary head takes
the parts that it has.  EvoNorms are their own activation: heads lose their ReLUs by ``act_cfg=None``, backbones by the
type ``EvoResNet``, ``EvoResNetV1c``, ``EvoResNetV1d``, ``EvoResNeXt`` or ``EvoDilatedEfficientNet``, without which the
training is refused; the ReLU after a sum with the shortcut remains, as in the authors' ResNets.  Published weights of
batch norms are left out by other norms.
"""

parts = ('backbone', 'decode_head', 'auxiliary_head')
heads = parts[1:]

batch_norm = {part: dict(norm_cfg=dict(type='BN')) for part in parts}
# Over the pictures of all cards; in a process alone it is a batch norm.
sync_batch_norm = {part: dict(norm_cfg=dict(type='SyncBN')) for part in parts}
instance_norm = {part: dict(norm_cfg=dict(type='TrashInstanceNorm')) for part in parts}
group_norm = {part: dict(norm_cfg=dict(type='TrashGroupNorm', num_groups=32)) for part in parts}
evonorm_s0 = {part: dict(norm_cfg=dict(type='EvoNormS0')) for part in parts}
evonorm_s0.update({part: dict(evonorm_s0[part], act_cfg=None) for part in heads})
evonorm_b0 = {part: dict(norm_cfg=dict(type='EvoNormB0')) for part in parts}
evonorm_b0.update({part: dict(evonorm_b0[part], act_cfg=None) for part in heads})
