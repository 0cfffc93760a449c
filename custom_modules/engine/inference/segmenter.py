"""A trained segmenter, ready to predict on pictures."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch.nn.functional as F
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from torch import Tensor, nn

from ...utils import UserError
from ..tta import View
from .predictor import Predictor
from .score_maps import Windows, learns_by_sigmoids, probabilities, score_maps, sums_masks


class Segmenter(Predictor):
    """A trained segmenter with its test pipeline; finds class probabilities, (C, H, W) float32.

    They are of the size of the file and on the device that computed them.  Scores are resized and then made
    probabilities, so that the most probable class is the one that upstream's ``predict`` gives; those of the views of
    test-time augmentation are averaged.  Pictures of a batch that come at different sizes are computed apart, so
    that none is padded because of another: results do not depend on what else is in the batch, but for the last digits.

    See :class:`Predictor` for arguments and attributes.
    """

    def __init__(self, cfg: Config, checkpoint: str | Path, **options: Any) -> None:
        super().__init__(cfg, checkpoint, **options)
        if not hasattr(self.model, 'encode_decode'):
            raise UserError(f'{cfg.filename}: model is a {type(self.model).__name__}, not an EncoderDecoder')
        heads = self.model.decode_head
        head = heads[-1] if isinstance(heads, nn.ModuleList) else heads
        if head.out_channels != len(self.classes):
            raise UserError(
                f'{cfg.filename}: model.decode_head gives {head.out_channels} channels for {len(self.classes)} '
                f'classes; leave out_channels out'
            )
        self._kind = {'from_masks': sums_masks(head), 'from_sigmoids': learns_by_sigmoids(head)}
        self._windows = Windows.from_config(self.model.test_cfg, str(cfg.filename))

    def _predict_samples(self, samples: list[list[dict]]) -> list[Tensor]:
        views = self._augmentation.views if self._augmentation else [View()]
        sums: list[Tensor] = []
        for view, seen in zip(views, zip(*samples, strict=True), strict=True):
            maps = [view.undo_maps(one) for one in self._probabilities(seen)]
            sums = [total.add_(one) for total, one in zip(sums, maps, strict=True)] if sums else maps
        return [total.div_(len(views)) for total in sums]

    def _probabilities(self, samples: Sequence[dict]) -> list[Tensor]:
        """Compute the probabilities of one view of each picture."""
        found: list[Any] = [None] * len(samples)
        for places in _of_one_size(samples):
            data = self.model.data_preprocessor(pseudo_collate([samples[place] for place in places]), False)
            metas = [sample.metainfo for sample in data['data_samples']]
            scores = score_maps(self.model, data['inputs'], metas, self._windows)
            for place, own, meta in zip(places, scores, metas, strict=True):
                found[place] = probabilities(self._resize(own, meta), **self._kind)
        return found

    def _resize(self, scores: Tensor, meta: dict[str, Any]) -> Tensor:
        """Cut padding off scores (C, H, W), and bring them to the size of the file."""
        left, right, top, bottom = meta.get('img_padding_size', (0, 0, 0, 0))
        height, width = scores.shape[-2:]
        scores = scores[None, :, top : height - bottom, left : width - right]
        if scores.shape[-2:] != tuple(meta['ori_shape'][:2]):
            align = self.model.align_corners
            scores = F.interpolate(scores, meta['ori_shape'][:2], mode='bilinear', align_corners=align)
        return scores[0]


def _of_one_size(samples: Sequence[dict]) -> Iterator[list[int]]:
    """Group the positions of samples by the size of their inputs."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for place, sample in enumerate(samples):
        groups.setdefault(tuple(sample['inputs'].shape), []).append(place)
    yield from groups.values()
