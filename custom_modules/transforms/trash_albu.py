"""The Albumentations library as a pipeline step that keeps masks, ignore regions and label maps."""

import random
from collections.abc import Iterator, Sequence
from importlib import metadata
from typing import Any

import numpy as np
import torch
from mmdet.datasets.transforms import Albu
from mmdet.structures.bbox import HorizontalBoxes
from mmengine.registry import TRANSFORMS

from custom_modules.structures.instance_masks import InstanceMasks
from custom_modules.utils import UserError

from .ground_truth import MIN_SIDE, box_around, select_objects

_WANTED = "pip install 'albumentations==1.4.24'"


@TRANSFORMS.register_module()
class TrashAlbu(Albu):
    """Run transforms of Albumentations on a picture and its boxes, masks and ignore regions, or its label map.

    Where all of them change colours only, boxes and masks are left as they are.  Otherwise the masks are drawn once
    and transformed, boxes become those of the masks, and what has left the picture is dropped; instances without a
    mask keep the library's box.  A label map moves with its picture, and what a transform fills with its default does
    not count (255).  Random numbers come from the pipeline's, so that a sample is repeatable.

    Upstream's ``Albu`` gives every mask back as a bitmap, one without content as a mask, and draws from generators
    of its own.

    Args:
        transforms: Dicts of ``type``, a name of the library, and its arguments; nested for ``OneOf`` and the like.

    Raises:
        UserError: The library is missing or not below 2 (what follows 2 has another licence).
    """

    def __init__(self, transforms: Sequence[dict]) -> None:
        require_albumentations()
        super().__init__(list(transforms))
        self.moves_pixels = any(not _is_colour_only(step) for step in _flat(self.aug.transforms))
        if self.moves_pixels:
            boxes = dict(type='BboxParams', format='pascal_voc', label_fields=['instance'])
            super().__init__(list(transforms), bbox_params=boxes)

    def transform(self, results: dict) -> dict:
        """Transform a picture.

        Args:
            results: Of the pipeline, with a picture of uint8.

        Returns:
            The same dict, changed.
        """
        if hasattr(self.aug, 'set_random_state'):  # older releases draw from Python's generator
            seed = int(np.random.randint(2**31))
            self.aug.set_random_state(np.random.default_rng(seed), random.Random(seed))
        if self.moves_pixels and 'gt_seg_map' in results:
            return self._transform_labels(results)
        if self.moves_pixels:
            return self._transform_all(results)
        results['img'] = self.aug(image=results['img'])['image']
        return results

    def _transform_labels(self, results: dict) -> dict:
        # Masks are filled with 0, some steps take no other value: for the library 255 is 0, and each class one more.
        shifted = results['gt_seg_map'] + np.uint8(1)
        out = self.aug(image=results['img'], mask=shifted, bboxes=np.zeros((0, 4)), instance=[])
        results['img'], results['gt_seg_map'] = out['image'], out['mask'] - np.uint8(1)
        results['img_shape'] = out['image'].shape[:2]
        return results

    def _transform_all(self, results: dict) -> dict:
        height, width = results['img'].shape[:2]
        boxes = results['gt_bboxes'].numpy().astype(np.float64).clip(0, [width, height] * 2)
        inside = np.flatnonzero((boxes[:, 2:] - boxes[:, :2]).min(axis=1, initial=np.inf) > 0)
        data: dict[str, Any] = {'image': results['img'], 'bboxes': boxes[inside], 'instance': inside}
        if len(inside) and 'gt_masks' in results:
            data['masks'] = list(results['gt_masks'].to_ndarray())
        out = self.aug(**data)
        index = np.asarray(out['instance'], np.int64)
        objects = select_objects(results, index)
        objects['gt_bboxes'] = HorizontalBoxes(np.asarray(out['bboxes'], np.float32).reshape(-1, 4))
        results['img'] = out['image']
        results['img_shape'] = out['image'].shape[:2]
        if 'gt_masks' in results:
            _set_masks(objects, [out['masks'][i] for i in index], results['img_shape'])
        sides = torch.minimum(objects['gt_bboxes'].widths, objects['gt_bboxes'].heights).numpy()
        keep = sides >= np.where(objects['gt_ignore_flags'], np.finfo(np.float32).eps, MIN_SIDE)
        results.update(select_objects(objects, np.flatnonzero(keep)))
        return results


def _set_masks(objects: dict, drawn: list[np.ndarray], shape: tuple[int, int]) -> None:
    """Replace masks by bitmaps (N, H, W), and the boxes of instances with a mask by those around the bitmaps."""
    has_mask = objects['gt_masks'].has_mask
    bitmaps = [bitmap if has else None for bitmap, has in zip(drawn, has_mask, strict=True)]
    boxes = objects['gt_bboxes'].numpy()
    for box, bitmap in zip(boxes, bitmaps, strict=True):
        if bitmap is not None:
            box[:] = box_around(bitmap)
    objects['gt_bboxes'] = HorizontalBoxes(boxes)
    objects['gt_masks'] = InstanceMasks(bitmaps, *shape, boxes=boxes)


def require_albumentations() -> None:
    """Check that a usable release of the library is installed.

    Raises:
        UserError: It is missing, or is version 2 or later.
    """
    try:
        version = metadata.version('albumentations')
    except metadata.PackageNotFoundError:
        raise UserError(f'TrashAlbu needs the library albumentations: {_WANTED}') from None
    if int(version.split('.')[0]) >= 2:
        raise UserError(f'TrashAlbu works with albumentations below 2, here is {version}: {_WANTED}')


def _flat(steps: Sequence[Any]) -> Iterator[Any]:
    from albumentations import BaseCompose

    for step in steps:
        if isinstance(step, BaseCompose):  # others have something else of that name, such as ColorJitter
            yield from _flat(step.transforms)
        else:
            yield step


def _is_colour_only(step: Any) -> bool:
    from albumentations import ImageOnlyTransform

    return isinstance(step, ImageOnlyTransform)
