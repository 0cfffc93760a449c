"""The multi-scale recipe of the detection transformers as one pipeline step."""

from collections.abc import Sequence

from mmcv.transforms import RandomChoice
from mmdet.registry import TRANSFORMS

from .settings import check_probability

Size = tuple[int, int]


@TRANSFORMS.register_module()
class MultiScaleResize(RandomChoice):
    """Stretch a picture to one of many sizes, or crop it between two resizes.

    With probability ``1 - crop_prob`` the picture is stretched to a size drawn
    from squares, wide and tall ones alike, so that its aspect ratio changes
    too.  Otherwise it is fitted into a square with its aspect ratio kept, a
    random part of it is cut out, and that is fitted into a square again: the
    two branches of the DETR recipe (End-to-End Object Detection with
    Transformers, 2020, appendix A.4), put together from upstream's steps.

    Boxes, masks and ignore flags follow; a crop may hold no object.

    Args:
        squares: Sides of the squares, px.
        wide: Sizes (width, height) of wide shapes, px.
        tall: Sizes (width, height) of tall shapes, px.
        crop: Smallest and largest side of the crop, px; the picture is the limit where it is smaller.
        crop_prob: Probability of the crop branch, 0 to 1.
    """

    def __init__(
        self,
        *,
        squares: Sequence[int],
        wide: Sequence[Size] = (),
        tall: Sequence[Size] = (),
        crop: tuple[int, int] = (512, 896),
        crop_prob: float = 0.5,
    ) -> None:
        if not squares:
            raise ValueError('MultiScaleResize: squares is empty; give at least one side in pixels')
        check_probability(self, crop_prob=crop_prob)
        fitted = [(side, side) for side in squares]
        stretch = _resize([*fitted, *map(tuple, wide), *map(tuple, tall)], keep_ratio=False)
        cut = dict(type='mmdet.RandomCrop', crop_type='absolute_range', crop_size=tuple(crop), allow_negative_crop=True)
        fit = _resize(fitted, keep_ratio=True)
        super().__init__([[stretch], [fit, cut, fit]], prob=[1.0 - crop_prob, float(crop_prob)])


def _resize(scales: list[Size], *, keep_ratio: bool) -> dict:
    return dict(type='RandomChoiceResize', scales=scales, resize_type='mmdet.Resize', keep_ratio=keep_ratio)
