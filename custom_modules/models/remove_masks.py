"""Take the mask branch out of a model config, for data with boxes only."""

from mmdet.models import (
    BoxInstMaskHead,
    HybridTaskCascadeRoIHead,
    MaskFormerHead,
    MaskScoringRoIHead,
    PointRendRoIHead,
    RTMDetInsHead,
    SCNetRoIHead,
)
from mmdet.models.dense_heads.base_mask_head import BaseMaskHead
from mmdet.models.dense_heads.yolact_head import YOLACTHead
from mmdet.models.seg_heads.base_semantic_head import BaseSemanticHead

from custom_modules.utils import UserError

from .config_walk import constructor_default, resolve_type, walk_dicts

# What these add to their base class is about masks, and without masks some of them fail or leave their cascade
# unrefined (HTC refines boxes between its stages inside the mask branch).
MASK_ROI_HEADS = (HybridTaskCascadeRoIHead, MaskScoringRoIHead, PointRendRoIHead, SCNetRoIHead)
MASK_KEYS = ('mask_head', 'mask_roi_extractor')
NEEDS_MASKS = (BaseMaskHead, MaskFormerHead, RTMDetInsHead, YOLACTHead)


def remove_mask_branch(model_cfg: dict) -> bool:
    """Leave a two-stage detector its boxes only, in place.

    Hybrid Task Cascade and SCNet become plain cascades, Mask Scoring R-CNN and PointRend plain two-stage
    detectors: what they add needs masks or semantic maps.  Names of the parameters that stay are the same, so
    the same weights can be loaded.

    Args:
        model_cfg: The model part of a config.

    Returns:
        Whether there was a mask branch.

    Raises:
        UserError: The model is nothing without masks.
    """
    roi_heads = [node for path, node in walk_dicts(model_cfg) if path and path[-1] == 'roi_head']
    inside = {id(part) for head in roi_heads for _, part in walk_dicts(head)}
    for path, node in walk_dicts(model_cfg, skip=('backbone', 'init_cfg')):
        if id(node) not in inside:
            _require_boxes_suffice(path, node)
    removed = [_remove_from(head) for head in roi_heads]
    for _, node in walk_dicts(model_cfg):
        if any(removed) and 'pad_mask' in node:
            node['pad_mask'] = False
    return any(removed)


def _require_boxes_suffice(path: tuple, node: dict) -> None:
    """Refuse a head outside the RoI head that learns from masks; BoxInst makes its own from boxes."""
    cls = resolve_type(node)
    by_masks = cls is not None and issubclass(cls, (*NEEDS_MASKS, BaseSemanticHead))
    if by_masks and not issubclass(cls, BoxInstMaskHead):
        raise UserError(
            f'the data set has boxes only, but model.{".".join(map(str, path))} ({cls.__name__}) learns from masks: '
            'choose a detector that learns from boxes, for example configs/trash/htc_swin_t.py'
        )


def _remove_from(roi_head: dict) -> bool:
    """Remove what needs masks from one RoI head; returns whether there was anything."""
    had_masks = roi_head.get('mask_head') is not None
    for key in MASK_KEYS:
        roi_head.pop(key, None)
    cls = resolve_type(roi_head)
    if cls is None or not issubclass(cls, MASK_ROI_HEADS):
        return had_masks
    plain = next(base for base in cls.__mro__ if not issubclass(base, MASK_ROI_HEADS))
    scope, dot, _ = str(roi_head['type']).rpartition('.')
    roi_head['type'] = scope + dot + plain.__name__
    for key in [key for key in roi_head if key != 'type' and not constructor_default(plain, key)[0]]:
        del roi_head[key]
    return True
