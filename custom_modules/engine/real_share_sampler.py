"""Real labels as often as pseudo labels, however many pictures there are of either."""

from collections.abc import Iterator, Sized
from typing import Any

import torch
from mmengine.logging import print_log
from mmengine.registry import DATA_SAMPLERS
from torch.utils.data import ConcatDataset

from ..utils import UserError
from .sampler import ResumableSampler, in_turns, permutation


@DATA_SAMPLERS.register_module()
class ResumableRealShareSampler(ResumableSampler):
    """Give pictures with real labels a fixed share of each pass, and those with pseudo labels the rest.

    Where few real pictures stand beside many pseudo-labelled ones, each pass would otherwise show mostly labels of
    which some are wrong and many are missing.  A pass is as long as the data set; the pictures of either kind all
    come before one comes again.

    Args:
        dataset: A data set whose data infos say ``is_pseudo``, as those of a json do that ``tools/pseudo_label.py``
            wrote.
        real_share: Share of a pass that real pictures get, above 0 and below 1.
        seed: The run's seed.

    Raises:
        UserError: The share is out of range, or there is no picture of one kind.
    """

    def __init__(self, dataset: Sized, *, real_share: float, seed: int | None = None) -> None:
        if not 0 < real_share < 1:
            raise UserError(
                f'train_dataloader.sampler.real_share is {real_share}; give the share of pictures with real labels, '
                f'above 0 and below 1'
            )
        super().__init__(dataset, seed=seed)
        self.real_share = real_share
        kinds = list(_are_pseudo(dataset))
        self.real = [index for index, is_pseudo in enumerate(kinds) if not is_pseudo]
        self.pseudo = [index for index, is_pseudo in enumerate(kinds) if is_pseudo]
        if not self.real or not self.pseudo:
            missing = 'real' if self.pseudo else 'pseudo'
            raise UserError(
                f'ResumableRealShareSampler: no picture has {missing} labels; train on a json of tools/pseudo_label.py '
                f'(--train-ann train_pseudo.json), or without this sampler'
            )
        text = f'an epoch shows {self.num_real} pictures with real labels, {len(self.real)} different ones at most'
        print_log(f'{text}, and {self.pass_length - self.num_real} with pseudo labels', logger='current')

    def __repr__(self) -> str:
        """Say how a pass is composed."""
        return f'{type(self).__name__}(real_share={self.real_share:g})'

    @property
    def num_real(self) -> int:
        """Samples of a pass that have real labels."""
        return round(self.real_share * self.pass_length)

    def draw_pass(self, generator: torch.Generator) -> list[int]:
        """Compose a pass."""
        indices = in_turns(self.real, self.num_real, generator)
        indices += in_turns(self.pseudo, self.pass_length - self.num_real, generator)
        return [indices[position] for position in permutation(len(indices), generator)]


def _are_pseudo(dataset: Any) -> Iterator[bool]:
    """Say of each picture of a data set, whatever it is wrapped in, whether its labels are pseudo labels."""
    if isinstance(dataset, ConcatDataset):
        for part in dataset.datasets:
            yield from _are_pseudo(part)
    elif hasattr(dataset, 'get_data_info'):
        yield from (dataset.get_data_info(index).get('is_pseudo', False) for index in range(len(dataset)))
    else:
        yield from _are_pseudo(dataset.dataset)
