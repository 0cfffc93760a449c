"""Stand-in for ``mmcv._ext``, the compiled operators that mmdet and mmseg need.

``install`` puts it in place; it must run before ``mmcv.ops`` is imported.
"""

from .extension import install
from .selection import backend
from .upstream import route_attention

__all__ = ['backend', 'install', 'route_attention']
