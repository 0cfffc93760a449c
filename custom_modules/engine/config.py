"""Reading configs, with the mistakes mmengine accepts in silence turned into messages."""

import ast
import contextlib
import inspect
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import Registry
from mmengine.registry import root as mmengine_root
from mmengine.runner import Runner

from ..utils import UserError, did_you_mean, find_config, similar_names
from .batch import LENGTHS
from .tasks import is_segmentation
from .tta.settings import tta_settings

# What mmengine and these tools read from a config; everything else is a helper of the file that assigns it.
KEYS = frozenset(inspect.signature(Runner.__init__).parameters) - {'self', 'cfg'} | {
    'activation_checkpointing',
    'compile',
    'custom_imports',
    'data_root',
    'efficient_conv_bn_eval',
    'find_unused_parameters',
    'model_wrapper_cfg',
    'sync_bn',
    'total_batch_size',
    'tta',
}

# `type` here is not the name of a registered component.
_FREE_TYPES = frozenset({'nms', 'soft_nms', 'nms_match', 'conv', 'interpolation_conv', 'last_conv'})

# What these hold is named by a library of its own, which looks the names up when they are built.
_OTHER_LIBRARIES = frozenset({'Albu', 'TrashAlbu'})


def load_config(path: str | Path, overrides: dict[str, Any] | None = None) -> Config:
    """Read a config and check it.

    Args:
        path: The config file; relative to the working folder, or else to the repository.
        overrides: Dotted keys and values of ``--cfg-options``.

    Returns:
        The config without the helper variables of its files.

    Raises:
        UserError: No such file, a Python error in it, a top-level key nothing
            reads, a helper that has no effect, an unknown ``type``, a setting that a tool's option replaces, or a
            wrong one of ``tta``.
    """
    path = find_config(path)
    check_names(path)
    try:
        cfg = Config.fromfile(str(path))
        for key in set(cfg) - KEYS:
            cfg.pop(key)  # imports what the file imports
    except Exception as error:  # a config is a program of the user's: whatever it raises is about that file
        words = ' '.join(str(error).split())
        raise UserError(f'{path}: {type(error).__name__}: {words}{_helper_meant(words, path)}') from None
    planned = (cfg.get('train_cfg') or {}).get('max_epochs')
    _merge(cfg, overrides or {})
    if 'train_cfg.max_epochs' in (overrides or {}) and not any(key.startswith('param_scheduler') for key in overrides):
        stretch_schedule(cfg, planned)
    if cfg.get('resume'):
        raise UserError(f'{path}: resume in a config does nothing; go on with a run by --resume')
    if cfg.get('activation_checkpointing'):
        raise UserError(f'{path}: activation_checkpointing gives a backbone no gradients; recompute by --low-memory')
    check_types(cfg)
    tta_settings(cfg, str(path))
    return cfg


def _helper_meant(words: str, path: Path) -> str:
    """Guess which name of its bases a config means by ``_base_.name``, where none is called so."""
    missing = re.search(r"'ConfigDict' object has no attribute '(\w+)'", words)
    return _suggest(missing[1], _assigned_below(path)) if missing else ''


def _assigned_below(path: Path) -> set[str]:
    names: set[str] = set()
    for base in _local_bases(ast.parse(path.read_text(encoding='utf-8')), path):
        tree = ast.parse(base.read_text(encoding='utf-8'))
        targets = [target for node in tree.body for target in getattr(node, 'targets', [])]
        names |= {target.id for target in targets if isinstance(target, ast.Name)} | _assigned_below(base)
    return names


def stretch_schedule(cfg: Config, planned: int | None) -> None:
    """Let the schedules by epoch end with the training when its length alone was changed.

    Args:
        cfg: Config with the new ``train_cfg.max_epochs``; numbers of epochs in ``param_scheduler`` are stretched alike.
        planned: The epochs that the schedules were written for.
    """
    epochs = cfg.train_cfg.max_epochs
    if not (isinstance(epochs, int) and isinstance(planned, int) and epochs > 0 and planned > 0):
        return
    schedules = cfg.get('param_scheduler') or []
    for one in [schedules] if isinstance(schedules, dict) else schedules:
        if one.get('by_epoch', True):
            for name in one.keys() & set(LENGTHS):
                one[name] = _stretched(one[name], epochs / planned)


def _stretched(length: Any, ratio: float) -> Any:
    if isinstance(length, list | tuple):
        return [_stretched(one, ratio) for one in length]
    return max(round(length * ratio), min(length, 1)) if isinstance(length, int) else length


def parse_overrides(pairs: list[str]) -> dict[str, Any]:
    """Read ``KEY=VALUE`` pairs; a value that is no Python literal is text.

    Raises:
        UserError: A pair has no ``=``.
    """
    overrides = {}
    for pair in pairs:
        key, equals, text = pair.partition('=')
        if not equals or not key:
            raise UserError(f'--cfg-options {pair}: write KEY=VALUE, such as optim_wrapper.optimizer.lr=2e-4')
        try:
            overrides[key] = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            overrides[key] = {'true': True, 'false': False, 'none': None}.get(text.lower(), text)
    return overrides


