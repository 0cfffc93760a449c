"""Refining class probabilities by the photograph they belong to: a fully connected CRF."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from custom_modules.utils import UserError

from .params import CrfParams

if TYPE_CHECKING:
    import torch

BACKENDS = ('auto', 'pydensecrf', 'torch')
# Less counts as this much, as pydensecrf's own helper has it: the logarithm of 0 would outweigh all else.
MIN_PROBABILITY = 1e-5
# Standard deviations to a side.  pydensecrf keeps coordinates of its lattice, up to 9 times as large, in 16 bits.
MAX_EXTENT = 2000

_INSTALL = 'pip install -r requirements/crf.txt'
_ROUNDING = 1e-3  # by which a stored or averaged probability may lie above 1


def dense_crf(
    probs: np.ndarray,
    picture: np.ndarray,
    params: CrfParams | None = None,
    *,
    backend: str = 'auto',
    device: 'str | torch.device | None' = None,
) -> np.ndarray:
    """Let every pixel be told by all others of its place and colour which class it is.

    Krahenbuhl and Koltun, "Efficient Inference in Fully Connected CRFs with Gaussian Edge Potentials", NIPS 2011.  The
    energy (equations 1 to 3) has unary potentials, minus the logarithm of ``probs``, and between each two pixels of
    different classes (Potts) a smoothness and an appearance kernel.  Its mean field (algorithm 1, equation 4) is
    iterated from the softmax of the unary ones; kernels are filtered on the permutohedral lattice and normalised
    symmetrically.  As in pydensecrf, a pixel's message to itself, which the paper subtracts, stays in.

    Both backends do the same: probabilities differ by less than 1e-4, labels on fewer than one pixel in 10,000 (see
    ``benchmarks/crf.md``).  Where the number of pixels is no multiple of four, pydensecrf fills up with black ones at
    the first pixel's place, which moves probabilities of dark pixels near it by up to 0.01.  ``'auto'`` takes
    pydensecrf on the CPU where it is installed, as it needs about four fifths of the time of torch on one thread, and
    torch everywhere else.  With 12 classes a pixel takes up to 730 bytes in torch and 480 in pydensecrf.

    Args:
        probs: (C, H, W) float32, 0 to 1; less than 1e-5 counts as 1e-5, and nothing below it comes out of zeros.
        picture: (H, W, 3) uint8, RGB.
        params: Settings; the defaults of :class:`CrfParams` if omitted.
        backend: One of ``BACKENDS``.
        device: Where torch computes; the CPU by default.

    Returns:
        (C, H, W) float32, probabilities.

    Raises:
        ValueError: An array is not of the kind above, both are of different sizes, ``backend`` is unknown or cannot
            use the device, or the picture has more than 2000 standard deviations of a kernel to a side.
        UserError: pydensecrf was asked for and is not installed.
    """
    params = CrfParams() if params is None else params
    _check_arrays(probs, picture)
    _check_widths(picture, params)
    infer = _find_backend(backend, device)
    unary = -np.log(np.clip(probs, MIN_PROBABILITY, 1))
    return infer(unary, picture, params)


def available_backend(device: 'str | torch.device | None' = None) -> str:
    """Return which backend ``'auto'`` stands for, ``'pydensecrf'`` or ``'torch'``.

    Args:
        device: Where torch would compute; the CPU by default.
    """
    return 'pydensecrf' if _is_cpu(device) and not _why_no_pydensecrf() else 'torch'


def _find_backend(backend: str, device: 'str | torch.device | None') -> Callable[..., np.ndarray]:
    if backend not in BACKENDS:
        raise ValueError(f'backend is {backend!r}; there are {", ".join(BACKENDS)}')
    if backend == 'auto':
        backend = available_backend(device)
    if backend == 'torch':
        from . import torch_backend

        return lambda *inputs: torch_backend.infer(*inputs, device)
    if not _is_cpu(device):
        raise ValueError(f"backend 'pydensecrf' computes on the CPU, not on {device}; ask for 'torch'")
    if reason := _why_no_pydensecrf():
        raise UserError(f"backend 'pydensecrf' of the CRF: {reason}; {_INSTALL}, or ask for 'torch'")
    from . import pydensecrf_backend

    return pydensecrf_backend.infer


def _is_cpu(device: 'str | torch.device | None') -> bool:
    return device is None or str(device).partition(':')[0] == 'cpu'


def _why_no_pydensecrf() -> str | None:
    """Return why it cannot be used, or None where it can."""
    try:
        from . import pydensecrf_backend  # noqa: F401
    except ModuleNotFoundError:
        return 'pydensecrf is not installed'
    except (ImportError, ValueError) as error:  # built for another Python or numpy
        return f'pydensecrf does not load ({error})'.replace('\n', ' ')
    return None


def _check_arrays(probs: np.ndarray, picture: np.ndarray) -> None:
    for name, array, dtype, num_dims, shape in (
        ('probs', probs, np.float32, 3, '(C, H, W)'),
        ('picture', picture, np.uint8, 3, '(H, W, 3)'),
    ):
        if not isinstance(array, np.ndarray) or array.dtype != dtype:
            kind = getattr(array, 'dtype', type(array).__name__)
            raise ValueError(f'{name} must be an array of {np.dtype(dtype)}, not {kind}')
        if array.ndim != num_dims or not array.size:
            raise ValueError(f'{name} must be {shape}, not {array.shape}')
    if picture.shape[2] != 3:
        raise ValueError(f'picture must be (H, W, 3), not {picture.shape}')
    if probs.shape[1:] != picture.shape[:2]:
        sizes = [' x '.join(map(str, size)) for size in (probs.shape[1:], picture.shape[:2])]
        raise ValueError(f'probs are of {sizes[0]} pixels, the picture is of {sizes[1]}')
    low, high = probs.min(), probs.max()
    if not (low >= 0 and high <= 1 + _ROUNDING):  # NaN is neither
        raise ValueError(f'probs must lie between 0 and 1, not between {low} and {high}')


def _check_widths(picture: np.ndarray, params: CrfParams) -> None:
    height, width, _ = picture.shape
    for name in ('gaussian_sxy', 'bilateral_sxy'):
        least = max(height, width) / MAX_EXTENT
        if getattr(params, name) < least:
            raise ValueError(f'{name} is {getattr(params, name)}; {height} x {width} pixels need {least} at least')
