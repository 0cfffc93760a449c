"""The object that takes the place of the compiled module ``mmcv._ext``."""

import contextlib
import importlib
import importlib.machinery
import sys
import types
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from . import selection


class Extension(types.ModuleType):
    """A module that finds the implementation of each operator when it is called.

    It has any attribute one asks for: ``mmcv.ops`` asserts the existence of
    every operator that it could use, of which a model needs few.
    """

    def __getattr__(self, name: str) -> Callable:
        if name.startswith('__'):
            raise AttributeError(name)

        def operator(*args: Any, **kwargs: Any) -> Any:
            return call(name, *args, **kwargs)

        operator.__name__ = operator.__qualname__ = name
        setattr(self, name, operator)
        return operator

    def get_compiler_version(self) -> str:
        """Name of the compiler, for mmcv's report on the environment."""
        module = selection.compiled()[0]
        return module.get_compiler_version() if module else 'none (portable operators)'

    def get_compiling_cuda_version(self) -> str:
        """Version of CUDA the operators were compiled with, for the same report."""
        module = selection.compiled()[0]
        return module.get_compiling_cuda_version() if module else 'not available'


def install() -> None:
    """Put the stand-in into ``sys.modules['mmcv._ext']``; a second call does nothing.

    Raises:
        UserError: ``TRASH_OPS`` names a backend that does not exist or is not installed.
    """
    if isinstance(sys.modules.get('mmcv._ext'), Extension):
        return
    selection.check_forced()
    module = Extension('mmcv._ext', __doc__)
    module.__spec__ = importlib.machinery.ModuleSpec('mmcv._ext', None)
    sys.modules['mmcv._ext'] = module


def call(name: str, *args: Any, **kwargs: Any) -> Any:
    """Run an operator in the calling convention of ``mmcv._ext``.

    Under autocast the matrix products inside would lose the precision that
    the operator's caller chose, so autocast is off in here.

    Args:
        name: The operator.
        *args: Its arguments.
        **kwargs: Its arguments by name.

    Returns:
        What it returns; most operators write to tensors that they are given.

    Raises:
        UserError: The operator is neither portable nor compiled.
    """
    tensors = [x for x in (*args, *kwargs.values()) if isinstance(x, Tensor)]
    choice = selection.choose(name, tensors)
    if choice == 'compiled':
        return getattr(selection.compiled()[0], name)(*args, **kwargs)
    with torch.no_grad(), _without_autocast(tensors):
        if choice == 'torchvision':
            from . import vision

            if vision.covers(name, kwargs):
                return getattr(vision, name)(*args, **kwargs)
        module = importlib.import_module(f'.{selection.PORTABLE[name]}', __package__)
        return getattr(module, name)(*args, **kwargs)


def _without_autocast(tensors: list[Tensor]) -> contextlib.AbstractContextManager:
    device = tensors[0].device.type if tensors else 'cpu'
    if not torch.is_autocast_enabled(device):
        return contextlib.nullcontext()
    return torch.autocast(device, enabled=False)
