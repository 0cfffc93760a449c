"""A picture as it looks mirrored or turned, for test-time augmentation."""

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmengine.registry import TRANSFORMS


@TRANSFORMS.register_module()
class OrientPicture(BaseTransform):
    """Mirror a picture left to right, then turn it counter-clockwise by quarters.

    Comes right after loading, and changes ``ori_shape`` with ``img`` and ``img_shape``: to the steps that follow, and
    to the model that maps its boxes back to the original, the file itself looks like this.  So ground truth, if any,
    must not be loaded.  No pixel is interpolated.

    Args:
        mirrored: Whether to mirror.
        quarters: How far to turn, 0 to 3.

    Raises:
        ValueError: Another number of quarters.
    """

    def __init__(self, *, mirrored: bool = False, quarters: int = 0) -> None:
        if quarters not in range(4):
            raise ValueError(f'OrientPicture: quarters is {quarters}; give 0, 1, 2 or 3')
        self.mirrored = mirrored
        self.quarters = quarters

    def transform(self, results: dict) -> dict:
        """Mirror and turn.

        Args:
            results: Of the pipeline, with ``img`` (height, width, ...).

        Returns:
            The same dict, changed.
        """
        picture = cv2.flip(results['img'], 1) if self.mirrored else results['img']
        picture = np.ascontiguousarray(np.rot90(picture, self.quarters))
        results['img'] = picture
        results['img_shape'] = results['ori_shape'] = picture.shape[:2]
        return results
