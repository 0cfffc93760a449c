"""Let a mask head predict run-length masks, never a bitmap of the picture per instance."""

import torch
from mmengine.config import ConfigDict
from torch import Tensor

from custom_modules.structures.paste_rle import paste_rle


class RunLengthMasks:
    """Mixin for a mask head of mmdet, to be put before it among the bases.

    The masks of ``pred_instances`` are a list of compressed RLE dicts instead of an (N, H, W) tensor: the small maps go
    to the CPU once per picture, where each is pasted and encoded in one step.  A negative ``mask_thr_binary``, which
    asks upstream for probabilities to look at, gives upstream's tensor.
    """

    def _predict_by_feat_single(
        self,
        mask_preds: Tensor,
        bboxes: Tensor,
        labels: Tensor,
        img_meta: dict,
        rcnn_test_cfg: ConfigDict,
        rescale: bool = False,
        activate_map: bool = False,
    ) -> Tensor | list[dict]:
        """Make the masks of one picture.

        Args:
            mask_preds: (N, num_classes, h, w) logits, or probabilities with ``activate_map``.
            bboxes: (N, 4) xyxy in pixels of the model's input; ``rescale`` changes them in place, as upstream does.
            labels: (N,) classes.
            img_meta: The picture's ``ori_shape`` and ``scale_factor`` (width, height).
            rcnn_test_cfg: With ``mask_thr_binary``.
            rescale: Whether boxes and masks are wanted in pixels of the original picture.
            activate_map: Whether ``mask_preds`` are probabilities already.

        Returns:
            N RLE dicts.
        """
        threshold = rcnn_test_cfg.mask_thr_binary
        if threshold < 0:
            return super()._predict_by_feat_single(
                mask_preds, bboxes, labels, img_meta, rcnn_test_cfg, rescale, activate_map
            )
        height, width = img_meta['ori_shape'][:2]
        scale_x, scale_y = img_meta['scale_factor']
        if rescale:
            bboxes /= bboxes.new_tensor([scale_x, scale_y]).repeat(2)
        else:
            height, width = round(height * scale_y), round(width * scale_x)
        maps = (
            mask_preds[:, 0]
            if self.class_agnostic
            else mask_preds[torch.arange(len(labels), device=labels.device), labels]
        )
        maps = maps.float() if activate_map else maps.float().sigmoid()
        # One copy for both: each waits for the device.
        together = torch.cat([maps.flatten(1), bboxes.float()], dim=1).cpu().numpy()
        return paste_rle(together[:, :-4].reshape(maps.shape), together[:, -4:], height, width, threshold)
