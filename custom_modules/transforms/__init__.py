"""Pipeline steps: loading and augmentation."""

from .copy_blob import CopyBlob
from .copy_paste import TrashCopyPaste
from .cut_mix import CutMix
from .load_trash_annotations import LoadTrashAnnotations
from .load_trash_segmentation import LoadTrashSegmentation
from .mixup import TrashMixUp
from .mosaic import TrashMosaic
from .multi_scale_resize import MultiScaleResize
from .orient_picture import OrientPicture
from .random_rotate90 import RandomRotate90
from .seg_copy_paste import TrashSegCopyPaste
from .trash_albu import TrashAlbu

__all__ = [
    'CopyBlob',
    'CutMix',
    'LoadTrashAnnotations',
    'LoadTrashSegmentation',
    'MultiScaleResize',
    'OrientPicture',
    'RandomRotate90',
    'TrashAlbu',
    'TrashCopyPaste',
    'TrashMixUp',
    'TrashMosaic',
    'TrashSegCopyPaste',
]