def _merge(cfg: Config, overrides: dict[str, Any]) -> None:
    for key, value in overrides.items():
        *parents, _ = key.split('.')
        if key.split('.')[0] not in KEYS:
            raise UserError(f'--cfg-options {key}: unknown key{_suggest_key(key, cfg)}')
        if parents and key.endswith('.num_classes') and parents[0] == 'model':
            raise UserError(f'--cfg-options {key}: has no effect, the number of classes follows the data set')
        if parents and parents[0] == 'tta' and cfg.get('tta') is None:
            cfg.tta = {}  # most configs leave all of it at the defaults
        place: Any = cfg
        for depth, part in enumerate(parents):
            inside = _inside(place)
            if part not in inside:
                where = '.'.join(parents[: depth + 1])
                raise UserError(f'--cfg-options {key}: the config has no {where}{_suggest(part, inside)}')
            place = inside[part]
        try:
            cfg.merge_from_dict({key: value})
        except (TypeError, KeyError, IndexError, AttributeError) as error:
            where = '.'.join(parents)
            raise UserError(f'--cfg-options {key}: {where} is {place!r:.80}, it cannot take that ({error})') from None


def _suggest_key(key: str, cfg: Config) -> str:
    """Name where a key of that name is, or else the top-level keys most like it."""
    from ..models.config_walk import dotted, walk_dicts

    ends = [dotted(path, key) for path, node in walk_dicts(cfg.to_dict()) if path and key in node]
    return did_you_mean(ends[:2]) if ends else _suggest(key.split('.')[0], KEYS)


def _inside(place: Any) -> dict[str, Any]:
    if isinstance(place, (list, tuple)):
        return {str(index): part for index, part in enumerate(place)}
    return dict(place.items()) if isinstance(place, (dict, Config)) else {}


def check_names(path: Path, *, heirs: tuple[Path, ...] = ()) -> None:
    """Check that every name a config file assigns is read by someone.

    Args:
        path: A config file; the local files it inherits from are checked too.
        heirs: The files that inherit from it, if any: a base may offer helpers
            that this leaf does not take, but not misspell a key.

    Raises:
        UserError: A name is neither a key of the runner nor used as a helper,
            so that assigning it changes nothing; or a base is missing or its own heir.
    """
    is_base = bool(heirs)
    try:
        tree = ast.parse(path.read_text(encoding='utf-8'))
    except (SyntaxError, UnicodeDecodeError) as error:
        raise UserError(f'{path}: not a Python file: {error}') from None
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    for node in tree.body:
        for name in [target.id for target in getattr(node, 'targets', []) if isinstance(target, ast.Name)]:
            hint = _suggest(name, KEYS, cutoff=0.8 if is_base else 0.6)
            if name not in KEYS | used | {'_base_'} and (hint or not is_base):
                raise UserError(f'{path}, line {node.lineno}: nothing reads {name!r}{hint}')
    for base in _local_bases(tree, path):
        if not base.is_file():
            raise UserError(f'{path}: inherits from {base}, which does not exist')
        if base in (*heirs, path.resolve()):
            raise UserError(f'{path}: inherits from {base}, which inherits from it')
        check_names(base, heirs=(*heirs, path.resolve()))


def _local_bases(tree: ast.Module, path: Path) -> list[Path]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == '_base_':
            try:
                bases = ast.literal_eval(node.value)
            except (ValueError, TypeError):
                return []  # computed: mmengine finds out, and names what is missing
            bases = [bases] if isinstance(bases, str) else bases
            return [(path.parent / base).resolve() for base in bases if '::' not in base]
    return []


def check_types(cfg: Config) -> None:
    """Check that every ``type`` in a config is a registered component.

    Raises:
        UserError: One is not; names its place and the nearest names.
    """
    types = list(_types(cfg.to_dict()))
    with_mmseg = is_segmentation(cfg) or any(name.startswith('mmseg.') for _, name in types)
    known = _registered_names(with_mmseg=with_mmseg)
    for place, name in types:
        bare = name.rsplit('.', 1)[-1]
        if bare not in known and bare not in _FREE_TYPES:
            raise UserError(f'{cfg.filename}: unknown type {name!r} in {place}{_suggest(bare, known)}')


def _registered_names(*, with_mmseg: bool) -> set[str]:
    # Imported here: whoever only reads a config has no need for all of mmdet.
    import mmcv.ops
    from mmdet.utils import register_all_modules

    register_all_modules(init_default_scope=False)
    if with_mmseg:
        with contextlib.redirect_stdout(io.StringIO()):  # prints which optional packages it did not find
            import mmseg.utils

            mmseg.utils.register_all_modules(init_default_scope=False)
    names = set(mmcv.ops.__all__)  # RoI extractors name their layer so
    for registry in vars(mmengine_root).values():
        if isinstance(registry, Registry):
            names |= _names_below(registry)
    return names


def _names_below(registry: Any) -> set[str]:
    names = set(registry.module_dict)
    for child in registry.children.values():
        names |= _names_below(child)
    return names


def _types(value: Any, place: str = 'config') -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        if isinstance(value.get('type'), str):
            yield place, value['type']
            if value['type'].rsplit('.', 1)[-1] in _OTHER_LIBRARIES:
                return
        for key, part in value.items():
            yield from _types(part, f'{place}.{key}' if place != 'config' else str(key))
    elif isinstance(value, (list, tuple)):
        for index, part in enumerate(value):
            yield from _types(part, f'{place}[{index}]')


def _suggest(name: str, known: Any, cutoff: float = 0.6) -> str:
    return did_you_mean(similar_names(name, known, cutoff=cutoff))
