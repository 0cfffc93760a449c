"""Fusing the predictions of several models: weighted boxes fusion and its kin, and the search for their settings.

The class probabilities that are voted on are read and written here, too, and refined by the photograph (CRF).
"""

from .boxes import nms, non_maximum_weighted, soft_nms, weighted_boxes_fusion
from .crf import CrfParams, dense_crf
from .fusing import CONF_TYPES, METHODS
from .mask_vote import vote_masks
from .member_boxes import FusedBoxes, MemberBoxes, fuse_predictions
from .probs import ProbabilityMaps, open_probs
from .probs_writing import ProbsWriter, write_probs
from .rescue import RescueParams, rescue_small_objects
from .search import FusionParams, SearchResult, search_fusion

__all__ = [
    'CONF_TYPES',
    'METHODS',
    'CrfParams',
    'FusedBoxes',
    'FusionParams',
    'MemberBoxes',
    'ProbabilityMaps',
    'ProbsWriter',
    'RescueParams',
    'SearchResult',
    'dense_crf',
    'fuse_predictions',
    'nms',
    'non_maximum_weighted',
    'open_probs',
    'rescue_small_objects',
    'search_fusion',
    'soft_nms',
    'vote_masks',
    'weighted_boxes_fusion',
    'write_probs',
]
