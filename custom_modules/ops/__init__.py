"""Stand-in for ``mmcv._ext`` (interim)."""

import importlib.machinery
import sys
import types


def install() -> None:
    """Install the stand-in."""
    if 'mmcv._ext' in sys.modules:
        return
    module = types.ModuleType('mmcv._ext')
    module.__spec__ = importlib.machinery.ModuleSpec('mmcv._ext', None)
    module.__getattr__ = lambda name: name
    sys.modules['mmcv._ext'] = module
