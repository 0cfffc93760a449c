"""Test-time augmentation: views of a picture, undone and merged."""

from .augmentation import Augmentation, TestTimeAugmentation
from .settings import SegTTASettings, TTASettings, tta_settings
from .views import View, loads_truth

__all__ = [
    'Augmentation',
    'SegTTASettings',
    'TTASettings',
    'TestTimeAugmentation',
    'View',
    'loads_truth',
    'tta_settings',
]
