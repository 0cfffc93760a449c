"""Feature pyramids that upstream lacks."""

from .bifpn import BiFPN

__all__ = ['BiFPN']
