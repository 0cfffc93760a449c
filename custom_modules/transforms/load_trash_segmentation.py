"""Load the label map of a picture: painted from its instances, or from a file."""

import zlib
from collections import OrderedDict

import numpy as np
from mmcv.transforms import BaseTransform
from mmseg.registry import TRANSFORMS

from custom_modules.datasets.label_maps import paint_labels
from custom_modules.datasets.label_pictures import load_labels
from custom_modules.structures.label_map import ORDERS
from custom_modules.utils import UserError


@TRANSFORMS.register_module()
class LoadTrashSegmentation(BaseTransform):
    """Add ``gt_seg_map``, (H, W) uint8 of the picture's own size: classes, and 255 for what does not count.

    Args:
        order: What lies on top where objects overlap: ``'area'``, the smaller one; ``'id'``, the later annotation.
        cache_mb: Megabytes (2 ** 20 bytes) of label maps kept by each process that loads, compressed and the latest
            used ones first; 0 for none.  Worth it for masks that are slow to read, such as large run-length ones.

    Raises:
        UserError: ``order`` is unknown, or ``cache_mb`` negative.
    """

    def __init__(self, order: str = 'area', cache_mb: float = 0) -> None:
        if order not in ORDERS:
            raise UserError(f'LoadTrashSegmentation: order is {order!r}; give one of {", ".join(ORDERS)}')
        if cache_mb < 0:
            raise UserError(f'LoadTrashSegmentation: cache_mb is {cache_mb}; give a number from 0 on')
        self.order = order
        self._cache = _Cache(cache_mb) if cache_mb else None

    def transform(self, results: dict) -> dict:
        """Load the label map.

        Args:
            results: With the picture's ``height`` and ``width``, and with ``instances``, or with ``seg_map_path`` and
                ``label_table``.

        Returns:
            The same dict, changed.

        Raises:
            UserError: A mask or label picture does not fit its picture.
        """
        if self._cache is None:
            labels = self._load(results)
        else:
            labels = self._cache.get(results['img_path'], lambda: self._load(results))
        results['gt_seg_map'] = labels
        results.setdefault('seg_fields', []).append('gt_seg_map')
        return results

    def _load(self, results: dict) -> np.ndarray:
        height, width = results['height'], results['width']
        if 'seg_map_path' in results:
            return load_labels(results['seg_map_path'], results['label_table'], height, width)
        try:
            return paint_labels(results['instances'], height, width, order=self.order)
        except ValueError as error:
            raise UserError(f'{results["img_path"]}: {error}; run tools/check_data.py on the data set') from error


class _Cache:
    """Label maps by name, compressed: a tenth to a hundredth of their size."""

    def __init__(self, megabytes: float) -> None:
        self.room = int(megabytes * 2**20)
        self.kept: OrderedDict[str, tuple[tuple[int, int], bytes]] = OrderedDict()

    def get(self, name: str, load) -> np.ndarray:
        """Return a map, loading it where it is not kept; it may be written to."""
        if name in self.kept:
            self.kept.move_to_end(name)
            shape, packed = self.kept[name]
            return np.frombuffer(bytearray(zlib.decompress(packed)), np.uint8).reshape(shape)
        labels = load()
        packed = zlib.compress(labels, 1)
        self.kept[name] = labels.shape, packed
        self.room -= len(packed)
        while self.room < 0:
            _, (_, oldest) = self.kept.popitem(last=False)
            self.room += len(oldest)
        return labels
