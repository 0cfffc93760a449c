"""The object that takes the place of the compiled module ``mmcv._ext``."""

import importlib
import importlib.machinery
import sys
import types
from collections.abc import Callable
from typing import Any

import torch

_HOME = {
    'bbox_overlaps': 'bbox_overlaps',
    'nms': 'nms',
    'nms_match': 'nms',
    'roi_align_backward': 'roi_align',
    'roi_align_forward': 'roi_align',
    'softnms': 'nms',
}


class Extension(types.ModuleType):
    """A module that finds each operator when it is first called.

    Attribute access never fails: ``mmcv.ops`` asserts the existence of every
    operator it could use, of which a model needs few.
    """

    def __getattr__(self, name: str) -> Callable:
        if name.startswith('__'):
            raise AttributeError(name)

        def operator(*args: Any, **kwargs: Any) -> Any:
            return _call(name, args, kwargs)

        operator.__name__ = name
        setattr(self, name, operator)
        return operator


def install() -> None:
    """Put the stand-in into ``sys.modules['mmcv._ext']``; a second call does nothing."""
    if isinstance(sys.modules.get('mmcv._ext'), Extension):
        return
    module = Extension('mmcv._ext')
    module.__spec__ = importlib.machinery.ModuleSpec('mmcv._ext', None)
    sys.modules['mmcv._ext'] = module


def _call(name: str, args: tuple, kwargs: dict) -> Any:
    if name not in _HOME:
        raise NotImplementedError(name)
    function = getattr(importlib.import_module(f'.{_HOME[name]}', __package__), name)
    with torch.no_grad(), torch.autocast('cpu', enabled=False):
        return function(*args, **kwargs)
