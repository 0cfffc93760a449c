"""The folder of journals beside an output: what is done already, on every machine, and how it becomes one file."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as torch_dist

from ..distributed import PATIENCE, num_ranks, on_each_machine, on_main_rank, own_rank
from .journal import SUFFIX, Entry, JournalWriter, list_entries, lock_journal, read_entry, read_header, told_as_mistake

_PIECE = 8 << 20  # bytes sent at a time


class Parts:
    """Journals of all ranks for one output.

    Every rank makes one and calls the same methods in the same order.

    Args:
        folder: Where this machine's journals lie; may be shared by the machines or not.
        header: What the predictions are of; journals of anything else are discarded.
        num_batches: How many batches there are in all.

    Attributes:
        discarded: What the discarded journals were of that this is not; empty without any.
        remaining: Numbers of the batches that no journal holds, the same on all ranks.
    """

    def __init__(self, folder: Path, header: dict[str, Any], num_batches: int) -> None:
        self.folder, self.header, self.num_batches = folder, header, num_batches
        self._group = torch_dist.new_group(backend='gloo', timeout=PATIENCE) if num_ranks() > 1 else None
        # The first machine alone before the others, which may share its folder.
        self.discarded = on_main_rank(self._prepare)
        done = on_each_machine(self._look)
        self.remaining = np.flatnonzero(~np.unpackbits(self._union(done), count=num_batches).astype(bool))

    def _prepare(self) -> list[str]:
        with told_as_mistake(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        return discard_others(self.folder, self.header)

    def _look(self) -> bytes:
        self._prepare()
        done = np.zeros(self.num_batches, bool)
        for path in journals(self.folder):
            done[[number for number, _ in list_entries(path)]] = True
        return np.packbits(done).tobytes()

    def _union(self, done: bytes) -> np.ndarray:
        found = [done]
        if self._group:
            found = [None] * num_ranks()
            torch_dist.all_gather_object(found, done, group=self._group)
        return np.bitwise_or.reduce([np.frombuffer(one, np.uint8) for one in found])

    def open(self) -> JournalWriter:
        """Open this rank's own journal."""
        return JournalWriter(self.folder / f'rank{own_rank():05d}{SUFFIX}', self.header)

    def entries(self, skip: int = 0, step: int = 1) -> Iterator[Entry]:
        """Yield the finished batches that this machine's journals hold, in order.

        Args:
            skip: How many to leave out at the beginning.
            step: 2 for every second one, and so on.
        """
        paths = journals(self.folder)
        where, places = np.zeros(self.num_batches, np.int32), np.zeros(self.num_batches, np.int64)
        for index, path in enumerate(paths, start=1):
            for number, place in list_entries(path):
                where[number], places[number] = index, place
        for number in np.flatnonzero(where)[skip::step].tolist():
            yield read_entry(paths[where[number] - 1], places[number])

    def collect(self) -> None:
        """Bring all journals to the main rank's folder; waits for all ranks."""
        if self._group is None:
            return
        tokens = on_each_machine(lambda: {read_header(path)['token']: path.name for path in journals(self.folder)})
        listed: list[Any] = [None] * num_ranks()
        own = tokens if int(os.environ['LOCAL_RANK']) == 0 else {}
        torch_dist.all_gather_object(listed, own, group=self._group)
        seen = set(listed[0])
        for rank, found in enumerate(listed):
            for token in sorted(set(found) - seen):
                seen.add(token)
                if own_rank() == rank:
                    self._send(self.folder / found[token])
                elif own_rank() == 0:
                    self._receive(self.folder / f'received_{token}', rank)

    def _send(self, path: Path) -> None:
        size = path.stat().st_size
        torch_dist.send(torch.tensor([size]), 0, group=self._group)
        with open(path, 'rb') as file:
            for start in range(0, size, _PIECE):
                piece = bytearray(file.read(min(_PIECE, size - start)))
                torch_dist.send(torch.frombuffer(piece, dtype=torch.uint8), 0, group=self._group)

    def _receive(self, path: Path, rank: int) -> None:
        size = torch.zeros(1, dtype=torch.int64)
        torch_dist.recv(size, rank, group=self._group)
        with told_as_mistake(path), open(path, 'wb') as file:
            for start in range(0, int(size), _PIECE):
                piece = torch.empty(min(_PIECE, int(size) - start), dtype=torch.uint8)
                torch_dist.recv(piece, rank, group=self._group)
                file.write(piece.numpy())
        path.rename(path.with_name(path.name + SUFFIX))

    def remove(self) -> None:
        """Remove the folder on every machine; to be called when the output is complete."""
        on_each_machine(_remove, self.folder)
        if self._group:
            torch_dist.destroy_process_group(self._group)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def parts_folder(out: str | Path) -> Path:
    """Return the folder of journals of predictions that are not complete: ``.val.json.parts`` beside ``val.json``."""
    out = Path(out)
    return out.with_name(f'.{out.name}.parts')


def journals(folder: Path) -> list[Path]:
    """Return the journals of a folder by name."""
    return sorted(folder.glob(f'*{SUFFIX}'))


def discard_others(folder: Path, header: dict[str, Any]) -> list[str]:
    """Remove journals whose header is another one, and what an interrupted transfer left.

    Args:
        folder: Of the journals.
        header: What they must be of.

    Returns:
        The keys of the header in which the removed ones differ.

    Raises:
        UserError: Another job writes one of them.
    """
    differences: dict[str, None] = {}
    for path in journals(folder):
        found = read_header(path) or {}  # killed while it was begun
        others = [key for key in header if found.get(key) != header[key]]
        if others:
            lock_journal(path).close()  # not while another job writes it
            path.unlink(missing_ok=True)
        if found:
            differences.update(dict.fromkeys(others))
    return list(differences)
