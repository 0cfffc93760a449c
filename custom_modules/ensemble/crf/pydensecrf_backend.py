"""Mean-field inference by pydensecrf, the field's standard implementation; it is optional."""

import numpy as np
from pydensecrf.densecrf import DenseCRF2D

from .params import CrfParams


def infer(unary: np.ndarray, picture: np.ndarray, params: CrfParams) -> np.ndarray:
    """Run the mean field.

    Args:
        unary: (C, H, W) float32, negative logarithms of probabilities.
        picture: (H, W, 3) uint8.
        params: Settings.

    Returns:
        (C, H, W) float32, probabilities.
    """
    num_classes, height, width = unary.shape
    crf = DenseCRF2D(width, height, num_classes)
    crf.setUnaryEnergy(np.ascontiguousarray(unary.reshape(num_classes, -1)))
    if params.gaussian_compat:
        crf.addPairwiseGaussian(sxy=params.gaussian_sxy, compat=params.gaussian_compat)
    if params.bilateral_compat:
        crf.addPairwiseBilateral(
            sxy=params.bilateral_sxy,
            srgb=params.bilateral_srgb,
            rgbim=np.ascontiguousarray(picture),
            compat=params.bilateral_compat,
        )
    return np.array(crf.inference(int(params.num_iterations)), np.float32).reshape(unary.shape)
