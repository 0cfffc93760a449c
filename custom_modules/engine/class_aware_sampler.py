"""Every class equally often: class-aware sampling."""

import logging
from collections import defaultdict
from collections.abc import Sequence, Sized

import torch
from mmengine.logging import print_log
from mmengine.registry import DATA_SAMPLERS

from ..datasets.picture_classes import classes_per_picture
from ..utils import UserError
from .sampler import ResumableSampler, in_turns, permutation


@DATA_SAMPLERS.register_module()
class ResumableClassAwareSampler(ResumableSampler):
    """Choose a class, each equally often, then a picture that shows it.

    Shen, Lin and Huang, "Relay Backpropagation for Effective Learning of Deep
    Convolutional Neural Networks" (2016), class-aware sampling.  As there, the pictures
    of a class all come before one comes again.  A pass is as long as the data
    set; pictures of frequent classes alone may be missing from it.

    Args:
        dataset: The data set, see :func:`classes_per_picture`.
        empty_share: Share of a pass that goes to pictures without objects, from 0 and below 1; by default
            their share of the data set.
        seed: The run's seed.

    Raises:
        UserError: The share is out of range, or no picture has objects.
    """

    def __init__(self, dataset: Sized, *, empty_share: float | None = None, seed: int | None = None) -> None:
        if empty_share is not None and not 0 <= empty_share < 1:
            raise UserError(
                f'train_dataloader.sampler.empty_share is {empty_share}; give the share of pictures without objects, '
                f'from 0 and below 1'
            )
        super().__init__(dataset, seed=seed)
        self.pictures_of, self.empty_pictures = pictures_by_class(classes_per_picture(dataset))
        if not self.pictures_of:
            raise UserError('train_dataloader: no picture has objects, so there is no class to sample by')
        self.empty_share = len(self.empty_pictures) / len(dataset) if empty_share is None else empty_share
        self._tell()

    def __repr__(self) -> str:
        """Say how a pass is composed."""
        return f'{type(self).__name__}(empty_share={self.empty_share:g})'

    @property
    def num_empty(self) -> int:
        """Samples of a pass that show no objects."""
        return round(self.empty_share * self.pass_length) if self.empty_pictures else 0

    def draw_pass(self, generator: torch.Generator) -> list[int]:
        """Compose a pass in which the numbers of samples drawn for any two classes differ by one at most."""
        labels = sorted(self.pictures_of)
        each, left_over = divmod(self.pass_length - self.num_empty, len(labels))
        gets_one_more = permutation(len(labels), generator)[:left_over]
        indices = in_turns(self.empty_pictures, self.num_empty, generator)
        for position, label in enumerate(labels):
            indices += in_turns(self.pictures_of[label], each + (position in gets_one_more), generator)
        return [indices[position] for position in permutation(len(indices), generator)]

    def _tell(self) -> None:
        each = (self.pass_length - self.num_empty) / len(self.pictures_of)
        text = (
            f'class-aware sampling: {each:.1f} samples an epoch for each of {len(self.pictures_of)} classes, '
            f'{self.num_empty} of pictures without objects'
        )
        print_log(text, logger='current')
        if self.empty_share and not self.empty_pictures:
            text = 'train_dataloader.sampler.empty_share has no effect: every picture has objects'
            print_log(text, logger='current', level=logging.WARNING)


def pictures_by_class(labels: Sequence[frozenset[int]]) -> tuple[dict[int, list[int]], list[int]]:
    """Turn the classes of each picture around.

    Args:
        labels: Classes of each picture.

    Returns:
        The pictures of each class, and the pictures without any.
    """
    pictures_of = defaultdict(list)
    for index, found in enumerate(labels):
        for label in found:
            pictures_of[label].append(index)
    return dict(pictures_of), [index for index, found in enumerate(labels) if not found]
