"""Published weights: which there are, where they are kept, and whether a file is the published one."""

import hashlib
import http.client
import re
import tomllib
import urllib.request
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

import torch
from tqdm import tqdm

from ..utils import UserError, atomic_write, did_you_mean, similar_names

MANIFEST = Path(__file__).with_name('published.toml')


@dataclass(frozen=True, kw_only=True)
class PublishedWeights:
    """An entry of the manifest.

    Attributes:
        name: What ``--load-from`` and ``tools/weights.py`` call it.
        url: Where its publisher keeps it.
        licence: SPDX name of the licence it is published under.
        what: Model and training data.
        starts: Patterns of the configs it is meant for, relative to ``configs/``.
        sha256: The digest in full, where it is published.
    """

    name: str
    url: str
    licence: str
    what: str
    starts: tuple[str, ...]
    sha256: str | None = None

    @property
    def path(self) -> Path:
        """The local copy, whether it is there or not."""
        return local_path(self.url)

    @property
    def digest(self) -> str | None:
        """What its sha256 begins with (all of it, or the eight digits in the file's name); None if not published."""
        return self.sha256 or digest_in_name(self.path.name)

    def is_for(self, config: str) -> bool:
        """Whether it is meant for a config, such as ``trash/htc_swin_b.py``."""
        return any(PurePosixPath(config).match(pattern) for pattern in self.starts)


@cache
def published_weights() -> dict[str, PublishedWeights]:
    """Read the manifest.

    Returns:
        Its entries by name, in the manifest's order.
    """
    entries = tomllib.loads(MANIFEST.read_text(encoding='utf-8'))['weights']
    return {entry['name']: PublishedWeights(**{**entry, 'starts': tuple(entry['starts'])}) for entry in entries}


def find_published(name: str) -> PublishedWeights:
    """Return an entry of the manifest.

    Raises:
        UserError: There is none of that name.
    """
    entries = published_weights()
    if name not in entries:
        raise UserError(
            f'{name}: no published weights of that name (python tools/weights.py list shows all)'
            f'{did_you_mean(similar_names(name, entries))}'
        )
    return entries[name]


def weights_folder() -> Path:
    """Return the folder in which fetched weights are kept (torch's own, moved by ``TORCH_HOME``)."""
    return Path(torch.hub.get_dir()) / 'checkpoints'


def local_path(url: str) -> Path:
    """Return where the local copy of published weights is or will be."""
    return weights_folder() / url.rsplit('/', 1)[-1]


def digest_in_name(name: str) -> str | None:
    """Return the first eight digits of the sha256 that a file's name ends in, as torch and mmdet publish theirs."""
    found = re.search(r'-([0-9a-f]{8})\.pth$', name)
    return found[1] if found else None


def fetch_weights(url: str, sha256: str | None = None, *, otherwise: str = '') -> Path:
    """Return the local copy of published weights, fetching it the first time.

    Args:
        url: Where the file is published.
        sha256: Its published digest; without it, the digits in the file's name are checked, if it has any.
        otherwise: How to do without the file; ends the message when it is not to be had.

    Returns:
        The file in :func:`weights_folder`.

    Raises:
        UserError: The file is neither here nor to be had, or is not the published one.
    """
    path = local_path(url)
    if not path.is_file():
        try:
            _download(url, path)
        except (OSError, ValueError, http.client.HTTPException) as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
            raise UserError(
                f'cannot fetch {path.name} from {url} ({reason}); put the file into {path.parent}{otherwise}'
            ) from None
    check_digest(path, sha256 or digest_in_name(path.name))
    return path


def check_digest(path: Path, digest: str | None) -> None:
    """Check a file against its published digest, where there is one.

    Args:
        path: The file.
        digest: What its sha256 must begin with.

    Raises:
        UserError: The file is not the published one.
    """
    if digest and not (found := file_sha256(path)).startswith(digest):
        raise UserError(
            f'{path}: sha256 is {found}, the published one {"is" if len(digest) == 64 else "begins with"} {digest}; '
            f'delete the file and fetch it again'
        )


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
