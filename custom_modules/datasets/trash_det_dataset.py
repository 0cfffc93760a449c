"""The detection data set: any COCO json, classes from the file."""

from mmdet.registry import DATASETS

from .checks.boxes import MIN_SIDE
from .coco_dataset import CocoDataset


@DATASETS.register_module()
class TrashDetDataset(CocoDataset):
    """Detection data from a COCO json; see :class:`CocoDataset` for its arguments and data infos.

    Differs from mmdet's ``CocoDataset``: class names, their number and order
    come from the file; nothing is dropped without being counted; boxes
    without a mask and RLE masks are as good as polygons; pictures without
    objects stay in training, as negatives.  Boxes with a side below 1 px are
    left out of training.
    """

    def _data_info(self, image: dict, annotations: list[dict]) -> dict:
        if not self.test_mode:
            kept = [record for record in annotations if min(record['bbox'][2:]) >= MIN_SIDE]
            self._count('boxes with a side below 1 px', len(annotations) - len(kept))
            annotations = kept
        return super()._data_info(image, annotations)

    def get_cat_ids(self, idx: int) -> list[int]:
        """Get the labels of a picture's objects, for samplers that look at classes.

        Args:
            idx: Its position.

        Returns:
            One label per object; ignore regions are none.
        """
        instances = self.get_data_info(idx)['instances']
        return [instance['bbox_label'] for instance in instances if not instance['ignore_flag']]
