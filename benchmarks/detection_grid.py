"""The cells of benchmarks/detection.py: what is compared with what, on which pictures, and in which order."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.comparison import (
    BASELINE,
    FULL_SIZE,
    PHOTOGRAPHS,
    PRETRAINING,
    PUBLISHED,
    ROOT,
    Comparison,
    Run,
    speed_runs,
)

CELLS = ROOT / 'benchmarks' / 'detection'
PASTED = 'copy_paste_offline'  # the pictures differ, not the config


class DetectionComparison(Comparison):
    """Choices of detectors; each cell is benchmarks/detection/<name>.py, those of ``family`` are the demo's configs."""

    scores = ('mAP50', 'mAP')
    groups = {
        'multi-scale resizing': ['multi_scale', 'single_scale'],
        'copy-paste': ['copy_paste', PASTED],
        'sampling': ['repeat_factor', 'class_aware'],
        'neck': ['pafpn', 'bifpn', 'nasfpn'],
        'box loss': [
            *('giou', 'ciou', 'wiou', 'nwd', 'alpha_ciou'),
            *('siou', 'mpdiou', 'inner_iou', 'eiou', 'alpha_diou'),
        ],
        'class loss': ['label_smoothing', 'seesaw', 'focal', 'eqlv2'],
        'mixing': ['mosaic', 'mixup'],
        # A detector of another family is only given the backbone.
        'family': ['htc_swin', 'dino_swin', 'atss_swin'],
    }
    full_size_baseline = 'htc_swin_b'
    speed_config = 'configs/trash/htc_swin_l.py'

    def config(self, cell: str, group: str, data: str) -> str:
        """Return the config of a cell."""
        folder = 'configs/demo' if group == 'family' else 'benchmarks/detection'
        return f'{folder}/{BASELINE if cell == PRETRAINING else cell}.py'

    def gpu_runs(self) -> Iterator[Run]:
        """List every single choice at full size on photographs, and the speed of the largest model."""
        for path in sorted((ROOT / 'configs' / 'trash').glob(f'{self.full_size_baseline}*.py')):
            config = str(path.relative_to(ROOT))
            yield Run(path.stem, FULL_SIZE, PHOTOGRAPHS, config=config, start=PUBLISHED, length=0, gpu=True)
        yield from speed_runs(self.speed_config, batches=(1, 2, 4))


DETECTION = DetectionComparison()
