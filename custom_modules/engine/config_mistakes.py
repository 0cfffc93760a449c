"""What components say against a config, in one line with the place and a guess."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from ..models.config_walk import constructor_defaults, dotted, registry_of, resolve_type, walk_dicts
from ..utils import UserError, did_you_mean, similar_names


@contextmanager
def config_mistakes(place: str, cfg: Any = None) -> Iterator[None]:
    """Tell in one line what a component says against its part of the config.

    Args:
        place: The config and the part that is being built.
        cfg: The config, to find the place of an argument of a model that is not taken.

    Raises:
        UserError: The component was not built.
    """
    try:
        yield
    except (UserError, torch.OutOfMemoryError):
        raise
    except (TypeError, KeyError, AssertionError, ValueError, AttributeError, RuntimeError) as error:
        words = ' '.join(str(error).split()) or type(error).__name__
        raise UserError(f'{place}: {words}{_place_of_argument(words, cfg)}') from error


def _place_of_argument(words: str, cfg: Any) -> str:
    """Say where in a config an argument stands that a component does not take, and what it could have been."""
    found = re.search(r"(\w+)\.__init__\(\) got an unexpected keyword argument '(\w+)'", words)
    if not found or cfg is None:
        return ''
    name = found[2]
    for path, node in walk_dicts(cfg.to_dict()):
        cls = resolve_type(node, registry_of(cfg.get('model') or {})) if name in node else None
        known = {} if cls is None else constructor_defaults(cls)
        if cls is not None and name not in known and found[1] in {base.__name__ for base in cls.__mro__}:
            guess = did_you_mean(similar_names(name, known)) or '; in the place of another type add _delete_=True'
            return f', at {dotted(path, name)}{guess}'
    return ''
