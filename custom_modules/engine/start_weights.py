"""Where a training's first weights come from."""

from collections.abc import Iterator
from pathlib import Path

from mmengine.config import Config, ConfigDict
from mmengine.registry import MODELS, DefaultScope

from ..utils import UserError, find_file
from .checkpoint import fetch_weights, load_weights, read_checkpoint
from .runner import config_mistakes


def use_start_weights(cfg: Config, load_from: str | None) -> list[str]:
    """Settle what a new training starts from, before anything is built.

    Args:
        cfg: Its published weights are fetched and replaced by local files.
        load_from: A whole detector's checkpoint (file or URL) that replaces
            them, ``'none'`` for no start weights at all, None to do as the config says.

    Returns:
        Lines that say what was chosen.

    Raises:
        UserError: The file is missing or cannot be fetched, or is of another architecture.
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
        _check_fit(cfg)
        return [f'start weights: {cfg.load_from}']
    lines = []
    for parent in _with_published_weights(cfg.model):
        parent.init_cfg.checkpoint = str(_local(parent.init_cfg.checkpoint, parent.init_cfg.pop('sha256', None)))
        lines.append(f'start weights of {parent.type}: {parent.init_cfg.checkpoint}')
    return lines


def _check_fit(cfg: Config) -> None:
    """Refuse a detector of another architecture while nothing is written yet."""
    content = read_checkpoint(cfg.load_from)
    with DefaultScope.overwrite_default_scope('mmdet'), config_mistakes(str(cfg.filename)):
        load_weights(MODELS.build(cfg.model), content, cfg.load_from, partial=True)


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
        return fetch_weights(source, sha256)
    path = find_file(source)
    if not path.is_file():
        raise UserError(f'{path}: no such checkpoint; mend the path, or use --load-from none for no start weights')
    return path
