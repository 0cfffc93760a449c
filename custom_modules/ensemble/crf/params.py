"""The settings of a fully connected CRF."""

import math
from dataclasses import dataclass, fields

# Colours are whole numbers: below this, no two different ones are alike.
MIN_SRGB = 0.5


@dataclass(frozen=True)
class CrfParams:
    """Weights and widths of the two kernels of a fully connected CRF, under pydensecrf's names.

    Krahenbuhl and Koltun, "Efficient Inference in Fully Connected CRFs with Gaussian Edge Potentials", NIPS 2011,
    equation 3; here the appearance kernel is called bilateral, the smoothness kernel Gaussian.  The defaults are those
    of pydensecrf's examples but for ``num_iterations``, which is the paper's.

    Attributes:
        gaussian_sxy: Standard deviation of the smoothness kernel (theta_gamma), pixels.
        gaussian_compat: Its weight (w2); 0 leaves it out.
        bilateral_sxy: Standard deviation of the appearance kernel in space (theta_alpha), pixels.
        bilateral_srgb: The same in colour (theta_beta), steps of 8-bit colour, from 0.5 on.
        bilateral_compat: Its weight (w1); 0 leaves it out.
        num_iterations: Of the mean field.

    Raises:
        ValueError: A width is not above 0, a weight is negative or ``num_iterations`` is no number from 1 on.
    """

    gaussian_sxy: float = 3.0
    gaussian_compat: float = 3.0
    bilateral_sxy: float = 80.0
    bilateral_srgb: float = 13.0
    bilateral_compat: float = 10.0
    num_iterations: int = 10

    def __post_init__(self) -> None:
        for field in fields(self):
            _check(field.name, getattr(self, field.name))


def _check(name: str, value: object) -> None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    if name == 'num_iterations':
        is_valid, wanted = is_number and value == int(value) and value >= 1, 'a whole number from 1 on'
    elif name == 'bilateral_srgb':
        is_valid, wanted = is_number and value >= MIN_SRGB, f'a number from {MIN_SRGB} on'
    elif name.endswith('_compat'):
        is_valid, wanted = is_number and value >= 0, 'a number from 0 on'
    else:
        is_valid, wanted = is_number and value > 0, 'a number above 0'
    if not is_valid:
        raise ValueError(f'{name} must be {wanted}, not {value!r}')
