"""The cells of benchmarks/ensemble.py: which detectors are trained, predicted with and fused."""

from __future__ import annotations

from benchmarks.fusion_plan import FusionPlan, Member

# Steps on synthetic pictures and on photographs: two-stage detectors learn in the fewest, queries in the most; those of
# one stage are cheap.
_STEPS = {
    'cascade_mask_rcnn_swin': (500, 600),
    'htc_swin': (500, 600),
    'atss_swin': (750, 900),
    'rtmdet': (750, 900),
    'dino_swin': (1000, 700),
}
_OWN = {'rtmdet': 'benchmarks/ensemble/rtmdet_synthetic.py'}

PLAN = FusionPlan(
    {
        name: Member(_OWN.get(name, f'configs/demo/{name}.py'), first, f'benchmarks/ensemble/{name}.py', steps)
        for name, (first, steps) in _STEPS.items()
    }
)
