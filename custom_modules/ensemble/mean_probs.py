"""The mean of the probabilities of several models, picture by picture."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from custom_modules.utils import UserError

from .probs import ProbabilityMaps, open_probs


class MeanProbs:
    """Several ``*.probs`` folders as one; a picture is read and averaged when it is asked for.

    Args:
        paths: The folders, at least one.

    Attributes:
        members: The opened folders.
        classes: Names by label.

    Raises:
        UserError: One is damaged, or has other classes than the first.
    """

    def __init__(self, paths: Sequence[str | Path]) -> None:
        self.members: list[ProbabilityMaps] = [open_probs(path) for path in paths]
        self.classes = self.members[0].classes
        for other in self.members[1:]:
            if other.classes != self.classes:
                odd = sorted(set(other.classes) ^ set(self.classes))[:1]
                what = f'such as {odd[0]}' if odd else 'in another order'
                raise UserError(
                    f'{other.path}: has other classes than {self.members[0].path} ({what}); give models of one data set'
                )

    def check(self, images: Iterable[dict], source: str) -> None:
        """Refuse members that lack a picture or have it in another size.

        Args:
            images: Records with ``id``, ``file_name``, ``height`` and ``width``.
            source: The json they are of, for messages.

        Raises:
            UserError: The message names the member and the first such picture.
        """
        images = list(images)
        for member in self.members:
            missing = [image for image in images if image['id'] not in member]
            if missing:
                raise UserError(
                    f'{member.path}: lacks {len(missing)} of {len(images)} pictures of {source}, such as '
                    f'{missing[0]["file_name"]:.80}; predict on this json'
                )
            for image in images:
                stored = member.pictures[image['id']]
                if (stored.height, stored.width) != (image['height'], image['width']):
                    raise UserError(
                        f'{member.path}: {image["file_name"]:.80} is {stored.width} x {stored.height}, in {source} it '
                        f'is {image["width"]} x {image["height"]}; predict on this json'
                    )

    def __getitem__(self, image_id: int) -> np.ndarray:
        """Return the mean probabilities of a picture, (C, H, W) float32, 0 to 1."""
        mean = self.members[0][image_id]
        for member in self.members[1:]:
            mean += member[image_id]
        return np.divide(mean, np.float32(len(self.members)), out=mean) if len(self.members) > 1 else mean
