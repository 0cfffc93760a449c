"""The search over fusions: members, weights and thresholds by mAP50 on images held out."""

from .held_out import Estimate, HeldOut
from .params import FusionParams
from .result import MemberRow, SearchResult
from .search import search_fusion

__all__ = ['Estimate', 'FusionParams', 'HeldOut', 'MemberRow', 'SearchResult', 'search_fusion']
