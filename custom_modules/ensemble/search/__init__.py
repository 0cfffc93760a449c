"""The search over fusions: members, weights and thresholds by mAP50 on images held out."""

from .earlier import earlier_params
from .held_out import Estimate, HeldOut
from .member_files import Maker, match_files, read_makers
from .params import FusionParams
from .result import MemberRow, SearchResult
from .search import search_fusion

__all__ = [
    'Estimate',
    'FusionParams',
    'HeldOut',
    'Maker',
    'MemberRow',
    'SearchResult',
    'earlier_params',
    'match_files',
    'read_makers',
    'search_fusion',
]
