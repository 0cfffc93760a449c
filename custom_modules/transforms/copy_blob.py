"""Blobs of rare classes where a picture's content has room for them."""

from collections.abc import Mapping, Sequence

import numpy as np
from mmseg.registry import TRANSFORMS

from custom_modules.utils import UserError

from .blob_paste import BlobPaste
from .blobs import Blob, paste_blob
from .class_index import ClassIndex
from .class_weights import check_class_names
from .settings import check_probability

TRIES = 50  # places looked at for a blob


@TRANSFORMS.register_module()
class CopyBlob(BlobPaste):
    """Paste blobs of some classes onto pixels of classes where they may be: a bus on the road, a fence on the sidewalk.

    The classes are drawn alike, then a picture of each.  Of the places in the picture that would do, all are as
    likely; where none is found in fifty draws, the blob is left out.  See :class:`BlobPaste` for the other arguments.

    Args:
        paste: For each class to paste the names of those it may cover, such as ``{'Battery': ['Background']}``.
            Ignored pixels (255) are never covered.
        min_fit: Share of a blob's pixels that must fall on what it may cover.  The others are not pasted, as if they
            lay behind what is there.

    Raises:
        ValueError: A setting is impossible.
    """

    def __init__(
        self,
        paste: Mapping[str, Sequence[str]],
        *,
        min_fit: float = 1.0,
        num_objects: tuple[int, int] = (1, 3),
        scale: tuple[float, float] = (0.75, 1.25),
        flip_ratio: float = 0.5,
        min_pixels: int = 32,
        max_share: float = 0.5,
        prob: float = 0.5,
    ) -> None:
        super().__init__(
            num_objects=num_objects,
            scale=scale,
            flip_ratio=flip_ratio,
            min_pixels=min_pixels,
            max_share=max_share,
            prob=prob,
        )
        check_probability(self, min_fit=min_fit)
        check_paste(paste)
        self.allowed = paste
        self.min_fit = min_fit

    def set_classes(self, index: ClassIndex) -> np.ndarray:
        """Find the labels of the classes."""
        check_class_names(names_of(self.allowed), index.classes, option='CopyBlob: paste')
        self._may_cover = {
            index.classes.index(name): np.isin(np.arange(256), [index.classes.index(one) for one in below])
            for name, below in self.allowed.items()
        }
        weights = np.array([float(name in self.allowed) for name in index.classes]) * (index.counts > 0)
        if not weights.any():
            raise UserError(f'CopyBlob: no training picture shows {" or ".join(self.allowed)}')
        return weights

    def put(self, picture: dict, blob: Blob) -> dict:
        """Paste a blob where it fits."""
        allowed = self._may_cover[blob.label][picture['gt_seg_map']]
        place = find_place(blob.mask, allowed, min_fit=self.min_fit)
        return picture if place is None else paste_blob(picture, blob, *place, on=allowed)


def find_place(mask: np.ndarray, allowed: np.ndarray, *, min_fit: float = 1.0) -> tuple[int, int] | None:
    """Draw a place where a blob covers what it may.

    Its middle is put onto pixels that it may cover until enough of the others lie on some, too.

    Args:
        mask: (h, w) bool, the blob; not empty.
        allowed: (H, W) bool, pixels it may cover.
        min_fit: Share of the blob that must lie on them, 0 to 1.

    Returns:
        Column and row of its upper left corner; None when no place was found.
    """
    targets = np.flatnonzero(allowed)
    height, width = mask.shape
    area = np.count_nonzero(mask)
    if len(targets) < min_fit * area or not len(targets):
        return None
    middle_y, middle_x = _middle(mask)
    rows, columns = np.divmod(targets[np.random.randint(len(targets), size=TRIES)], allowed.shape[1])
    for y, x in zip((rows - middle_y).tolist(), (columns - middle_x).tolist(), strict=True):
        if x < 0 or y < 0 or y + height > allowed.shape[0] or x + width > allowed.shape[1]:
            continue
        if np.count_nonzero(allowed[y : y + height, x : x + width] & mask) >= min_fit * area:
            return x, y
    return None


def _middle(mask: np.ndarray) -> tuple[int, int]:
    """Find the pixel of a blob that is nearest to its centre of mass: its row and column."""
    rows, columns = np.nonzero(mask)
    nearest = np.argmin((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2)
    return int(rows[nearest]), int(columns[nearest])


def check_paste(paste: Mapping[str, Sequence[str]]) -> None:
    """Refuse what is no table of classes.

    Args:
        paste: See :class:`CopyBlob`.

    Raises:
        ValueError: It is empty, or has something other than lists of names.
    """
    if not isinstance(paste, Mapping) or not paste or any(isinstance(one, str) or not one for one in paste.values()):
        raise ValueError(
            f"CopyBlob: paste is {paste}; give the classes that each may cover, such as {{'Battery': ['Background']}}"
        )


def names_of(paste: Mapping[str, Sequence[str]]) -> set[str]:
    """List all classes that such a table names."""
    return {*paste, *(name for below in paste.values() for name in below)}
