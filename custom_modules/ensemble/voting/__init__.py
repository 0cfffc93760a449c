"""Soft and hard voting of segmenters, picture by picture and in memory that grows with neither pictures nor members."""

from .electorate import Electorate, open_members
from .layers import Layer
from .members import Member, Picture, open_member
from .vote import METHODS, EachVote, vote_each, vote_labels, vote_probs, vote_stored

__all__ = [
    'METHODS',
    'EachVote',
    'Electorate',
    'Layer',
    'Member',
    'Picture',
    'open_member',
    'open_members',
    'vote_each',
    'vote_labels',
    'vote_probs',
    'vote_stored',
]
