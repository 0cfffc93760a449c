"""Small pictures with probabilities, and the mean field by its definition."""

import cv2
import numpy as np

from custom_modules.ensemble import CrfParams


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=0))
    return powers / powers.sum(axis=0)


def make_case(height: int = 24, width: int = 20, num_classes: int = 3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Make noisy probabilities of classes that go by the red of a picture of soft patches."""
    rng = np.random.default_rng(seed)
    picture = cv2.resize(rng.integers(0, 256, (4, 4, 3), dtype=np.uint8), (width, height)).reshape(height, width, 3)
    picture = (picture + rng.integers(-6, 7, picture.shape)).clip(0, 255).astype(np.uint8)
    truth = picture[..., 0].astype(int) * num_classes // 256
    logits = rng.normal(0, 1.5, (num_classes, height, width)) + 2 * (np.arange(num_classes)[:, None, None] == truth)
    return softmax(logits).astype(np.float32), picture


def exact_mean_field(probs: np.ndarray, picture: np.ndarray, params: CrfParams) -> np.ndarray:
    """Compute equation 4 of the paper with all pairs of pixels, messages to oneself left in as in pydensecrf."""
    evidence = np.log(probs.astype(np.float64).clip(1e-5)).reshape(len(probs), -1)
    place = np.indices(picture.shape[:2]).reshape(2, -1).T
    colour = picture.reshape(-1, 3).astype(np.float64)

    def kernel(features):
        pairs = np.exp(-((features[:, None] - features) ** 2).sum(axis=2) / 2)
        return pairs / np.sqrt(np.outer(pairs.sum(axis=0), pairs.sum(axis=0)))

    weights = params.gaussian_compat * kernel(place / params.gaussian_sxy)
    features = np.concatenate([place / params.bilateral_sxy, colour / params.bilateral_srgb], axis=1)
    weights += params.bilateral_compat * kernel(features)
    found = softmax(evidence)
    for _ in range(params.num_iterations):
        found = softmax(evidence + found @ weights)
    return found.reshape(probs.shape)
