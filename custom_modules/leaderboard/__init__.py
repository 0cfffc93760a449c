"""All that was predicted on one split, side by side: scores, what made them, and what that costs."""

from .differences import Difference, config_differences
from .entries import Entry, entries_on, find_entries, splits
from .facts import RunFacts, add_costs
from .figures import DETECTION, SEGMENTATION
from .page import write_page
from .run_config import read_run_config
from .scoring import Scored, score_entries
from .table import format_board

__all__ = [
    'DETECTION',
    'SEGMENTATION',
    'Difference',
    'Entry',
    'RunFacts',
    'Scored',
    'add_costs',
    'config_differences',
    'entries_on',
    'find_entries',
    'format_board',
    'read_run_config',
    'score_entries',
    'splits',
    'write_page',
]
