"""Look at a model config without building it."""

import inspect
from collections.abc import Iterator
from typing import Any

from mmdet.registry import MODELS
from mmengine.registry import Registry
from mmseg.registry import MODELS as MMSEG_MODELS

Path = tuple[str | int, ...]
_COLLECTING = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def walk_dicts(node: Any, skip: tuple[str, ...] = (), path: Path = ()) -> Iterator[tuple[Path, dict]]:
    """Visit every dict of a config, outer ones first.

    Args:
        node: A config, or a part of one.
        skip: Keys below which not to look.
        path: Keys and positions that lead to ``node``.

    Yields:
        The path and the dict; what the caller changes in it is visited as changed.
    """
    if isinstance(node, dict):
        yield path, node
        children = [(key, child) for key, child in node.items() if key not in skip]
    elif isinstance(node, list | tuple):
        children = list(enumerate(node))
    else:
        return
    for key, child in children:
        yield from walk_dicts(child, skip, (*path, key))


def registry_of(model: dict) -> Registry:
    """Return the registry in which the names of a model config are looked up: mmseg's for segmenters, else mmdet's.

    Both know an ``EncoderDecoder``'s ``ResNet`` and ``FPN``, each its own.
    """
    name = model.get('type')
    is_known = not isinstance(name, str) or resolve_type(model) is not None
    return MODELS if is_known or resolve_type(model, MMSEG_MODELS) is None else MMSEG_MODELS


def resolve_type(node: dict, registry: Registry = MODELS) -> type | None:
    """Find the class that ``type`` names among the models, or None (other registries, packages not installed).

    Args:
        node: A config with a ``type``, or without.
        registry: Where names without a scope are looked up, see :func:`registry_of`.
    """
    name = node.get('type')
    if not isinstance(name, str):
        return name if inspect.isclass(name) else None
    try:
        found = registry.get(name)
    except (ImportError, KeyError, RuntimeError):
        return None
    return found if inspect.isclass(found) else None


def constructor_defaults(cls: type) -> dict[str, Any]:
    """List what a constructor takes, directly or passed on to base classes by ``**kwargs``.

    Args:
        cls: The class.

    Returns:
        The default of each argument (``inspect.Parameter.empty`` without one).
    """
    found = {}
    for base in cls.__mro__:
        if '__init__' not in vars(base):
            continue
        parameters = list(inspect.signature(base.__init__).parameters.values())
        passed_on = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
        named = [parameter for parameter in parameters[1:] if parameter.kind not in _COLLECTING]
        found = {**{parameter.name: parameter.default for parameter in named}, **found}
        if not passed_on:
            break
    return found


def constructor_default(cls: type, name: str) -> tuple[bool, Any]:
    """Say whether a constructor takes an argument.

    Args:
        cls: The class.
        name: The argument.

    Returns:
        Whether it takes it, directly or passed on, and the default (``inspect.Parameter.empty`` without one).
    """
    defaults = constructor_defaults(cls)
    return name in defaults, defaults.get(name, inspect.Parameter.empty)


def dotted(path: Path, key: str) -> str:
    """Write a path as config options do, for example ``roi_head.bbox_head.0.num_classes``."""
    return '.'.join(str(part) for part in (*path, key))
