"""What files of detections have to agree on: the pictures, their sizes, and the classes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from custom_modules.evaluation import Predictions
from custom_modules.evaluation.ground_truth import coco_parts

from .detection_table import DetectionTable, normal_name

MAX_LABEL = 9_999
"""The greatest label that is believed where no data set says how many classes there are."""


@dataclass(frozen=True, eq=False)
class Pictures:
    """The pictures of a data set, or those that files of detections name.

    Attributes:
        source: What says so, for messages.
        sizes: (height, width) in pixels by image id, in the order of the data set.
        names: ``file_name`` by image id in the same order; None where only ids are known.
        category_ids: Ascending; a category's position is its label.
        classes: Their names, or None where nobody says.
    """

    source: str
    sizes: Mapping[int, tuple[int, int]]
    names: Mapping[int, str] | None
    category_ids: Sequence[int]
    classes: Sequence[str] | None = None

    @classmethod
    def of_data(cls, coco: Any) -> 'Pictures':
        """Take the pictures of a data set, ``CocoData`` or a COCO dict."""
        images, _, categories = coco_parts(coco)
        return cls(
            source=str(getattr(coco, 'path', 'the data set')),
            sizes={image['id']: (image['height'], image['width']) for image in images},
            names={image['id']: image['file_name'] for image in images},
            category_ids=[category['id'] for category in categories],
            classes=[str(category['name']) for category in categories],
        )

    @classmethod
    def of_tables(cls, tables: Sequence[DetectionTable], image_size: tuple[int, int]) -> 'Pictures':
        """Number the pictures that files name from 1 on, in the order they are first met.

        Args:
            tables: Files that name pictures with their suffix.
            image_size: (height, width) of all pictures, pixels.
        """
        names = dict.fromkeys(name for table in tables for name in table.names)
        labels = [table.labels[table.labels <= MAX_LABEL].max(initial=0) for table in tables]  # NaN is no label
        return cls(
            source='the other files',
            sizes=dict.fromkeys(range(1, len(names) + 1), image_size),
            names=dict(enumerate(names, start=1)),
            category_ids=range(int(max(labels)) + 1),
        )

    @classmethod
    def of_predictions(cls, members: Sequence[Predictions], image_size: tuple[int, int]) -> 'Pictures':
        """Take the ids that COCO results name.

        Args:
            members: The results.
            image_size: (height, width) of all pictures, pixels.
        """
        ids, categories = (
            np.unique(np.concatenate([getattr(member, column) for member in members])).tolist()
            for column in ('image_ids', 'category_ids')
        )
        return cls('the other files', dict.fromkeys(ids, image_size), None, categories)

    @cached_property
    def id_of_name(self) -> dict[str, int]:
        """Image ids by normalised name."""
        return {normal_name(name): image_id for image_id, name in (self.names or {}).items()}

    @cached_property
    def ids_of_ending(self) -> dict[str, list[int]]:
        """Image ids by every ending of the name without suffix: ``test/0001`` and ``0001`` for ``test/0001.jpg``."""
        found: dict[str, list[int]] = {}
        for name, image_id in self.id_of_name.items():
            for ending in endings(PurePosixPath(name).with_suffix('').as_posix()):
                found.setdefault(ending, []).append(image_id)
        return found

    @property
    def short_source(self) -> str:
        """The name of the data set's file without its folder."""
        return Path(self.source).name


def endings(name: str) -> list[str]:
    """Return a path and what is left of it when leading folders are taken away, longest first."""
    parts = name.split('/')
    return ['/'.join(parts[start:]) for start in range(len(parts))]
