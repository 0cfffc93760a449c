"""Whether the detector of a config honours ignore regions."""

from collections.abc import Iterator
from typing import Any

from mmdet.registry import MODELS, TASK_UTILS

from .config_walk import dotted, resolve_type, walk_dicts

_HEADS = ('bbox_head', 'query_head')


def deaf_to_ignore_regions(model: dict) -> list[str]:
    """List the parts of a model to which an ignore region is background.

    Upstream's assigners take no notice of regions, or none in pictures without objects; heads without an assigner
    take none at all.  A component that honours them says so by ``honours_ignore_regions``.

    Args:
        model: Config of a detector.

    Returns:
        Path and type of each such part with the type to take instead, where there is one.
    """
    if any(_honours(resolve_type(head)) for _, head in _heads(model)):
        return []  # the head does, whatever its assigner
    assigners = list(_assigners(model))
    deaf = [(path, one, TASK_UTILS) for path, one in assigners if not _honours(_assigner_class(one))]
    if not assigners:
        deaf = [(path, head, MODELS) for path, head in _heads(model)]
    # A head's own kind that honours them is the shorter way, if there is one.
    heads = [(path, head, MODELS) for path, head in _heads(model) if _ours(head, MODELS)]
    return [_described(*part) for part in ((deaf and heads) or deaf)]


def _heads(model: dict) -> Iterator[tuple[str, dict]]:
    for path, node in walk_dicts(model):
        for key in _HEADS:
            heads = node.get(key)
            for head in heads if isinstance(heads, list | tuple) else [heads]:
                if isinstance(head, dict) and 'type' in head:
                    yield dotted(path, key), head


def _assigners(model: dict) -> Iterator[tuple[str, dict]]:
    for path, node in walk_dicts(model.get('train_cfg') or {}):
        if isinstance(node.get('assigner'), dict):
            yield dotted(('train_cfg', *path), 'assigner'), node['assigner']


def _assigner_class(assigner: dict) -> Any:
    name = assigner.get('type')
    return TASK_UTILS.get(name) if isinstance(name, str) else name


def _honours(cls: Any) -> bool:
    return getattr(cls, 'honours_ignore_regions', False)


def _ours(part: dict, registry: Any) -> str | None:
    """Name the component of ours that does the same and honours ignore regions."""
    name = f'Trash{str(part["type"]).rpartition(".")[2]}'
    return name if name in registry and _honours(registry.get(name)) else None


def _described(path: str, part: dict, registry: Any) -> str:
    ours = _ours(part, registry)
    return f'{path} ({part["type"]}' + (f', take {ours})' if ours else ')')
