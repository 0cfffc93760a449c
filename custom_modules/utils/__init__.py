"""Small things every other part of the package uses."""

from .errors import UserError
from .files import atomic_write, find_file

__all__ = ['UserError', 'atomic_write', 'find_file']
