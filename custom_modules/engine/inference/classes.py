"""Giving a config the classes and branches of a trained checkpoint."""

from pathlib import Path
from typing import Any

from mmengine.config import Config, ConfigDict

from ...utils import UserError
from ..checkpoint import read_checkpoint
from ..data import use_classes
from ..tasks import is_segmentation


def fit_to_checkpoint(cfg: Config, checkpoint: str | Path) -> dict[str, Any]:
    """Give a config the classes and branches of a trained checkpoint, and drop its start weights.

    Args:
        cfg: Config the checkpoint was trained with.
        checkpoint: File written by training.

    Returns:
        The checkpoint's content; ``meta`` has ``classes`` and ``cat_ids``.

    Raises:
        UserError: The file is damaged or says nothing about its classes.
    """
    content = read_checkpoint(checkpoint)
    check_task(cfg, content, checkpoint)
    meta = content.get('meta', {})
    classes, cat_ids = meta.get('classes'), meta.get('cat_ids')
    if not _are(classes, str) or not _are(cat_ids, int) or len(classes) != len(cat_ids):
        raise UserError(f'{checkpoint}: does not say which classes it knows; take one that tools/train.py wrote')
    boxes_only = _has_mask_branch(cfg.model) and not any('mask_head' in key for key in content['state_dict'])
    use_classes(cfg, len(classes), has_masks=not boxes_only)
    cfg.load_from = None  # a runner would load it over the checkpoint
    return content


def check_task(cfg: Config, content: dict[str, Any], checkpoint: str | Path) -> None:
    """Refuse a segmenter's weights for a detector and the reverse, which would fail at the classes or the tensors.

    Args:
        cfg: The config.
        content: Of the checkpoint.
        checkpoint: Its file.

    Raises:
        UserError: The two are of different tasks.
    """
    is_segmenter = any(key.startswith('decode_head.') for key in content['state_dict'])
    kinds = ('a detector', 'a segmenter')
    if is_segmenter != is_segmentation(cfg):
        raise UserError(
            f'{checkpoint}: is {kinds[is_segmenter]}, {cfg.filename} {kinds[not is_segmenter]}; give the config it was '
            f'trained with, config.py beside it'
        )


def _has_mask_branch(model: ConfigDict) -> bool:
    """Whether a set with boxes only would leave something out; one-stage and query detectors have nothing to leave."""
    from ...models.config_walk import walk_dicts

    return any(node.get('mask_head') is not None for _, node in walk_dicts(model))


def _are(values: Any, kind: type) -> bool:
    return isinstance(values, list) and bool(values) and all(isinstance(value, kind) for value in values)
