"""Which implementation of each operator is in use: compiled, torchvision or portable.

The environment variable ``TRASH_OPS`` forces one of them for all operators.
"""

import functools
import importlib
import importlib.machinery
import importlib.util
import os
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from ..utils import UserError

BACKENDS = ('compiled', 'torchvision', 'portable')
COMPILE_COMMAND = (
    'MMCV_WITH_OPS=1 pip install --no-build-isolation --no-cache-dir --force-reinstall --no-deps onedl-mmcv==2.3.6'
)

# Module of this package, by operator.
PORTABLE = {
    'bbox_overlaps': 'bbox_overlaps',
    'carafe_backward': 'carafe',
    'carafe_forward': 'carafe',
    'carafe_naive_backward': 'carafe',
    'carafe_naive_forward': 'carafe',
    'deform_conv_backward_input': 'deform_conv',
    'deform_conv_backward_parameters': 'deform_conv',
    'deform_conv_forward': 'deform_conv',
    'masked_col2im_forward': 'masked_conv',
    'masked_im2col_forward': 'masked_conv',
    'modulated_deform_conv_backward': 'deform_conv',
    'modulated_deform_conv_forward': 'deform_conv',
    'ms_deform_attn_backward': 'ms_deform_attn',
    'ms_deform_attn_forward': 'ms_deform_attn',
    'nms': 'nms',
    'nms_match': 'nms',
    'psamask_backward': 'psamask',
    'psamask_forward': 'psamask',
    'roi_align_backward': 'roi_align',
    'roi_align_forward': 'roi_align',
    'roi_pool_backward': 'roi_pool',
    'roi_pool_forward': 'roi_pool',
    'sigmoid_focal_loss_backward': 'focal_loss',
    'sigmoid_focal_loss_forward': 'focal_loss',
    'softmax_focal_loss_backward': 'focal_loss',
    'softmax_focal_loss_forward': 'focal_loss',
    'softnms': 'nms',
}
# Families that torchvision computes with the same meaning.
TORCHVISION = ('deform_conv', 'nms', 'roi_align')
# Families with a CPU version in the compiled module; the others are for GPUs only.
COMPILED_ON_CPU = ('bbox_overlaps', 'deform_conv', 'nms', 'psamask', 'roi_align')


def forced() -> str | None:
    """The backend that ``TRASH_OPS`` names.

    Returns:
        One of `BACKENDS`, or None where the choice is free.

    Raises:
        UserError: ``TRASH_OPS`` names none of them.
    """
    name = os.environ.get('TRASH_OPS', '')
    if name and name not in BACKENDS:
        raise UserError(f'TRASH_OPS={name} is not one of {", ".join(BACKENDS)}: correct it or unset it')
    return name or None


def check_forced() -> None:
    """Make sure that the backend named by ``TRASH_OPS`` is there.

    Raises:
        UserError: It is not.
    """
    name = forced()
    if name == 'compiled' and compiled()[0] is None:
        raise UserError(f'TRASH_OPS=compiled, but {compiled()[1]}: unset it, or run {COMPILE_COMMAND}')
    if name == 'torchvision' and torchvision()[0] is None:
        raise UserError(
            f'TRASH_OPS=torchvision, but {torchvision()[1]}: unset it, or install the torchvision made for '
            f'torch {torch.__version__}'
        )


def backend() -> dict[str, Any]:
    """Tell what is in use, for the doctor and for bug reports.

    Returns:
        ``name`` (one of `BACKENDS`), ``forced`` (whether by ``TRASH_OPS``),
        ``compiled``, ``torchvision`` and ``numba`` (a version or path, or why
        there is none), and ``operators``: by family of operators, what runs
        it on the CPU and on a GPU.
    """
    has = {'compiled': compiled()[0] is not None, 'torchvision': torchvision()[0] is not None, 'portable': True}
    name = forced() or next(x for x in BACKENDS if has[x])
    return {
        'name': name,
        'forced': forced() is not None,
        'compiled': compiled()[1],
        'torchvision': torchvision()[1],
        'numba': importlib.import_module('numba').__version__ if has_numba() else 'not importable: slower on the CPU',
        'operators': {
            family: {device: _choose(family, device) for device in ('cpu', 'cuda')}
            for family in sorted(set(PORTABLE.values()))
        },
    }


