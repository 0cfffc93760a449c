"""Fully connected CRFs: probabilities made to follow the outlines in the photograph."""

from .dense import BACKENDS, MIN_PROBABILITY, available_backend, dense_crf
from .params import CrfParams

__all__ = ['BACKENDS', 'MIN_PROBABILITY', 'CrfParams', 'available_backend', 'dense_crf']
