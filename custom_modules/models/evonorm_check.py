"""Telling configs in which an EvoNorm would have an activation behind it."""

from custom_modules.utils import UserError

from .backbones.evonorm_backbones import OwnActivations
from .config_walk import constructor_default, dotted, registry_of, resolve_type, walk_dicts


def check_evonorms(model_cfg: dict) -> None:
    """Refuse EvoNorms that are not the only activation where they stand: with a ReLU behind it is another layer.

    Args:
        model_cfg: The model part of a config.

    Raises:
        UserError: A backbone writes its own activations down, or a head has an ``act_cfg``.
    """
    registry = registry_of(model_cfg)
    for path, node in walk_dicts(model_cfg):
        norm = node.get('norm_cfg')
        if not isinstance(norm, dict) or not str(norm.get('type')).startswith('EvoNorm'):
            continue
        cls, place = resolve_type(node, registry), f'model.{dotted(path, "norm_cfg")}'
        if path and path[-1] == 'backbone':
            if cls is not None and not issubclass(cls, OwnActivations):
                raise UserError(
                    f'{place}: {norm["type"]} is its own activation, {cls.__name__} has another behind it; '
                    f'give the backbone a type of custom_modules/models/backbones/evonorm_backbones.py'
                )
        elif node.get('act_cfg', constructor_default(cls, 'act_cfg')[1] if cls else None) is not None:
            raise UserError(f'{place}: {norm["type"]} is its own activation; set act_cfg=None beside it')
