"""Fusing the predictions of several models: weighted boxes fusion and its kin, and the search for their settings."""

from .boxes import nms, non_maximum_weighted, soft_nms, weighted_boxes_fusion
from .fusing import CONF_TYPES, METHODS
from .mask_vote import vote_masks
from .member_boxes import FusedBoxes, MemberBoxes, fuse_predictions
from .search import FusionParams, SearchResult, search_fusion

__all__ = [
    'CONF_TYPES',
    'METHODS',
    'FusedBoxes',
    'FusionParams',
    'MemberBoxes',
    'SearchResult',
    'fuse_predictions',
    'nms',
    'non_maximum_weighted',
    'search_fusion',
    'soft_nms',
    'vote_masks',
    'weighted_boxes_fusion',
]
