"""Load boxes, labels and masks of a picture, whatever form its masks have."""

from mmdet.datasets.transforms import LoadAnnotations
from mmdet.registry import TRANSFORMS

from custom_modules.structures.instance_masks import InstanceMasks
from custom_modules.utils import UserError


@TRANSFORMS.register_module()
class LoadTrashAnnotations(LoadAnnotations):
    """Make ground truth of the ``instances`` of a data info.

    Differs from mmdet's ``LoadAnnotations`` in the masks: they become :class:`InstanceMasks`, so polygons stay
    polygons, RLE masks and instances without a mask are kept beside them, and nothing but the data set's own
    ``ignore_flag`` makes an ignore region.

    Adds ``gt_bboxes`` (HorizontalBoxes, xyxy in pixels), ``gt_bboxes_labels`` ((N,) int64), ``gt_ignore_flags``
    ((N,) bool) and, unless ``with_mask`` is off, ``gt_masks``.

    Args:
        with_mask: Whether to load masks.
        kwargs: Passed on to ``LoadAnnotations``.
    """

    def __init__(self, with_mask: bool = True, **kwargs) -> None:
        super().__init__(with_mask=with_mask, poly2mask=False, **kwargs)

    def _load_masks(self, results: dict) -> None:
        """Add ``gt_masks``.

        Raises:
            UserError: A mask does not fit its picture.
        """
        height, width = results.get('ori_shape') or (results['height'], results['width'])
        instances = results.get('instances', [])
        masks = [instance.get('mask') for instance in instances]
        boxes = [instance['bbox'] for instance in instances]
        try:
            results['gt_masks'] = InstanceMasks(masks, height, width, boxes=boxes)
        except ValueError as error:
            picture = results.get('img_path', 'a picture')
            raise UserError(f'{picture}: {error}; run tools/check_data.py on the data set') from error
