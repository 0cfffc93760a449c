"""Four pictures in one, masks included."""

import numpy as np
from mmcv.transforms import BaseTransform
from mmdet.registry import TRANSFORMS

from .ground_truth import join_objects, keep_visible, place_picture, resize_picture
from .settings import check_probability, check_range


@TRANSFORMS.register_module()
class TrashMosaic(BaseTransform):
    """Let four pictures meet in a random point of a canvas (YOLOv4, 2020, section 3.3).

    Upstream's ``Mosaic`` leaves the masks behind; this one takes them along, polygons as polygons.  It goes first
    in the pipeline of a ``MultiImageMixDataset``, whose inner data set only loads; without masks it works too.

    Args:
        img_scale: Width and height each picture is fitted into, aspect ratio kept, px; the canvas is twice as wide
            and high.  None for half of the first picture's size, whose size the canvas then has.
        center_ratio_range: Where the four meet, in units of ``img_scale``: 1 is the middle of the canvas.
        pad_val: Grey value of what no picture covers, 0 to 255.
        prob: Probability of a mosaic; otherwise the picture stays as it is, and no others are read.
        min_visible: Objects that keep a smaller share of their box than this are dropped; ignore regions never are.

    Raises:
        ValueError: A probability, share or range is impossible.
    """

    def __init__(
        self,
        *,
        img_scale: tuple[int, int] | None = None,
        center_ratio_range: tuple[float, float] = (0.5, 1.5),
        pad_val: int = 114,
        prob: float = 1.0,
        min_visible: float = 0.1,
    ) -> None:
        check_probability(self, prob=prob, min_visible=min_visible)
        check_range(self, center_ratio_range=center_ratio_range)
        self.img_scale = img_scale
        self.center_ratio_range = center_ratio_range
        self.pad_val = pad_val
        self.prob = prob
        self.min_visible = min_visible

    def get_indexes(self, dataset) -> list[int]:
        """Draw the three other pictures.

        Args:
            dataset: The data set to draw from.

        Returns:
            Three positions, or none when there is to be no mosaic.
        """
        if np.random.rand() >= self.prob:
            return []
        return [int(np.random.randint(len(dataset))) for _ in range(3)]

    def transform(self, results: dict) -> dict:
        """Make the mosaic.

        Args:
            results: A picture, with the others in ``mix_results``.

        Returns:
            The picture, replaced by the mosaic.
        """
        if not results['mix_results']:
            return results
        width, height = self.img_scale or [max(side // 2, 1) for side in results['img'].shape[1::-1]]
        canvas = np.full((2 * height, 2 * width, 3), self.pad_val, np.uint8)
        x, y = (int(np.random.uniform(*self.center_ratio_range) * side) for side in (width, height))
        parts = []
        for position, picture in enumerate([results, *results['mix_results']]):
            picture = _fit(picture, height, width)
            rows, columns = picture['img'].shape[:2]
            left = x if position % 2 else x - columns
            top = y if position >= 2 else y - rows
            parts.append(place_picture(picture, canvas, left, top))
        joined = keep_visible(join_objects(parts), 2 * height, 2 * width, min_visible=self.min_visible)
        results.update(joined, img=canvas, img_shape=canvas.shape[:2])
        return results


def _fit(picture: dict, height: int, width: int) -> dict:
    rows, columns = picture['img'].shape[:2]
    factor = min(height / rows, width / columns)
    return resize_picture(picture, int(rows * factor), int(columns * factor))
