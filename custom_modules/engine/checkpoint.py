"""Checkpoints that cannot run code, cannot tear, and say what they lack."""

import hashlib
import http.client
import os
import pickle
import re
import urllib.request
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.runner import CheckpointLoader
from tqdm import tqdm

from ..utils import UserError, atomic_write, find_file

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


def read_checkpoint(path: str | Path, map_location: Any = 'cpu') -> dict[str, Any]:
    """Read a checkpoint without executing anything in it.

    Only tensors and plain values are accepted, unless
    :func:`trust_checkpoints` is in force.

    Args:
        path: File written by :func:`write_checkpoint` or any file of tensors; relative to the working folder, or
            else to the repository.
        map_location: Where the tensors go, as in :func:`torch.load`.

    Returns:
        The content; a bare state dict is wrapped as ``{'state_dict': ...}``.

    Raises:
        UserError: The file is missing, cut, not a checkpoint, or needs code to be executed.
    """
    path = find_file(path)
    if not path.is_file():
        raise UserError(f'{path}: no such checkpoint')
    try:
        with warnings.catch_warnings(action='ignore'):  # about the pickle protocol of old files
            content = torch.load(path, map_location=map_location, weights_only=not _trusted)
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


def load_weights(model: torch.nn.Module, content: dict[str, Any], name: str, *, partial: bool = False) -> str:
    """Copy a checkpoint's weights into a model.

    Args:
        model: The model to fill.
        content: What :func:`read_checkpoint` returned.
        name: The file, for messages.
        partial: Take what fits and leave the rest, as long as the backbone is complete; otherwise everything must fit.

    Returns:
        One line: how many tensors fitted, and which modules lack theirs.

    Raises:
        UserError: Something does not fit, or, with ``partial``, nothing or not all of the backbone fits.
    """
    given = content['state_dict']
    given = {key.removeprefix('module.'): value for key, value in given.items() if isinstance(value, torch.Tensor)}
    own = model.state_dict()
    fitting = {key: value for key, value in given.items() if key in own and own[key].shape == value.shape}
    report = f'{name}: {len(fitting)} of {len(own)} tensors of the model, {len(given)} in the file'
    missing = [key for key in own if key not in fitting]
    if missing:
        report += f'; not filled: {_modules(missing)}'
    needed = [key for key in missing if not partial or key.startswith('backbone.')]
    if not fitting or needed or (not partial and len(given) > len(fitting)):
        remedy = 'start from one with the same backbone' if partial else 'use the config it was trained with'
        raise UserError(f'{report}; this checkpoint belongs to another model, {remedy}')
    model.load_state_dict(fitting, strict=False)
    return report


def _modules(keys: list[str], depth: int = 2, most: int = 4) -> str:
    names = list(dict.fromkeys('.'.join(key.split('.')[:depth]) for key in keys))
    return ', '.join(names[:most]) + (f' and {len(names) - most} more' if len(names) > most else '')


def weights_folder() -> Path:
    """Return the folder in which fetched weights are kept (torch's own, moved by ``TORCH_HOME``)."""
    return Path(torch.hub.get_dir()) / 'checkpoints'


def fetch_weights(url: str, sha256: str | None = None) -> Path:
    """Return the local copy of published weights, fetching it the first time.

    Args:
        url: Where the file is published.
        sha256: Its published digest, checked after fetching where it is known.

    Returns:
        The file in :func:`weights_folder`.

    Raises:
        UserError: The file is neither here nor to be had, or is not the published one.
    """
    path = weights_folder() / url.rsplit('/', 1)[-1]
    if not path.is_file():
        try:
            _download(url, path)
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise UserError(
                f'cannot fetch {path.name} from {url} ({_first_line(error)}); put the file into {path.parent}, '
                f'or train without any start weights: --load-from none'
            ) from None
    if sha256 and (found := file_sha256(path)) != sha256:
        raise UserError(f'{path}: sha256 is {found}, published is {sha256}; delete the file and fetch it again')
    return path


def _download(url: str, path: Path) -> None:
    """Fetch a file in one piece, with progress and time left on a terminal."""
    with urllib.request.urlopen(url, timeout=30) as source, atomic_write(path, 'wb') as file:
        size = int(source.headers.get('Content-Length') or 0)
        with tqdm(total=size or None, desc=path.name, unit='B', unit_scale=True, disable=None) as progress:
            while block := source.read(1 << 20):
                file.write(block)
                progress.update(len(block))
        if size and file.tell() != size:
            raise OSError(f'the connection closed after {file.tell():,} of {size:,} bytes')


def file_sha256(path: str | Path) -> str:
    """Return the sha256 digest of a file as hexadecimal text."""
    with open(path, 'rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()


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
