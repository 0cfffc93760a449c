"""Losses of segmenters: every pixel has a class, and 255 none.

What upstream has right is used as it is: ``CrossEntropyLoss(avg_non_ignore=True)`` of mmseg, also for sigmoids, and
:class:`~custom_modules.losses.SmoothedCrossEntropyLoss`.  ``configs/_base_/pixel_losses.py`` puts them together.
"""

from .cdb_loss import CDBLoss, difficulty_weights
from .class_balanced_loss import ClassBalancedLoss, effective_number_weights
from .pixel_loss import PixelLoss, PixelwiseLoss
from .probability_l1_loss import ProbabilityL1Loss, probability_l1_loss
from .trash_cross_entropy_loss import TrashCrossEntropyLoss
from .trash_dice_loss import TrashDiceLoss, dice_loss
from .trash_focal_loss import TrashFocalLoss, softmax_focal_loss
from .trash_lovasz_loss import TrashLovaszLoss
from .trash_ohem_loss import TrashOhemLoss, hard_pixels
from .trash_tversky_loss import TrashTverskyLoss, tversky_loss

__all__ = [
    'CDBLoss',
    'ClassBalancedLoss',
    'PixelLoss',
    'PixelwiseLoss',
    'ProbabilityL1Loss',
    'TrashCrossEntropyLoss',
    'TrashDiceLoss',
    'TrashFocalLoss',
    'TrashLovaszLoss',
    'TrashOhemLoss',
    'TrashTverskyLoss',
    'dice_loss',
    'difficulty_weights',
    'effective_number_weights',
    'hard_pixels',
    'probability_l1_loss',
    'softmax_focal_loss',
    'tversky_loss',
]
