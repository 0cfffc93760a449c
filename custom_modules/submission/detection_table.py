"""Detections as a csv or a folder of YOLO txt files says them: pictures by name, classes by label, no ids."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from .repairs import Repairs


@dataclass(frozen=True, eq=False)
class DetectionTable:
    """Detections as written, with the place of each for messages.

    Attributes:
        source: The file or folder, as shown to the user.
        names: P pictures in the order of the file, each once, normalised by :func:`normal_name`.
        places: P places, where each picture is first met, for example ``'line 3'``.
        pictures: (N,) int64, the picture of each box, a position in ``names``.
        labels: (N,) float64, as written: whole numbers unless the file is wrong.
        scores: (N,) float64.
        boxes_xyxy: (N, 4) float64, pixels; from YOLO parts of the picture's sides.
        where: Says where a box stands, for example ``'line 3 (0001.jpg), box 2'``, given its number.
        is_yolo: Whether it comes from YOLO: boxes are parts of the sides, and names have no suffix.
        repairs: What was put right on the way.
    """

    source: str
    names: list[str]
    places: list[str]
    pictures: np.ndarray
    labels: np.ndarray
    scores: np.ndarray
    boxes_xyxy: np.ndarray
    where: Callable[[int], str]
    is_yolo: bool = False
    repairs: Repairs = field(default_factory=Repairs)

    def __len__(self) -> int:
        return len(self.scores)


def normal_name(name: str) -> str:
    r"""Write a picture's name the one way: no blanks around it, ``/`` for ``\``, no ``./`` and no ``//``.

    Args:
        name: As written in a file.

    Returns:
        The name by which pictures are told apart.
    """
    name = name.strip()
    if '\\' not in name and './' not in name and '//' not in name:
        return name
    parts = name.replace('\\', '/').split('/')
    kept = [part for part in parts[1:] if part not in ('', '.')]
    return '/'.join(kept if parts[0] == '.' else [parts[0], *kept])
