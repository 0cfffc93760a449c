"""To the 256 x 256 pixels of a submission."""

import cv2
import numpy as np

from custom_modules.ensemble.probs import argmax_labels

from .segmentation_rows import SIDE


def shrink_labels(labels: np.ndarray) -> np.ndarray:
    """Take every so manieth label: OpenCV's INTER_NEAREST, which is what the competition does with its truth.

    Args:
        labels: (H, W) uint8.

    Returns:
        (256, 256) uint8.
    """
    return cv2.resize(labels, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST)


def shrink_probs(stored: np.ndarray) -> np.ndarray:
    """Shrink probabilities, then take the most probable class.

    Areas are averaged (OpenCV's INTER_AREA): a new pixel gets the mean probability of all the pixels under it, where
    bilinear shrinking looks at four of them.  A picture with a side below 256 is enlarged bilinearly.

    Args:
        stored: (C, H, W), numbers of any type as they are stored.

    Returns:
        (256, 256) uint8; the lower label where two are equal.
    """
    grows = min(stored.shape[1:]) < SIDE
    method = cv2.INTER_LINEAR if grows else cv2.INTER_AREA
    return argmax_labels(
        np.stack([cv2.resize(of_class.astype(np.float32), (SIDE, SIDE), interpolation=method) for of_class in stored])
    )
