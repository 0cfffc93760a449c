"""Small things every other part of the package uses."""

from .errors import UserError
from .files import as_typed, atomic_write, find_file
from .similar import did_you_mean, similar_names, similar_paths

__all__ = ['UserError', 'as_typed', 'atomic_write', 'did_you_mean', 'find_file', 'similar_names', 'similar_paths']
