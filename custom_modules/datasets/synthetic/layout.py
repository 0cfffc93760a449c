"""Where things lie in a picture and who covers whom, before anything is lit."""

from dataclasses import dataclass, field

import numpy as np

from .canvas import Sprite

FLOOR, CLUTTER = 0, -1
LEAST_VISIBLE = 0.45  # of an object's area, its part beyond the picture included
_SOLID = 0.5


@dataclass
class Placed:
    """A sprite in the picture.

    Attributes:
        sprite: What is drawn.
        x: Left edge of the sprite in work pixels; may lie outside.
        y: Its top edge.
        owner: Number of the object from 1, or ``CLUTTER``.
        full: Pixels of its whole outline.
        inside: Pixels of its outline within the picture, hidden ones included.
    """

    sprite: Sprite
    x: int
    y: int
    owner: int
    full: int
    inside: int


def windows(shape: tuple[int, int], x: int, y: int, side: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Cut a patch at (x, y) to the picture: where it goes in the picture, and what of it goes there."""
    top, left = max(y, 0), max(x, 0)
    bottom, right = max(min(y + shape[0], side), top), max(min(x + shape[1], side), left)
    return (slice(top, bottom), slice(left, right)), (slice(top - y, bottom - y), slice(left - x, right - x))


@dataclass
class Layout:
    """The picture as a map of owners, filled from the bottom up.

    Attributes:
        side: Picture side in work pixels.
        tiny: Fewest visible pixels of an object.
        owners: (side, side) int16, who is seen at each pixel.
        placed: What lies there, bottom first.
        objects: The labelled ones among them; object k is number k + 1.
    """

    side: int
    tiny: int
    owners: np.ndarray = field(init=False)
    placed: list[Placed] = field(default_factory=list)
    objects: list[Placed] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.owners = np.full((self.side, self.side), FLOOR, np.int16)

    def visible(self) -> np.ndarray:
        """Count the visible pixels of every object, (objects,)."""
        return np.bincount(self.owners[self.owners > 0], minlength=len(self.objects) + 1)[1:]

    def hidden_share(self, index: int) -> float:
        """Share of an object's part within the picture that other things cover."""
        return 1 - float((self.owners == index + 1).sum()) / self.objects[index].inside

    def add(self, sprite: Sprite, centre: np.ndarray, *, labelled: bool, inside: float, overlap: bool = True) -> bool:
        """Lay a sprite on top, unless that breaks a rule.

        Args:
            sprite: What to lay down.
            centre: Its centre (x, y) in work pixels.
            labelled: Whether it is an object; clutter otherwise.
            inside: Least share of it that must lie in the picture.
            overlap: Whether it may cover objects; each then keeps ``LEAST_VISIBLE`` of its area.

        Returns:
            Whether it was laid down.
        """
        height, width = sprite.cover.shape
        x, y = (int(centre[0]) - width // 2, int(centre[1]) - height // 2)
        solid = sprite.cover > _SOLID
        there, here = windows(solid.shape, x, y, self.side)
        seen = solid[here]
        full, shown = int(solid.sum()), int(seen.sum())
        if shown < inside * full or (labelled and shown < self.tiny):
            return False
        if not self._may_cover(self.owners[there][seen], overlap):
            return False
        owner = len(self.objects) + 1 if labelled else CLUTTER
        self.owners[there][seen] = owner
        item = Placed(sprite, x, y, owner, full, shown)
        self.placed.append(item)
        if labelled:
            self.objects.append(item)
        return True

    def _may_cover(self, below: np.ndarray, overlap: bool) -> bool:
        lost = np.bincount(below[below > 0], minlength=len(self.objects) + 1)[1:]
        if not lost.any():
            return True
        if not overlap:
            return False
        left = self.visible() - lost
        needed = np.array([max(LEAST_VISIBLE * item.full, self.tiny) for item in self.objects])
        return bool((left >= needed)[lost > 0].all())
