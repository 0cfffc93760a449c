"""Copy-paste for segmenters, with a say in which classes are pasted."""

from collections.abc import Mapping, Sequence

import numpy as np
from mmseg.registry import TRANSFORMS

from custom_modules.utils import UserError

from .blob_paste import BlobPaste
from .blobs import Blob, paste_blob
from .class_index import ClassIndex
from .class_weights import RefreshedWeights, check_class_names, check_setting, class_weights


@TRANSFORMS.register_module()
class TrashSegCopyPaste(RefreshedWeights, BlobPaste):
    """Paste blobs of chosen or rare classes anywhere into a picture.

    What ``TrashCopyPaste`` does for detectors, from label maps alone; see :class:`BlobPaste` for the other arguments.

    Args:
        classes: Names of the classes to paste; all that the data set counts (Background not) by default.
        class_weights: How often each of them is drawn: ``'rare'``, ``'equal'``, ``'natural'``, or weights by class
            name; see :func:`~custom_modules.transforms.class_weights.class_weights`, which here counts pictures.
    """

    def __init__(
        self,
        *,
        classes: Sequence[str] | None = None,
        class_weights: str | Mapping[str, float] = 'rare',
        num_objects: tuple[int, int] = (1, 3),
        scale: tuple[float, float] = (0.5, 1.5),
        flip_ratio: float = 0.5,
        min_pixels: int = 32,
        max_share: float = 0.5,
        prob: float = 0.5,
    ) -> None:
        check_setting(class_weights)
        super().__init__(
            num_objects=num_objects,
            scale=scale,
            flip_ratio=flip_ratio,
            min_pixels=min_pixels,
            max_share=max_share,
            prob=prob,
        )
        self.classes = classes
        self.class_weights = class_weights

    def set_classes(self, index: ClassIndex) -> np.ndarray:
        """Weigh the chosen classes."""
        weights = class_weights(self.class_weights, index.classes, index.counts)
        if self.classes is not None:
            check_class_names(self.classes, index.classes, option=f'{type(self).__name__}: classes')
            weights = weights * [name in self.classes for name in index.classes]
        if not weights.any():
            names = ', '.join(self.classes or index.classes)
            raise UserError(f'{type(self).__name__}: no training picture shows what is to be pasted ({names})')
        return weights

    def current_weights(self) -> np.ndarray:
        """Return how often each class is drawn after the last validation."""
        return self.refreshed(self.weights)

    def put(self, picture: dict, blob: Blob) -> dict:
        """Paste a blob anywhere inside the picture."""
        y, x = (
            int(np.random.randint(room - side + 1))
            for room, side in zip(picture['gt_seg_map'].shape, blob.mask.shape, strict=True)
        )
        return paste_blob(picture, blob, x, y)
