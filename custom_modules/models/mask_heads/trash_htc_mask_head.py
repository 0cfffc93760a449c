"""The mask head of Hybrid Task Cascade for data where some objects have no mask."""

from mmdet.models import HTCMaskHead
from mmdet.registry import MODELS

from .run_length_masks import RunLengthMasks
from .skip_missing_masks import SkipMissingMasks


@MODELS.register_module()
class TrashHTCMaskHead(SkipMissingMasks, RunLengthMasks, HTCMaskHead):
    """``HTCMaskHead`` whose loss leaves objects without a mask out, and which predicts run-length masks."""
