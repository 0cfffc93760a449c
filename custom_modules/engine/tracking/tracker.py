"""What a tracker is told."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass
class Run:
    """The training that is tracked.

    Attributes:
        folder: Its folder.
        config: Its config as plain values.
        config_text: The same as a file.
        iteration: Iterations done before this start.
        memory: What the tracker noted in earlier starts of this run; it may note more (plain values).
    """

    folder: Path
    config: dict[str, Any]
    config_text: str
    iteration: int
    memory: dict[str, Any]


class Tracker(ABC):
    """One place numbers go to; every method may raise anything, the training goes on without it.

    Attributes:
        name: What ``--track`` calls it.
        package: The module it needs.
        install: Command that installs it.
        rewinds: Whether it can drop what came after the checkpoint a run goes on from.
        shows_pictures: Whether it takes pictures, tables and facts beside numbers.
    """

    name: str
    package: str
    install: str
    rewinds = False
    shows_pictures = False

    @abstractmethod
    def start(self, run: Run) -> str:
        """Open the run, or the one that is resumed, and return a line that says where to look."""

    @abstractmethod
    def log_scalars(self, values: Mapping[str, float], iteration: int) -> None:
        """Write numbers by name, after so many training iterations."""

    def log_table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence], iteration: int) -> None:
        """Write a table (trackers with ``shows_pictures``)."""
        raise NotImplementedError

    def log_picture(self, name: str, picture_rgb: np.ndarray, iteration: int) -> None:
        """Write a picture, (H, W, 3) uint8 RGB (trackers with ``shows_pictures``)."""
        raise NotImplementedError

    def note(self, facts: Mapping[str, Any]) -> None:
        """Set facts of the whole run, such as its best checkpoint (trackers with ``shows_pictures``)."""
        raise NotImplementedError

    @abstractmethod
    def finish(self, *, completed: bool) -> None:
        """Close the run; ``completed`` says whether it came to its end."""
