"""Small things every other part of the package uses."""

from .errors import UserError
from .files import atomic_write

__all__ = ['UserError', 'atomic_write']
