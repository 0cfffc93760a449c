"""The cells of benchmarks/segmentation_ensemble.py: which segmenters are trained, predicted with and voted with."""

from __future__ import annotations

from benchmarks.fusion_plan import FusionPlan, Member

SYNTHETIC_STEPS, STEPS = 1000, 500
_NAMES = ('deeplabv3plus_r18', 'upernet_swin', 'mask2former_swin', 'unet_r18')
_OWN = {'unet_r18': 'benchmarks/segmentation/unet_r18_synthetic.py'}

PLAN = FusionPlan(
    {
        name: Member(
            _OWN.get(name, f'configs/demo/{name}.py'), SYNTHETIC_STEPS, f'benchmarks/segmentation/{name}.py', STEPS
        )
        for name in _NAMES
    }
)
