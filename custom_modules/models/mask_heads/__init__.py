"""Mask heads of two-stage detectors."""

from .trash_fcn_mask_head import TrashFCNMaskHead
from .trash_htc_mask_head import TrashHTCMaskHead

__all__ = ['TrashFCNMaskHead', 'TrashHTCMaskHead']
