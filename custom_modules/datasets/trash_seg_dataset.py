"""The segmentation data set: the same COCO json as the detectors', or label pictures; every pixel with a class."""

from functools import cached_property

from mmseg.registry import DATASETS

from .coco_dataset import CocoDataset
from .label_maps import coco_classes, coco_palette, labels_on
from .label_pictures import LabelTable, label_table


@DATASETS.register_module()
class TrashSegDataset(CocoDataset):
    """Segmentation data from a COCO json; see :class:`CocoDataset` for its arguments.

    The classes are Background and the categories of the file.  ``LoadTrashSegmentation`` paints the label map of a
    picture from its instances when it is needed: nothing is converted beforehand.  Beside what its base gives, a data
    info has ``seg_fields`` and ``reduce_zero_label`` (False), which mmseg's steps expect.  ``bbox_label`` counts the
    categories from 0, without the Background; ``cat_ids`` of the metainfo are the labels themselves.

    Of a set of label pictures the classes are its categories as they are; a data info then has ``seg_map_path`` (None
    where a picture has no labels), ``labels`` (those on it), ``label_table`` and no instances.
    """

    def _classes(self) -> tuple[tuple[str, ...], list, tuple[int, ...]]:
        classes = coco_classes(self.coco)
        return classes, coco_palette(self.coco), tuple(range(len(classes)))

    def _data_info(self, image: dict, annotations: list[dict]) -> dict:
        info = {**super()._data_info(image, annotations), 'seg_fields': [], 'reduce_zero_label': False}
        if self.coco.has_label_values:
            file = image.get('label_file')
            info['seg_map_path'] = None if file is None else str(self.coco.image_root / file)
            info['labels'] = image.get('labels', [])
        return info

    def get_data_info(self, idx: int) -> dict:
        """Get the data info of one picture; see :class:`CocoDataset`."""
        info = super().get_data_info(idx)
        if 'seg_map_path' in info:
            info['label_table'] = self._label_table
        return info

    @cached_property
    def _label_table(self) -> LabelTable:
        return label_table(self.coco.categories, self.coco.extra['void'])

    def get_cat_ids(self, idx: int) -> list[int]:
        """Get the labels on a picture, for samplers that look at classes.

        Args:
            idx: Its position.

        Returns:
            One label per object with a mask, from 1 on; Background is on every picture and not among them.  Of a label
            picture the labels it has, from 0 on.
        """
        info = self.get_data_info(idx)
        return list(info['labels']) if 'seg_map_path' in info else labels_on(info['instances'])

    def _is_empty(self, info: dict) -> bool:
        return not info['labels'] if 'seg_map_path' in info else super()._is_empty(info)
