"""Fitting a config to the data set it is pointed at."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from mmengine.config import Config, ConfigDict

from ..utils import UserError
from .augmentation_checks import check_augmentation
from .distributed import on_each_machine, on_main_rank
from .tasks import is_segmentation, scope_of


def chosen_root(cfg: Config, data_root: str | None = None) -> str:
    """Return the folder of the data set: the user's, or else the config's.

    Raises:
        UserError: Neither names one.
    """
    data_root = data_root or cfg.get('data_root')
    if not data_root:
        raise UserError(f'{cfg.filename}: names no data_root; give --data-root')
    return data_root


def use_data(
    cfg: Config, data_root: str | None = None, train_ann: str | None = None, val_ann: str | None = None
) -> list[str]:
    """Check the data, then make loaders, heads and metric follow it.

    Args:
        cfg: Gets the data root, the class count of every head, and, if it is a detector's, loses its
            mask branch on a set with boxes only.
        data_root: Folder of the data set; None for the config's.
        train_ann: Training json; None for the config's.
        val_ann: Validation json; None for the config's.

    Returns:
        One line per warning and decision.

    Raises:
        UserError: The data has errors; the message holds all of them.  Or a segmenter is to learn from boxes, or a
            detector from label pictures.
    """
    _check_loaders(cfg)
    own_root, data_root = cfg.get('data_root'), chosen_root(cfg, data_root)
    parts = reading_parts(cfg.train_dataloader.dataset)
    train_files = _training_files(cfg, parts, own_root, data_root, train_ann)
    val_ann = val_ann or cfg.val_dataloader.dataset.ann_file
    facts, lines = on_main_rank(_check, data_root, train_files, val_ann)
    for part, (root, ann) in zip(parts, train_files, strict=True):
        part.data_root, part.ann_file = on_each_machine(find_data, root, ann)
    root, val_ann = on_each_machine(find_data, data_root, val_ann)
    for loader in (cfg.val_dataloader, cfg.test_dataloader):
        loader.dataset.data_root = root
    cfg.val_dataloader.dataset.ann_file = val_ann
    use_ground_truth(cfg, cfg.val_evaluator, val_ann, root)
    classes, has_masks = facts['classes'], facts['has_masks']
    if is_segmentation(cfg):
        classes = _segmentation_classes(facts, data_root)
        lines += use_classes(cfg, len(classes), has_background=not facts['label_values'])
    elif facts['label_values']:
        raise UserError(
            f'{data_root}: has label pictures and no objects, a detector learns from boxes; train a segmenter on it, '
            f'such as configs/trash/minicity_deeplabv3_r50.py'
        )
    else:
        lines += use_classes(cfg, len(classes), has_masks=has_masks)
        lines += _regions_without_effect(cfg.model, facts['num_regions'])
    check_augmentation(cfg.train_dataloader.dataset, classes, has_masks=has_masks, scope=scope_of(cfg))
    return lines


def _segmentation_classes(facts: dict[str, Any], data_root: str) -> tuple[str, ...]:
    from ..datasets.label_maps import segmentation_classes

    if facts['label_values']:
        return facts['classes']
    if not facts['has_masks']:
        raise UserError(f'{data_root}: has boxes only, a segmenter learns from masks; train a detector on it')
    return segmentation_classes(facts['classes'])


def reading_parts(dataset: ConfigDict) -> list[ConfigDict]:
    """Look through wrappers for the data sets that read files.

    Args:
        dataset: Config of a data set, or of a wrapper that holds others as ``dataset`` or ``datasets``
            (``MultiImageMixDataset``, ``RepeatDataset``, ``ClassBalancedDataset``, ``ConcatDataset``).

    Returns:
        The configs inside, in order; the config itself when it is no wrapper.
    """
    inner = [dataset['dataset']] if 'dataset' in dataset else dataset.get('datasets')
    return [dataset] if inner is None else [part for one in inner for part in reading_parts(one)]


def _training_files(
    cfg: Config, parts: list[ConfigDict], own_root: str | None, data_root: str, train_ann: str | None
) -> list[tuple[str, str]]:
    """Give folder and json of each part; a part with a folder of its own keeps it."""
    roots = [data_root if part.get('data_root') in (None, '', own_root) else part.data_root for part in parts]
    anns = [part.ann_file for part in parts]
    if train_ann and len(set(zip(roots, anns, strict=True))) > 1:
        raise UserError(
            f'--train-ann {train_ann}: {cfg.filename} trains on several files ({", ".join(anns)}); change it there'
        )
    if data_root not in roots:
        raise UserError(f'{cfg.filename}: no part of train_dataloader.dataset lies in the data root {data_root}')
    return [(root, train_ann or ann) for root, ann in zip(roots, anns, strict=True)]


def _check_loaders(cfg: Config) -> None:
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        dataset = (cfg.get(name) or {}).get('dataset') or {}
        for part in reading_parts(dataset) if name == 'train_dataloader' else [dataset]:
            if not {'ann_file', 'pipeline'} <= set(part):
                found = f'is a {part["type"]}' if 'type' in part else 'is missing'
                raise UserError(
                    f'{cfg.filename}: {name}.dataset {found}, not a {_kind(cfg).dataset} with its ann_file and '
                    f'pipeline; inherit {_kind(cfg).block}'
                )
    if not isinstance(cfg.get('val_evaluator'), dict):
        raise UserError(f'{cfg.filename}: val_evaluator is missing; inherit {_kind(cfg).block}')


def _check(data_root: str, train_files: list[tuple[str, str]], val_ann: str) -> tuple[dict[str, Any], list[str]]:
    from ..datasets import check_data_root
    from ..datasets.pseudo_records import count_line
    from ..evaluation.ground_truth import is_ignored

    main = next(ann for root, ann in train_files if root == data_root)
    train, val, lines = check_data_root(data_root, main, val_ann)
    others = [_check_other(*file, val) for file in dict.fromkeys(train_files) if file != (data_root, main)]
    lines += [data.warning_line for data in others if data.warning_line]
    num_train = sum(len(data.images) for data in (train, *others))
    lines.append(f'data: {num_train} training and {len(val.images)} validation pictures of {data_root}')
    lines += filter(None, map(count_line, (train, *others)))
    return {
        'classes': train.classes,
        'label_values': train.has_label_values,
        'has_masks': any(data.has_masks for data in (train, *others)),
        'num_regions': sum(is_ignored(record) for data in (train, *others) for record in data.annotations),
    }, lines


def _check_other(root: str, ann: str, val: Any) -> Any:
    """Check a further training file against the validation file."""
    from ..datasets import load_coco, resolve_ann, resolve_data_root
    from ..datasets.checks import error_message
    from ..datasets.data_root import compare_files

    data = load_coco(resolve_ann(root, ann), resolve_data_root(root))
    compare_files(val, data, data.findings)
    if data.findings.num_errors:
        raise UserError(error_message([data.findings]))
    return data


def _regions_without_effect(model: ConfigDict, num_regions: int) -> list[str]:
    from ..models import deaf_to_ignore_regions

    deaf = deaf_to_ignore_regions(model) if num_regions else []
    if not deaf:
        return []
    return [
        f'warning: the training data has {num_regions} ignore regions (iscrowd), which have no effect, or none in '
        f'pictures without objects: they are background to model.{", model.".join(deaf)}'
    ]


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


class _Kind(NamedTuple):
    """What the configs of a task are made of."""

    models: str
    dataset: str
    metric: str
    block: str


_DETECTORS = _Kind('detectors', 'TrashDetDataset', 'TrashCocoMetric', '_base_/datasets/detection.py')
_SEGMENTERS = _Kind('segmenters', 'TrashSegDataset', 'TrashIoUMetric', '_base_/datasets/segmentation.py')


def _kind(cfg: Config) -> _Kind:
    return _SEGMENTERS if is_segmentation(cfg) else _DETECTORS


def use_ground_truth(cfg: Config, evaluator: ConfigDict, ann_file: str, data_root: str) -> None:
    """Point a metric of a config at the file it scores against."""
    kind = _kind(cfg)
    if evaluator.type != kind.metric:
        raise UserError(f'the evaluator is {evaluator.type}; {kind.models} are scored by {kind.metric}')
    evaluator.update(ann_file=ann_file, data_root=data_root)


def use_classes(cfg: Config, num_classes: int, *, has_masks: bool = True, has_background: bool = True) -> list[str]:
    """Make every head of the model follow the data set.

    Args:
        cfg: Config with the model.
        num_classes: How many categories the data set has; for a segmenter with the Background.
        has_masks: Whether any of its objects has a mask; otherwise the mask branch goes.
        has_background: Whether the first class of a segmenter's is Background.

    Returns:
        Lines that say what was done.
    """
    from ..models import remove_mask_branch, set_num_classes

    changed = set_num_classes(cfg.model, num_classes, has_background=has_background)
    lines = [f'classes: {num_classes}, from the data set']
    lines += [f'class weights: model.{path} follows them' for path in changed if path.endswith('class_weight')]
    if not has_masks and remove_mask_branch(cfg.model):
        for node in _loader_parts(cfg):
            if 'with_mask' in node:
                node['with_mask'] = False
        lines.append('masks: the data set has boxes only, the mask branch is left out')
    return lines


def _loader_parts(cfg: Config) -> Iterator[dict]:
    from ..models.config_walk import walk_dicts

    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        yield from (node for _, node in walk_dicts(cfg.get(name) or {}))
