"""Where a training's first weights come from, and whether they fit, before anything is built or written."""

import copy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config, ConfigDict
from mmengine.registry import MODELS
from torch import Tensor
from torch.overrides import TorchFunctionMode

from ..utils import UserError, did_you_mean, find_file, similar_paths
from .checkpoint import read_checkpoint, require_training_state
from .config_mistakes import config_mistakes
from .fitting import compare
from .layouts import is_swin_authors
from .published import fetch_weights, find_published
from .tasks import in_scope_of

_DO_WITHOUT = ', or train without any start weights: --load-from none'


def use_start_weights(cfg: Config, load_from: str | None) -> list[str]:
    """Settle what a new training starts from, before anything is built.

    Args:
        cfg: Its published weights are fetched and replaced by local files.
        load_from: A whole detector's checkpoint (file, URL, or name of published
            weights) that replaces them, ``'none'`` for no start weights at all, None to do as the config says.

    Returns:
        Lines that say what was chosen.

    Raises:
        UserError: The file is missing or cannot be fetched, or nothing of it fits.
    """
    if load_from == 'none':
        for parent in _with_published_weights(cfg.model):
            parent.init_cfg = None
        cfg.load_from = None
        return ['start weights: none, everything from random numbers']
    load_from = load_from or cfg.get('load_from')
    if load_from:
        # A whole detector brings its backbone: fetching the published one would be for nothing.
        for parent in _with_published_weights(cfg.model):
            parent.init_cfg = None
        cfg.load_from = str(_local(load_from))
        check_fit(cfg, read_checkpoint(cfg.load_from, mapped=True), cfg.load_from, partial=True)
        return [f'start weights: {cfg.load_from}']
    lines = []
    for parent in _with_published_weights(cfg.model):
        parent.init_cfg.checkpoint = str(_local(parent.init_cfg.checkpoint, parent.init_cfg.pop('sha256', None)))
        _check_layout(parent)
        lines.append(f'start weights of {parent.type}: {parent.init_cfg.checkpoint}')
    return lines


def _check_layout(backbone: ConfigDict) -> None:
    """Refuse a file of which mmdet's Swin would take nothing, and not say so."""
    if backbone.type.rsplit('.', 1)[-1] != 'SwinTransformer':
        return
    keys = read_checkpoint(backbone.init_cfg.checkpoint, mapped=True)['state_dict']
    is_whole = any(key.startswith('backbone.layers.') for key in keys)
    if is_whole or backbone.get('convert_weights', False) != any(map(is_swin_authors, keys)):
        raise UserError(
            f'{backbone.init_cfg.checkpoint}: not the layout that model.backbone.init_cfg expects '
            f'(convert_weights={backbone.get("convert_weights", False)}); start by --load-from, which knows all'
        )


def check_resume(cfg: Config, checkpoint: str) -> None:
    """Refuse to resume another model's checkpoint while nothing is built or logged.

    Args:
        cfg: Fitted to its data set.
        checkpoint: File to resume from.

    Raises:
        UserError: It is damaged, holds weights only, or not all of it fits.
    """
    content = read_checkpoint(checkpoint, mapped=True)
    require_training_state(content, checkpoint)
    check_fit(cfg, content, checkpoint)


def check_fit(cfg: Config, content: Mapping[str, Any], name: str, *, partial: bool = False) -> None:
    """Compare a checkpoint with the model of a config, the model's weights left as the memory holds them.

    Args:
        cfg: Fitted to its data set.
        content: What :func:`~custom_modules.engine.read_checkpoint` returned.
        name: The file, for messages.
        partial: Whether the file is only a start.

    Raises:
        UserError: See :func:`~custom_modules.engine.fitting.compare`.
    """
    with in_scope_of(cfg), config_mistakes(str(cfg.filename), cfg), _Uninitialised():
        own = MODELS.build(copy.deepcopy(cfg.model)).state_dict()  # query detectors write into what they are given
    compare(own, content, name, partial=partial)


class _Uninitialised(TorchFunctionMode):
    """Skips random initialisation, most of what building a large model takes."""

    def __torch_function__(self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        kwargs = kwargs or {}
        if func in (Tensor.uniform_, Tensor.normal_) or getattr(func, '__module__', '') == 'torch.nn.init':
            return args[0] if args else kwargs['tensor']
        return func(*args, **kwargs)


def _with_published_weights(model: ConfigDict) -> Iterator[ConfigDict]:
    """Yield the parts of a model config whose ``init_cfg`` names a checkpoint."""
    if isinstance(model, dict):
        if isinstance(model.get('init_cfg'), dict) and model.init_cfg.get('type') == 'Pretrained':
            yield model
        for part in list(model.values()):
            yield from _with_published_weights(part)
    elif isinstance(model, (list, tuple)):
        for part in model:
            yield from _with_published_weights(part)


def _local(source: str, sha256: str | None = None) -> Path:
    if source.startswith(('http://', 'https://')):
        return fetch_weights(source, sha256, otherwise=_DO_WITHOUT)
    path = find_file(source)
    if path.is_file():
        return path
    if path.suffix or len(path.parts) > 1:
        remedy = 'mend the path, or use --load-from none for no start weights'
        raise UserError(f'{path}: no such checkpoint; {remedy}{did_you_mean(similar_paths(path))}')
    published = find_published(source)
    return fetch_weights(published.url, published.sha256, otherwise=_DO_WITHOUT)
