"""Make every head of a model config follow the number of classes of the data set."""

from mmdet.models import RPNHead
from mmengine.registry import Registry
from mmseg.models.decode_heads.decode_head import BaseDecodeHead

from custom_modules.utils import UserError

from .config_walk import Path, constructor_default, dotted, registry_of, resolve_type, walk_dicts

# A backbone's num_classes belongs to its own classifier; what proposes regions knows one class only.
NO_CLASSES_BELOW = ('backbone', 'teacher_backbone', 'init_cfg', 'rpn_head')
# What the first class of a decode head is.
BACKGROUND, OBJECT = 'background', 'object'


def set_num_classes(model_cfg: dict, num_classes: int, *, has_background: bool = True) -> list[str]:
    """Set the class count wherever a part of the model takes one, in place.

    No list of models is behind it: whatever constructor takes ``num_classes``, also by default and through base
    classes, gets it.  Heads that count things and stuff apart get ``num_classes`` things and no stuff, lists of
    class weights their new length, where all weights but that of the background are the same: it comes last in
    detectors and first in decode heads, which lose it where the data has no Background.

    Args:
        model_cfg: The model part of a config, a detector's or a segmenter's.
        num_classes: Number of categories; for a segmenter with Background among them.
        has_background: Whether the first class of a segmenter is Background; label pictures may have none.

    Returns:
        The paths of the values that were changed.

    Raises:
        UserError: A list of different class weights is of another length.
    """
    changed = []
    registry = registry_of(model_cfg)
    for path, node in walk_dicts(model_cfg, skip=NO_CLASSES_BELOW):
        old = _counts(node, registry)
        if not old:
            continue
        new = {key: 0 if key == 'num_stuff_classes' else num_classes for key in old}
        if old != new:
            changed += [dotted(path, key) for key in new if old[key] != new[key]]
        count = sum(v for v in old.values() if isinstance(v, int))
        first = None if not _is_decode_head(node, registry) else BACKGROUND if has_background else OBJECT
        changed += _fit_class_weights(path, node, count, num_classes, first=first)
        node.update(new)
        changed += _fit_maps(path, node, num_classes, registry)
    return changed


def _fit_maps(path: Path, head: dict, new: int, registry: Registry) -> list[str]:
    """Give a decode head that names its number of maps one for each class; one map can tell two classes apart."""
    maps = head.get('out_channels')
    if not _is_decode_head(head, registry) or maps in (None, new) or (maps, new) == (1, 2):
        return []
    head['out_channels'] = new
    return [dotted(path, 'out_channels')]


def _is_decode_head(node: dict, registry: Registry) -> bool:
    cls = resolve_type(node, registry)
    return cls is not None and issubclass(cls, BaseDecodeHead)


def _counts(node: dict, registry: Registry) -> dict[str, int | None]:
    """Give the class counts a part of a model takes, with their present values (None: not set)."""
    cls = resolve_type(node, registry)
    if cls is not None and issubclass(cls, RPNHead):
        return {}
    together, apart = ('num_classes',), ('num_things_classes', 'num_stuff_classes')
    if 'num_classes' in node:  # heads derived from one that counts apart may count together
        return _present(node, cls, together)
    if cls is not None and issubclass(cls, BaseDecodeHead):
        return {}  # such a head must be told, but for those that ask a head inside them
    return _present(node, cls, apart) or _present(node, cls, together)


def _present(node: dict, cls: type | None, names: tuple[str, ...]) -> dict[str, int | None]:
    """Give those of the named arguments that the config sets or the class takes, with their values."""
    values = {}
    for name in names:
        taken, default = constructor_default(cls, name) if cls is not None else (False, None)
        if name in node or taken:
            values[name] = node.get(name, default if isinstance(default, int) else None)
    return values


def _fit_class_weights(path: Path, head: dict, old: int, new: int, *, first: str | None) -> list[str]:
    """Bring the ``class_weight`` lists below a head to the new length; returns the paths of those changed."""
    changed = []
    for below, node in walk_dicts(head):
        weights = node.get('class_weight')
        if not isinstance(weights, list | tuple):
            continue
        fitted = _fitted(list(weights), old, new, first)
        where = dotted((*path, *below), 'class_weight')
        if len(fitted) not in (new, new + 1):
            raise UserError(f'model.{where} has {len(weights)} weights, the data set {new} classes: give one for each')
        if fitted != list(weights):
            node['class_weight'] = fitted
            changed.append(where)
    return changed


def _fitted(weights: list[float], old: int, new: int, first: str | None) -> list[float]:
    """Return weights of the new length where it is plain how; else the same."""
    if len(weights) - old in (0, 1) and len(set(weights[:old])) == 1:
        return [weights[0]] * new + weights[old:]
    if first is not None and len(weights) == old and len(set(weights[1:])) == 1:
        return [weights[0 if first == BACKGROUND else 1]] + [weights[1]] * (new - 1)
    return weights
