"""Everything the trash zoo adds to mmdet and mmseg.

Importing the package installs the stand-in for mmcv's compiled ops, makes
``mmseg::`` configs resolvable and registers every component.  It reads no
files and prints nothing.
"""

import contextlib
import io
import os

from mmengine.config import utils as _config_utils

from . import ops

# Imported by mmdet, it would ask a package index for a newer release of itself.
os.environ.setdefault('NO_ALBUMENTATIONS_UPDATE', '1')

# mmengine still looks for mmseg under its old distribution name.
_config_utils.MODULE2PACKAGE['mmseg'] = 'onedl-mmsegmentation'

ops.install()  # before anything imports mmcv.ops

with contextlib.redirect_stdout(io.StringIO()):  # mmdet prints which optional packages it did not find
    from . import (
        datasets,
        engine,
        ensemble,
        evaluation,
        losses,
        models,
        pseudo_label,
        structures,
        submission,
        transforms,
        utils,
        visualization,
    )
    from .datasets import trash_det_dataset, trash_seg_dataset  # noqa: F401 - registered; datasets is light without them
    from .evaluation import trash_coco_metric, trash_iou_metric  # noqa: F401

ops.route_attention()

__all__ = [
    'datasets',
    'engine',
    'ensemble',
    'evaluation',
    'losses',
    'models',
    'ops',
    'pseudo_label',
    'structures',
    'submission',
    'transforms',
    'utils',
    'visualization',
]
