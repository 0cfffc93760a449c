"""Augmentation that cannot work with the data or the model, refused before training."""

from collections.abc import Iterator, Sequence
from typing import Any

from ..transforms.class_weights import check_class_names
from ..transforms.copy_blob import names_of
from ..utils import UserError
from .tasks import DETECTION, SEGMENTATION

_MIXER = 'MultiImageMixDataset'

# Upstream's steps that change the picture and not its masks (or fail at ours), and what to take instead.
_NOT_FOR_MASKS = {
    'Albu': 'TrashAlbu',
    'CopyPaste': 'TrashCopyPaste',
    'MixUp': 'TrashMixUp',
    'Mosaic': 'TrashMosaic',
    'RandomAffine': 'MultiScaleResize',
    'RandomCenterCropPad': 'RandomCrop',
    'RandomErasing': 'CutOut',
    'RandomShift': 'RandomCrop',
}
# These mix with what the same worker happened to load before, so that no seed repeats a training.
_DEPENDS_ON_WORKERS = {'CachedMixUp': 'TrashMixUp', 'CachedMosaic': 'TrashMosaic'}

_LOADERS = {'LoadTrashAnnotations': True, 'LoadAnnotations': False}  # and whether they load masks unasked

# What a wrapper that mixes asks its steps for, and a config that shows how it is used.
_MIXING = {
    DETECTION: ('get_indexes', 'configs/trash/htc_swin_b_mosaic.py'),
    SEGMENTATION: ('get_indices', 'configs/trash/deeplabv3plus_efficientnet_b5_cutmix.py'),
}
_COUNTERPARTS = {'TrashCopyPaste': 'TrashSegCopyPaste', 'TrashSegCopyPaste': 'TrashCopyPaste'}


def check_augmentation(dataset: dict, classes: Sequence[str], *, has_masks: bool, scope: str = DETECTION) -> None:
    """Check the training pipelines of a data set and its wrappers.

    Args:
        dataset: Config of the training set.
        classes: Names of the classes of the data, for a segmenter with the Background.
        has_masks: Whether any object of the data has a mask.
        scope: Of the config, see :func:`~custom_modules.engine.tasks.scope_of`.

    Raises:
        UserError: A step is for the other task, needs masks that are not there or would not move them, mixes pictures
            where nothing gives it any, or names an unknown class.
    """
    steps = list(_steps(dataset))
    if scope == SEGMENTATION:
        _check_label_steps(steps)
    else:
        _check_mask_steps(steps, has_masks=has_masks)
    for step, wrapper in steps:
        _check_mixing(step, wrapper, scope)
        _check_names(step, classes)


def _check_label_steps(steps: list[tuple[dict, Any]]) -> None:
    for step, _ in steps:
        if _name(step) == 'Albu':
            raise UserError('Albu draws from random numbers of its own, which no seed repeats; use TrashAlbu')


def _check_mask_steps(steps: list[tuple[dict, Any]], *, has_masks: bool) -> None:
    loaded = [_loads_masks(step) for step, _ in steps if _name(step) in _LOADERS]
    masks_loaded = has_masks and bool(loaded) and all(loaded)
    for step, _ in steps:
        name = _name(step)
        if name in _DEPENDS_ON_WORKERS:
            raise UserError(f'{name} depends on how samples fall to workers; use {_DEPENDS_ON_WORKERS[name]}')
        if masks_loaded and name in _NOT_FOR_MASKS:
            raise UserError(f'{name} does not move masks along; use {_NOT_FOR_MASKS[name]}')
        if getattr(_kind(step, DETECTION), 'needs_masks', False) and not masks_loaded:
            reason = (
                'the training pipeline loads none: set with_mask=True in LoadTrashAnnotations, or'
                if has_masks
                else 'the data set has boxes only:'
            )
            raise UserError(f'{name} needs masks, but {reason} take it out of the config')


def _loads_masks(step: dict) -> bool:
    return step.get('with_mask', _LOADERS[_name(step)])


def _check_mixing(step: dict, wrapper: str | None, scope: str) -> None:
    """Check that a step that mixes gets pictures.

    Args:
        step: Of a pipeline.
        wrapper: The mixing wrapper in whose pipeline it stands directly.
        scope: Of the config.
    """
    name, kind = _name(step), _kind(step, scope)
    if kind is None and name in _COUNTERPARTS:
        raise UserError(f'{name} is not for the models of this config; use {_COUNTERPARTS[name]}')
    wanted, example = _MIXING[scope]
    # Not by hasattr: upstream's get_indexes can be read on objects only.
    if not any(wanted in vars(base) for base in getattr(kind, '__mro__', ())):
        return
    if wrapper is None:
        raise UserError(
            f'{name} mixes pictures: it belongs directly into the pipeline of a {_MIXER} around the data set, '
            f'as in {example}'
        )
    if '.' in wrapper and not wrapper.startswith(f'{scope}.'):
        raise UserError(f'{name} gets no pictures from a {wrapper}; use {scope}.{_MIXER}')


def _check_names(step: dict, classes: Sequence[str]) -> None:
    if isinstance(step.get('class_weights'), dict):
        check_class_names(step['class_weights'], classes, option=f'{_name(step)}: class_weights')
    if _name(step) == 'TrashSegCopyPaste' and step.get('classes'):
        check_class_names(step['classes'], classes, option='TrashSegCopyPaste: classes')
    if _name(step) == 'CopyBlob' and isinstance(step.get('paste'), dict):
        check_class_names(names_of(step['paste']), classes, option='CopyBlob: paste')


def _name(step: dict) -> str:
    return step['type'].rsplit('.', 1)[-1]


def _kind(step: dict, scope: str) -> type | None:
    """Look up the class of a step."""
    if scope == SEGMENTATION:
        from mmseg.registry import TRANSFORMS
    else:
        from mmdet.registry import TRANSFORMS
    return TRANSFORMS.get(step['type'])


def _steps(dataset: dict) -> Iterator[tuple[dict, str | None]]:
    """Walk over the steps of all pipelines, each with the mixing wrapper in whose pipeline it stands directly."""
    from ..models.config_walk import walk_dicts

    owners: dict[tuple, dict] = {}
    for path, node in walk_dicts(dataset):
        owners[path] = node
        if isinstance(node.get('type'), str) and ({'pipeline', 'transforms'} & set(path)):
            owner = str(owners.get(path[:-2], {}).get('type'))
            yield node, owner if path[-2] == 'pipeline' and owner.endswith(_MIXER) else None
