"""Checkpoints that cannot run code, cannot tear, and say what they lack."""

import os
import pickle
import re
import warnings
import zipfile
from collections import OrderedDict
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.runner import CheckpointLoader

from ..utils import UserError, atomic_write, did_you_mean, find_file, similar_paths
from .published import fetch_weights

_trusted = False


@contextmanager
def trust_checkpoints(trust: bool = True):
    """Let checkpoints read inside the block run the code they carry (``--trust-checkpoint``)."""
    global _trusted
    before, _trusted = _trusted, trust
    try:
        yield
    finally:
        _trusted = before


class _Skipped:
    """Stands for an object of a checkpoint that nothing here needs; takes any content and keeps none."""

    def __new__(cls, *args: Any) -> '_Skipped':
        return super().__new__(cls)

    def __setstate__(self, state: Any) -> None:
        pass


# What published checkpoints carry beside tensors and plain values: log histories, numpy numbers, settings.
_SKIPPED = (
    *(
        (_Skipped, name)
        for name in (
            'argparse.Namespace',
            'builtins.getattr',  # names the functions of the log histories
            'mmcv.utils.config.ConfigDict',
            'mmengine.config.config.ConfigDict',
            'mmengine.logging.history_buffer.HistoryBuffer',
            'numpy.core.multiarray._reconstruct',
            'numpy._core.multiarray._reconstruct',
            'numpy.core.multiarray.scalar',
            'numpy._core.multiarray.scalar',
            'numpy.dtype',
            'numpy.ndarray',
            'pathlib.PosixPath',
        )
    ),
    (OrderedDict, 'yacs.config.CfgNode'),
)


def read_checkpoint(path: str | Path, map_location: Any = 'cpu', *, mapped: bool = False) -> dict[str, Any]:
    """Read a checkpoint without executing anything in it.

    Only tensors and plain values are accepted, unless
    :func:`trust_checkpoints` is in force; log histories and the like of
    published checkpoints are skipped.

    Args:
        path: File written by :func:`write_checkpoint` or any file of tensors; relative to the working folder, or
            else to the repository.
        map_location: Where the tensors go, as in :func:`torch.load`.
        mapped: Leave the tensors on the disk until they are used, where the file's format allows it.

    Returns:
        The content; a bare state dict is wrapped as ``{'state_dict': ...}``.

    Raises:
        UserError: The file is missing, cut, not a checkpoint, or needs code to be executed.
    """
    path = find_file(path)
    if not path.is_file():
        guesses = similar_paths(path / 'best.pth' if path.is_dir() else path)
        raise UserError(f'{path}: no such checkpoint{did_you_mean(guesses)}')
    try:
        # The warnings are about the pickle protocol of old files.
        with warnings.catch_warnings(action='ignore'), torch.serialization.safe_globals(list(_SKIPPED)):
            mapped = mapped and zipfile.is_zipfile(path)
            content = torch.load(path, map_location=map_location, weights_only=not _trusted, mmap=mapped)
    except pickle.UnpicklingError as error:
        raise UserError(_refusal(path, str(error))) from None
    except Exception as error:  # damaged bytes make the reader raise anything
        raise UserError(
            f'{path}: damaged or not a checkpoint ({_first_line(error)}); copy it again or take another one'
        ) from None
    return _checked(content, path)


def _checked(content: Any, path: Path) -> dict[str, Any]:
    """Give any file of tensors the layout of a checkpoint, or refuse it."""
    if isinstance(content, dict) and 'state_dict' not in content:
        content = {**content, 'state_dict': content['model']} if 'model' in content else {'state_dict': content}
    parts = [content, content['state_dict'], content.get('meta', {})] if isinstance(content, dict) else [content]
    for part in parts:
        if not isinstance(part, dict) or not all(isinstance(key, str) for key in part):
            kind = 'keys that are no names' if isinstance(part, dict) else f'a {type(part).__name__}'
            raise UserError(f'{path}: not a checkpoint, it holds {kind} where a table of names is expected')
    return content


def require_training_state(content: dict[str, Any], name: str | Path) -> None:
    """Refuse to resume from a file that holds weights only.

    Args:
        content: What :func:`read_checkpoint` returned.
        name: The file, for messages.

    Raises:
        UserError: There is no training state in it.
    """
    if 'optimizer' not in content or 'random_states' not in content:
        raise UserError(f'{name}: holds weights only; start from it with --load-from, or resume from last.pth')


def _refusal(path: Path, message: str) -> str:
    wanted = re.search(r'GLOBAL ([\w.]+)', message)
    if not wanted:
        return f'{path}: damaged or not a checkpoint; copy it again or take another one'
    return (
        f'{path}: refused, reading it would execute code ({wanted.group(1)}); '
        f'if you trust its author, add --trust-checkpoint'
    )


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]


def write_checkpoint(content: dict[str, Any], path: str | Path) -> None:
    """Write a checkpoint so that ``path`` holds the old one or all of the new one.

    Args:
        content: Tensors, numbers, text, lists and dicts; numpy numbers become Python's, tuples lists.
        path: Final name.

    Raises:
        UserError: There is no room or no right to write; names path and bytes.
    """
    try:
        with atomic_write(path, 'wb') as file:
            torch.save(_plain(content), file)
    except (OSError, RuntimeError) as error:
        size = sum(tensor.nbytes for tensor in _tensors(content))
        free = os.statvfs(Path(path).parent)
        raise UserError(
            f'{path}: cannot write the checkpoint of about {size:,} bytes, {free.f_bavail * free.f_frsize:,} are free '
            f'({_first_line(error)}); the previous one is untouched'
        ) from None


def _plain(value: Any) -> Any:
    """Turn numpy numbers into Python's and every mapping into a dict, all through a nested structure."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return value.item() if isinstance(value, np.generic) else value


def _tensors(content: Any) -> list[torch.Tensor]:
    if isinstance(content, torch.Tensor):
        return [content]
    if isinstance(content, dict):
        content = list(content.values())
    if isinstance(content, (list, tuple)):
        return [tensor for part in content for tensor in _tensors(part)]
    return []


def _load_local(filename: str, map_location: Any = None) -> dict[str, Any]:
    return read_checkpoint(filename, map_location or 'cpu')


def _load_url(filename: str, map_location: Any = None) -> dict[str, Any]:
    return read_checkpoint(fetch_weights(filename), map_location or 'cpu')


def _refuse_scheme(filename: str, map_location: Any = None) -> dict[str, Any]:
    raise UserError(f'{filename}: weights are given as a file or an http(s) URL; name the file behind it')


def use_safe_loaders() -> None:
    """Route everything mmengine loads through :func:`read_checkpoint`.

    Upstream's loaders fall back to full pickle when the safe load fails.
    """
    CheckpointLoader.register_scheme(prefixes='', loader=_load_local, force=True)
    CheckpointLoader.register_scheme(prefixes=['http://', 'https://'], loader=_load_url, force=True)
    others = [prefix for prefix in CheckpointLoader._schemes if prefix not in ('', 'http://', 'https://')]
    CheckpointLoader.register_scheme(prefixes=others, loader=_refuse_scheme, force=True)
