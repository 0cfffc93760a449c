"""Augmentation that cannot work with the data or the detector, refused before training."""

from collections.abc import Iterator, Sequence

from ..transforms.object_index import check_class_names
from ..utils import UserError

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


def check_augmentation(dataset: dict, classes: Sequence[str], *, has_masks: bool) -> None:
    """Check the training pipelines of a data set and its wrappers.

    Args:
        dataset: Config of the training set.
        classes: Names of the classes of the data.
        has_masks: Whether any object of the data has a mask.

    Raises:
        UserError: A step needs masks that are not there or would not move them, mixes pictures where nothing gives
            it any, or names an unknown class.
    """
    steps = list(_steps(dataset))
    loaded = [_loads_masks(step) for step, _ in steps if step['type'].rsplit('.', 1)[-1] in _LOADERS]
    masks_loaded = has_masks and bool(loaded) and all(loaded)
    for step, is_mixed in steps:
        name = step['type'].rsplit('.', 1)[-1]
        if name in _DEPENDS_ON_WORKERS:
            raise UserError(f'{name} depends on how samples fall to workers; use {_DEPENDS_ON_WORKERS[name]}')
        if masks_loaded and name in _NOT_FOR_MASKS:
            raise UserError(f'{name} does not move masks along; use {_NOT_FOR_MASKS[name]}')
        _check_step(step, name, is_mixed, has_masks=has_masks, masks_loaded=masks_loaded)
        if isinstance(step.get('class_weights'), dict):
            check_class_names(step['class_weights'], classes, option=f'{name}: class_weights')


def _loads_masks(step: dict) -> bool:
    return step.get('with_mask', _LOADERS[step['type'].rsplit('.', 1)[-1]])


def _check_step(step: dict, name: str, is_mixed: bool, *, has_masks: bool, masks_loaded: bool) -> None:
    from mmdet.registry import TRANSFORMS

    kind = TRANSFORMS.get(step['type'])
    if getattr(kind, 'needs_masks', False) and not masks_loaded:
        reason = (
            'the training pipeline loads none: set with_mask=True in LoadTrashAnnotations, or'
            if has_masks
            else 'the data set has boxes only:'
        )
        raise UserError(f'{name} needs masks, but {reason} take it out of the config')
    # Not by hasattr: upstream's get_indexes can be read on objects only.
    if any('get_indexes' in vars(base) for base in getattr(kind, '__mro__', ())) and not is_mixed:
        raise UserError(
            f'{name} mixes pictures: it belongs directly into the pipeline of a {_MIXER} around the data set, '
            f'as in configs/trash/htc_swin_b_mosaic.py'
        )


def _steps(dataset: dict) -> Iterator[tuple[dict, bool]]:
    """Walk over the steps of all pipelines; says whether each stands directly in that of a mixing wrapper."""
    from ..models.config_walk import walk_dicts

    owners: dict[tuple, dict] = {}
    for path, node in walk_dicts(dataset):
        owners[path] = node
        if isinstance(node.get('type'), str) and ({'pipeline', 'transforms'} & set(path)):
            owner = owners.get(path[:-2], {})
            yield node, path[-2] == 'pipeline' and str(owner.get('type')).endswith(_MIXER)
