"""The mask head of Mask R-CNN and Cascade Mask R-CNN for data where some objects have no mask."""

from mmdet.models import FCNMaskHead
from mmdet.registry import MODELS

from .run_length_masks import RunLengthMasks
from .skip_missing_masks import SkipMissingMasks


@MODELS.register_module()
class TrashFCNMaskHead(SkipMissingMasks, RunLengthMasks, FCNMaskHead):
    """``FCNMaskHead`` whose loss leaves objects without a mask out, and which predicts run-length masks."""
