"""Fitting a config to the data set it is pointed at."""

from typing import Any

from mmengine.config import Config, ConfigDict

from ..utils import UserError
from .distributed import on_each_machine, on_main_rank


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
    _check_loaders(cfg)
    data_root = data_root or cfg.get('data_root')
    if not data_root:
        raise UserError(f'{cfg.filename}: names no data_root; give --data-root')
    train = cfg.train_dataloader.dataset
    anns = (train_ann or train.ann_file, cfg.val_dataloader.dataset.ann_file)
    facts, lines = on_main_rank(_check, data_root, *anns)
    root, train.ann_file, val_ann = on_each_machine(find_data, data_root, *anns)
    for loader in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader):
        loader.dataset.data_root = root
    cfg.val_dataloader.dataset.ann_file = val_ann
    use_ground_truth(cfg.val_evaluator, val_ann, root)
    return lines + use_classes(cfg, len(facts['classes']), has_masks=facts['has_masks'])


def _check_loaders(cfg: Config) -> None:
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        dataset = (cfg.get(name) or {}).get('dataset') or {}
        if not {'ann_file', 'pipeline'} <= set(dataset):
            found = f'is a {dataset["type"]}' if 'type' in dataset else 'is missing'
            raise UserError(
                f'{cfg.filename}: {name}.dataset {found}, not a TrashDetDataset with its ann_file and pipeline; '
                f'inherit _base_/datasets/detection.py'
            )
    if not isinstance(cfg.get('val_evaluator'), dict):
        raise UserError(f'{cfg.filename}: val_evaluator is missing; inherit _base_/datasets/detection.py')


def _check(data_root: str, train_ann: str, val_ann: str) -> tuple[dict[str, Any], list[str]]:
    from ..datasets import check_data_root

    train, val, lines = check_data_root(data_root, train_ann, val_ann)
    lines.append(f'data: {len(train.images)} training and {len(val.images)} validation pictures of {data_root}')
    return {'classes': train.classes, 'has_masks': train.has_masks}, lines


def find_data(data_root: str, *anns: str) -> list[str]:
    """Find a data folder and json files of it on this machine.

    Args:
        data_root: The folder, relative or absolute.
        anns: Files, looked up in the folder, then in the working folder.

    Returns:
        Their absolute paths, the folder's first.

    Raises:
        UserError: One of them is not there.
    """
    from ..datasets import resolve_ann, resolve_data_root

    root = resolve_data_root(data_root)
    return [str(path.resolve()) for path in (root, *(resolve_ann(root, ann) for ann in anns))]


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
