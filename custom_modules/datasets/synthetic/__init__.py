"""Photograph-like pictures of trash drawn from code, with exact outlines, in the project's COCO layout.

Needs NumPy and OpenCV only.  ``make_synthetic`` is the entry; the parts, from
the ground up: ``noise``, ``palette``, ``shapes``, ``prints`` (raw material),
``canvas`` (drawing one object), ``objects`` (the ten classes), ``clutter``,
``floors``, ``scene``, ``lighting``, ``layout``, ``polygons``, ``camera``,
``composition`` (one picture), ``plan`` (classes per picture), ``writer``.
"""

from .objects import CLASSES
from .plan import FREQUENCIES, plan_split
from .writer import make_synthetic

__all__ = ['CLASSES', 'FREQUENCIES', 'make_synthetic', 'plan_split']
