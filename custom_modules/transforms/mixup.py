"""Two pictures on top of each other, masks included."""

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmdet.registry import TRANSFORMS

from .ground_truth import flip_picture, join_objects, keep_visible, place_picture, resize_picture
from .settings import check_probability, check_range


@TRANSFORMS.register_module()
class TrashMixUp(BaseTransform):
    """Blend a picture half and half with another one; the objects of both are to be found.

    As YOLOX does it (YOLOX: Exceeding YOLO Series in 2021, section 2.1): the other picture is fitted to a size,
    scaled by a random factor, mirrored by chance and put anywhere.  Upstream's ``MixUp`` leaves the masks behind;
    this one takes them along.  It belongs into the pipeline of a ``MultiImageMixDataset``; without masks it works
    too.

    Args:
        img_scale: Width and height the other picture is fitted into, aspect ratio kept, before it is scaled, px;
            None for the size of the first.
        ratio_range: Least and largest factor of the scaling.
        flip_ratio: Probability of mirroring the other picture.
        pad_val: Grey value to blend with where the other picture does not reach, 0 to 255.
        prob: Probability of a blend; otherwise the picture stays as it is, and no other is read.
        min_visible: Objects of the other picture that keep a smaller share of their box than this are dropped;
            ignore regions never are.
        max_iters: How often to draw another picture when one has no objects.

    Raises:
        ValueError: A probability, share or range is impossible.
    """

    def __init__(
        self,
        *,
        img_scale: tuple[int, int] | None = None,
        ratio_range: tuple[float, float] = (0.5, 1.5),
        flip_ratio: float = 0.5,
        pad_val: int = 114,
        prob: float = 1.0,
        min_visible: float = 0.1,
        max_iters: int = 15,
    ) -> None:
        check_probability(self, prob=prob, flip_ratio=flip_ratio, min_visible=min_visible)
        check_range(self, ratio_range=ratio_range)
        self.img_scale = img_scale
        self.ratio_range = ratio_range
        self.flip_ratio = flip_ratio
        self.pad_val = pad_val
        self.prob = prob
        self.min_visible = min_visible
        self.max_iters = max_iters

    def get_indexes(self, dataset) -> list[int]:
        """Draw the other picture, one with objects if there is.

        Args:
            dataset: The data set to draw from.

        Returns:
            One position, or none when nothing is to be blended.
        """
        if np.random.rand() >= self.prob:
            return []
        for _ in range(self.max_iters):
            index = int(np.random.randint(len(dataset)))
            if dataset.get_data_info(index)['instances']:
                return [index]
        return []

    def transform(self, results: dict) -> dict:
        """Blend.

        Args:
            results: A picture, with the other in ``mix_results``.

        Returns:
            The picture, blended, with the objects of both.
        """
        if not results['mix_results']:
            return results
        height, width = results['img'].shape[:2]
        other = self._scale(results['mix_results'][0], self.img_scale or (width, height))
        canvas = np.full((height, width, 3), self.pad_val, np.uint8)
        x, y = (_offset(canvas.shape[axis] - other['img'].shape[axis]) for axis in (1, 0))
        placed = keep_visible(place_picture(other, canvas, x, y), height, width, min_visible=self.min_visible)
        blended = cv2.addWeighted(results['img'], 0.5, canvas, 0.5, 0)
        results.update(join_objects([results, placed]), img=blended, img_shape=(height, width))
        return results

    def _scale(self, picture: dict, img_scale: tuple[int, int]) -> dict:
        rows, columns = picture['img'].shape[:2]
        factor = min(img_scale[0] / columns, img_scale[1] / rows) * np.random.uniform(*self.ratio_range)
        picture = resize_picture(picture, int(rows * factor), int(columns * factor))
        return flip_picture(picture) if np.random.rand() < self.flip_ratio else picture


def _offset(room: int) -> int:
    """Draw where the other picture starts: inside the canvas if it is smaller, so that it fills it if larger."""
    return int(np.random.randint(min(room, 0), max(room, 0) + 1))
