"""The instances of a data info, made from the annotations of a json."""

from collections.abc import Mapping

import numpy as np


def as_instance(record: Mapping, label_of: Mapping[int, int]) -> dict:
    """Turn an annotation into an instance.

    Args:
        record: A checked annotation of ``CocoData``.
        label_of: Labels by category id.

    Returns:
        ``bbox`` ([x1, y1, x2, y2] in px), ``bbox_label``, ``ignore_flag`` (1 for crowds and ignore regions), ``mask``
        (list of float64 arrays x1, y1, x2, y2, ... in px; or compressed RLE dict; or None), ``ann_id`` and, where the
        file has one, ``score``.
    """
    x, y, width, height = record['bbox']
    mask = record.get('segmentation')
    if isinstance(mask, list):
        mask = [np.array(polygon, dtype=np.float64) for polygon in mask]
    instance = {
        'bbox': [x, y, x + width, y + height],
        'bbox_label': label_of[record['category_id']],
        'ignore_flag': int(record['iscrowd'] or record.get('ignore', 0)),
        'mask': mask,
        'ann_id': record['id'],
    }
    if 'score' in record:
        instance['score'] = float(record['score'])
    return instance
