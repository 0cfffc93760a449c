"""The segmentation data set: the same COCO json as the detectors', every pixel with a class."""

from mmseg.registry import DATASETS

from .coco_dataset import CocoDataset
from .label_maps import labels_on, segmentation_classes
from .palette import segmentation_palette


@DATASETS.register_module()
class TrashSegDataset(CocoDataset):
    """Segmentation data from a COCO json; see :class:`CocoDataset` for its arguments.

    The classes are Background and the categories of the file.  ``LoadTrashSegmentation`` paints the label map of a
    picture from its instances when it is needed: nothing is converted beforehand.  Beside what its base gives, a data
    info has ``seg_fields`` and ``reduce_zero_label`` (False), which mmseg's steps expect.  ``bbox_label`` counts the
    categories from 0, without the Background; ``cat_ids`` of the metainfo are the labels themselves.
    """

    def _classes(self) -> tuple[tuple[str, ...], list, tuple[int, ...]]:
        classes = segmentation_classes(self.coco.classes)
        return classes, segmentation_palette(classes), tuple(range(len(classes)))

    def _data_info(self, image: dict, annotations: list[dict]) -> dict:
        return {**super()._data_info(image, annotations), 'seg_fields': [], 'reduce_zero_label': False}

    def get_cat_ids(self, idx: int) -> list[int]:
        """Get the labels of a picture's objects, for samplers that look at classes.

        Args:
            idx: Its position.

        Returns:
            One label per object with a mask, from 1 on; Background is on every picture and not among them.
        """
        return labels_on(self.get_data_info(idx)['instances'])