def _choose(family: str, device: str) -> str:
    """The backend of a family of operators for single precision on a device."""
    if forced() == 'compiled' or (forced() is None and _is_compiled_for(family, device)):
        return 'compiled'
    use_torchvision = forced() == 'torchvision' or (forced() is None and device == 'cuda')
    if use_torchvision and family in TORCHVISION and torchvision()[0] is not None:
        return 'torchvision'
    return 'portable'


def choose(name: str, tensors: list[Tensor]) -> str:
    """The backend for one call.

    Compiled operators want all tensors in one precision, and know no bfloat16
    on the CPU: such calls go elsewhere unless ``TRASH_OPS`` says otherwise.

    Args:
        name: Operator, for example ``'nms'``.
        tensors: All its tensor arguments.

    Returns:
        One of `BACKENDS`.

    Raises:
        UserError: No backend has the operator.
    """
    family, device = PORTABLE.get(name), tensors[0].device.type if tensors else 'cpu'
    if family is None:
        if compiled()[0] is not None and forced() in (None, 'compiled'):
            return 'compiled'
        raise UserError(f'the operator {name} of mmcv is not available here; compile it: {COMPILE_COMMAND}')
    choice = _choose(family, device)
    if choice == 'compiled' and forced() is None and not _is_one_precision(tensors, device, family):
        return 'portable'
    return choice


def _is_compiled_for(family: str, device: str) -> bool:
    module = compiled()[0]
    if module is None:
        return False
    if device == 'cpu':
        return family in COMPILED_ON_CPU
    return device == 'cuda' and module.get_compiling_cuda_version() != 'not available'


def _is_one_precision(tensors: list[Tensor], device: str, family: str) -> bool:
    dtypes = {x.dtype for x in tensors if x.is_floating_point()}
    known = {torch.float32} if family == 'nms' else {torch.float32, torch.float64}
    return len(dtypes) <= 1 and dtypes <= (known if device == 'cpu' else known | {torch.float16})


@functools.cache
def compiled() -> tuple[ModuleType | None, str]:
    """The compiled ``mmcv._ext``, loaded without importing mmcv.

    Returns:
        The module and its path, or None and why there is none.
    """
    spec = importlib.util.find_spec('mmcv')
    for folder in (spec and spec.submodule_search_locations) or []:
        for suffix in importlib.machinery.EXTENSION_SUFFIXES:
            path = Path(folder) / f'_ext{suffix}'
            if path.exists():
                return load_compiled(path)
    return None, 'mmcv is installed without compiled operators'


def load_compiled(path: Path) -> tuple[ModuleType | None, str]:
    """Load a compiled ``mmcv._ext`` from a file.

    Args:
        path: The shared library.

    Returns:
        The module and the path, or None and why it cannot be loaded.
    """
    spec = importlib.util.spec_from_file_location('mmcv._ext', path)
    try:
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    except (ImportError, OSError) as error:  # built for another torch
        return None, f'{path} cannot be loaded ({str(error).splitlines()[0]})'
    return module, str(path)


@functools.cache
def torchvision() -> tuple[ModuleType | None, str]:
    """Torchvision, if it imports and has its operators.

    Returns:
        The module and its version, or None and why there is none.
    """
    if importlib.util.find_spec('torchvision') is None:
        return None, 'torchvision is not installed'
    try:
        module = importlib.import_module('torchvision')
        _ = torch.ops.torchvision.nms, torch.ops.torchvision.roi_align
    except (ImportError, RuntimeError, AttributeError, OSError) as error:  # made for another torch
        return None, f'torchvision cannot be imported ({str(error).splitlines()[0]})'
    return module, module.__version__


@functools.cache
def has_numba() -> bool:
    """Whether numba imports; beside a numpy that is too new for it, it does not."""
    try:
        importlib.import_module('numba')
    except ImportError:
        return False
    return True


def runs_kernels(tensor: Tensor) -> bool:
    """Whether portable operators on this tensor run as numba kernels."""
    return tensor.device.type == 'cpu' and has_numba()


def implementation(name: str, tensor: Tensor) -> ModuleType:
    """The module of kernels, or of tensor operations, with the given name that suits a tensor."""
    return importlib.import_module(f'.{"kernels" if runs_kernels(tensor) else "tensors"}.{name}', __package__)
