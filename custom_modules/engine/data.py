"""Fitting a config to the data set it is pointed at."""

from pathlib import Path
from typing import Any

from mmengine.config import Config, ConfigDict

from ..utils import UserError
from .distributed import on_main_rank


def use_data(cfg: Config, data_root: str | None = None, train_ann: str | None = None) -> list[str]:
    """Check the data, then make loaders, heads and metric follow it.

    Args:
        cfg: Gets the data root, the class count of every head, and loses its
            mask branch on a set with boxes only.
        data_root: Folder of the data set; None for the config's.
        train_ann: Training json; None for the config's.

    Returns:
        One line per warning and decision.

    Raises:
        UserError: The data has errors; the message holds all of them.
    """
    data_root = data_root or cfg.data_root
    train = cfg.train_dataloader.dataset
    facts, lines = on_main_rank(_check, data_root, train_ann or train.ann_file, cfg.val_dataloader.dataset.ann_file)
    for loader in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader):
        loader.dataset.data_root = facts['data_root']
    train.ann_file = facts['train_ann']
    cfg.val_dataloader.dataset.ann_file = facts['val_ann']
    use_ground_truth(cfg.val_evaluator, facts['val_ann'], facts['data_root'])
    return lines + use_classes(cfg, len(facts['classes']), has_masks=facts['has_masks'])


def _check(data_root: str, train_ann: str, val_ann: str) -> tuple[dict[str, Any], list[str]]:
    from ..datasets import check_data_root

    train, val, lines = check_data_root(data_root, train_ann, val_ann)
    lines.append(f'data: {len(train.images)} training and {len(val.images)} validation pictures of {data_root}')
    facts = {
        'data_root': str(train.image_root),
        'train_ann': str(Path(train.path).resolve()),
        'val_ann': str(Path(val.path).resolve()),
        'classes': train.classes,
        'has_masks': train.has_masks,
    }
    return facts, lines


def use_ground_truth(evaluator: ConfigDict, ann_file: str, data_root: str, out: str | None = None) -> None:
    """Point a metric at the file it scores against, and at one to write predictions to."""
    if evaluator.type != 'TrashCocoMetric':
        raise UserError(f'the evaluator is {evaluator.type}; detectors are scored by TrashCocoMetric')
    evaluator.update(ann_file=ann_file, data_root=data_root, out=out)


def use_classes(cfg: Config, num_classes: int, *, has_masks: bool) -> list[str]:
    """Make every head of the model follow the data set.

    Args:
        cfg: Config with the model.
        num_classes: How many categories the data set has.
        has_masks: Whether any of its objects has a mask; otherwise the mask branch goes.

    Returns:
        Lines that say what was done.
    """
    from ..models import remove_mask_branch, set_num_classes

    set_num_classes(cfg.model, num_classes)
    lines = [f'classes: {num_classes}, from the data set']
    if not has_masks and remove_mask_branch(cfg.model):
        for pipeline in _pipelines(cfg):
            for step in pipeline:
                if 'with_mask' in step:
                    step.with_mask = False
        lines.append('masks: the data set has boxes only, the mask branch is left out')
    return lines


def _pipelines(cfg: Config) -> list[list[ConfigDict]]:
    loaders = (cfg.get(name) for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'))
    return [loader.dataset.pipeline for loader in loaders if loader]
