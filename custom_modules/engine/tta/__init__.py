"""Test-time augmentation of detectors: views of a picture, undone and merged."""

from .augmentation import TestTimeAugmentation
from .settings import TTASettings
from .views import View

__all__ = ['TTASettings', 'TestTimeAugmentation', 'View']
