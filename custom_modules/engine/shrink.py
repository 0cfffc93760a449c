"""Making any config small enough to build, train and predict in about a second.

Not for results: a shrunk model tells whether a config works, nothing about what it scores.
"""

import copy
import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

from mmdet.registry import TRANSFORMS
from mmengine.config import Config
from mmengine.registry import Registry
from mmseg.registry import TRANSFORMS as MMSEG_TRANSFORMS

from ..models.config_walk import Path, constructor_defaults, dotted, registry_of, resolve_type, walk_dicts
from ..utils import UserError
from .start_weights import use_start_weights
from .tasks import is_segmentation

# Widths are divided, all by the same number: what was equal stays equal, and heads and groups go on dividing channels.
DIVISOR = 8
_WIDTH = re.compile(r'(^|_)(channels?|dims?|feats|groups|inplanes|planes)$')
_FACTORS = {'widen_factor': DIVISOR, 'deepen_factor': 10}
_DEPTH = re.compile(
    r'^depths$|^(num|stacked|stack)_(shared_|cls_|reg_|csp_|bifpn_)?(layers|blocks|convs|fcs|times|repeats|stacks)$'
)
_COUNT = re.compile(r'^(num|max_num|nms_pre|max_per_im(g|age)|num_(\w+_)?(queries|proposals|points|samples))$')
_MAX_DEPTH, _MAX_COUNT = 2, 32
_RESNETS = (18, 50)  # the shallowest with either kind of block, which decides the widths

# Numbers that look large and mean neither depth nor width.
_KEPT = re.compile(
    r'strides?$|scales?$|size$|num_classes$|_classes$|temperature$|divisor$|ranges?$|interval$|_thr$|weight$|iters?$'
    r'|_index$|_step$'
)
_NOT_BUILT = re.compile(r'^(loss\w*|init_cfg|anchor_generator|prior_generator|bbox_coder|data_preprocessor)$')
_LARGE, _LARGE_PICTURE = 64, 256


def shrink(cfg: Config, *, model: bool = True, pictures: int = 8) -> None:
    """Make a config small, in place: depth, width, proposals, queries, pictures and batch.

    No list of models is behind it.  What a key means is told by its name, for values of the config and for
    defaults of the constructors alike; a large number under a name that says nothing is refused rather than left.

    Args:
        cfg: From :func:`~custom_modules.engine.load_config`; its start weights go, nothing would fit them.
        model: Whether to shrink the model, too.
        pictures: By how much to divide the sides of pictures that are larger than 255 px.

    Raises:
        UserError: A number of the model may be a depth or a width; names its key.
    """
    use_start_weights(cfg, 'none')
    if model:
        _shrink_model(cfg.model, registry_of(cfg.model))
    transforms = MMSEG_TRANSFORMS if is_segmentation(cfg) else TRANSFORMS
    _shrink_pictures(cfg.model.get('data_preprocessor'), pictures, transforms)
    loaders = [cfg.get(f'{split}_dataloader') for split in ('train', 'val', 'test')]
    for part in (*loaders, cfg.get('custom_hooks')):
        _shrink_pictures(part, pictures, transforms)
    for loader in filter(None, loaders):
        loader.update(num_workers=0, persistent_workers=False)
        loader.pop('prefetch_factor', None)
    cfg.total_batch_size = 2 * cfg.optim_wrapper.get('accumulative_counts', 1)
    cfg.train_dataloader.pop('batch_size', None)
    cfg.val_dataloader.batch_size = cfg.test_dataloader.batch_size = 1


def _shrink_model(model: dict, registry: Registry) -> None:
    for path, node in list(_built(model)):  # what is added on the way has been shrunk
        cls = resolve_type(node, registry)
        defaults = constructor_defaults(cls) if cls is not None else {}
        for key, value in {**defaults, **node}.items():
            new = _each(value, lambda number, key=key, path=path: _smaller(path, key, number))
            if isinstance(value, dict) and key not in node and not _NOT_BUILT.match(key):
                _shrink_model(new := copy.deepcopy(value), registry)  # a default, such as the norms of a head
            if new != value:
                node[key] = new


def _built(model: dict) -> Iterator[tuple[Path, dict]]:
    """Visit the parts that numbers of channels or layers can be in."""
    for path, node in walk_dicts(model):
        if not any(_NOT_BUILT.match(str(part)) for part in path):
            yield path, node


def _smaller(path: Path, key: str, number: float) -> float:
    """Return the small version of one number of the model, told by its key."""
    if key in _FACTORS:
        return number / _FACTORS[key]
    if isinstance(number, float):
        return number
    if _WIDTH.search(key):
        return _narrower(path, key, number)
    if _DEPTH.match(key):
        return min(number, _MAX_DEPTH)
    if _COUNT.match(key):
        return min(number, _MAX_COUNT)
    if key == 'depth':
        return _RESNETS[number >= _RESNETS[1]]
    if number >= _LARGE and not _KEPT.search(key):
        raise UserError(
            f'shrink cannot tell what model.{dotted(path, key)} = {number} means: '
            'name it like a width, depth or count, or add its name to the patterns of custom_modules/engine/shrink.py'
        )
    return number


def _narrower(path: Path, key: str, number: int) -> int:
    if number < DIVISOR:  # colours of a picture, a handful of outputs, no groups
        return number
    if number % DIVISOR:
        raise UserError(f'shrink cannot divide model.{dotted(path, key)} = {number} by {DIVISOR}: choose a multiple')
    return number // DIVISOR


def _shrink_pictures(part: Any, divisor: int, transforms: Registry) -> None:
    """Divide every large whole number in pipelines and preprocessors: they are sides of pictures, in px."""

    def smaller(number: float) -> float:
        is_side = isinstance(number, int) and abs(number) >= _LARGE_PICTURE
        return int(number / divisor) if is_side else number

    for _, node in walk_dicts(part):
        for key, value in {**_transform_defaults(node, transforms), **node}.items():
            new = _each(value, smaller)
            if new != value:
                node[key] = new


def _transform_defaults(node: dict, transforms: Registry) -> dict[str, Any]:
    name = node.get('type')
    cls = transforms.get(name) if isinstance(name, str) else name
    return constructor_defaults(cls) if inspect.isclass(cls) else {}


def _each(value: Any, change: Callable[[float], float]) -> Any:
    """Apply a change to a number, or to the numbers of nested lists; everything else stays."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return change(value)
    if isinstance(value, list | tuple):
        return type(value)(_each(part, change) for part in value)
    return value
