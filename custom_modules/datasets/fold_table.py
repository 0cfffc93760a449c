"""How a data set's classes are spread over its folds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .coco_data import CocoData


@dataclass(frozen=True, eq=False)
class FoldTable:
    """What each fold holds.

    Attributes:
        classes: C names.
        pictures: (K,) int64, pictures of each fold.
        objects: (K, C) int64, objects of each fold.
        pictures_with: (K, C) int64, pictures of each fold that show a class.
        groups_with: (C,) int64, groups that show a class.
        counted: What ``objects`` counts.
    """

    classes: tuple[str, ...]
    pictures: np.ndarray
    objects: np.ndarray
    pictures_with: np.ndarray
    groups_with: np.ndarray
    counted: str = 'objects'

    @property
    def num_folds(self) -> int:
        """How many folds there are."""
        return len(self.pictures)

    def lines(self) -> list[str]:
        """Return the table as text: pictures, then a row for each class."""
        columns = zip(('pictures', *self.classes), (self.pictures, *self.objects.T), strict=True)
        cells = [[f'{self.counted} of', *(f'fold {fold}' for fold in range(self.num_folds)), 'all']]
        cells += [[name, *map(str, counts), str(counts.sum())] for name, counts in columns]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        return ['  '.join([first.ljust(widths[0]), *map(str.rjust, others, widths[1:])]) for first, *others in cells]

    def as_dict(self) -> dict[str, Any]:
        """Return the counts as json values, one list over the folds for each class."""
        return {
            'pictures': self.pictures.tolist(),
            'objects': dict(zip(self.classes, self.objects.T.tolist(), strict=True)),
            'pictures_with': dict(zip(self.classes, self.pictures_with.T.tolist(), strict=True)),
        }

    def warnings(self) -> dict[int, list[str]]:
        """Return what the folds lack.

        Returns:
            By fold, one line for each class of the data set that it cannot validate or train; folds that lack none
            have no entry.
        """
        found: dict[int, list[str]] = {}
        totals = self.objects.sum(axis=0)
        for fold, counts in enumerate(self.objects):
            for label in np.flatnonzero(totals).tolist():
                if counts[label] in (0, totals[label]):
                    purpose = 'train' if counts[label] else 'validate'
                    found.setdefault(fold, []).append(self._lack(fold, label, purpose))
        return found

    def absent_classes(self) -> list[str]:
        """Return the classes that no picture of any fold shows."""
        return [name for name, count in zip(self.classes, self.objects.sum(axis=0), strict=True) if not count]

    def _lack(self, fold: int, label: int, purpose: str) -> str:
        pictures, groups = self.pictures_with[:, label].sum(), self.groups_with[label]
        few = f', fewer than {self.num_folds} folds' if groups < self.num_folds else ''
        shown = f'{pictures} picture(s) in {groups} group(s) show it'
        return f'fold {fold} has no {self.classes[label]} to {purpose} on ({shown}{few})'


def fold_table(
    objects: Sequence[Mapping[int, int]], data: CocoData, folds: np.ndarray, groups: np.ndarray
) -> FoldTable:
    """Count what each fold holds.

    Args:
        objects: For each picture the number of objects by category id.
        data: The data set.
        folds: (N,) int, the fold of each picture.
        groups: (N,) int, the group of each picture.
    """
    counts = np.array([[picture.get(cat_id, 0) for cat_id in data.cat_ids] for picture in objects], dtype=np.int64)
    members = [folds == fold for fold in range(folds.max() + 1)]
    return FoldTable(
        classes=data.classes,
        pictures=np.array([member.sum() for member in members]),
        objects=np.array([counts[member].sum(axis=0) for member in members]),
        pictures_with=np.array([(counts[member] > 0).sum(axis=0) for member in members]),
        counted='label pictures' if data.has_label_files else 'objects',
        groups_with=np.array([len(np.unique(groups[column > 0])) for column in counts.T]),
    )
