"""Pictures from their files to a model's input, in worker processes."""

import copy
import warnings
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Any

from mmengine.dataset import Compose
from mmengine.registry import DefaultScope
from torch.utils.data import DataLoader, Dataset

from ..runner import quiet_worker
from ..tasks import DETECTION
from ..tta import loads_truth
from .pictures import Picture


class PictureDataset(Dataset):
    """Pictures through one or several test pipelines; an unreadable one gives the reason as text.

    Steps that all pipelines begin with, loading above all, are taken once.

    A picture is unreadable when its file is missing, damaged, of another size than the data set says, larger than
    Pillow's limit against decompression bombs (179 million pixels), or a link out of the data folder.

    Args:
        pictures: The pictures.
        pipelines: Test pipelines; each gives one sample of a picture.
        scope: Where their steps are looked up.
    """

    def __init__(self, pictures: Sequence[Picture], pipelines: Sequence[list], scope: str = DETECTION) -> None:
        self.pictures = pictures
        pipelines = [[step for step in steps if not loads_truth(step)] for steps in pipelines]
        shared = _same_beginning(pipelines)
        with DefaultScope.overwrite_default_scope(scope):
            self._begin = Compose(shared)
            self._go_on = [Compose(steps[len(shared) :]) for steps in pipelines]
        self._guards: dict = {}

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> tuple[int, list[dict] | str]:
        picture = self.pictures[index]
        if reason := self._finding(picture):
            return index, reason
        try:
            begun = self._begin({'img_path': str(picture.path), 'img_id': picture.image_id})
            return index, [pipeline(copy.deepcopy(begun)) for pipeline in self._go_on]
        except Exception as error:  # whatever a decoder raises, it concerns this file alone
            return index, ' '.join(str(error).split())[:200] or type(error).__name__

    def _finding(self, picture: Picture) -> str | None:
        """Look at the file before it is decoded."""
        from ...datasets.checks.findings import LINK_OUT
        from ...datasets.checks.image_files import check_picture
        from ...datasets.checks.paths import LinkGuard

        if picture.root is not None:
            guard = self._guards.setdefault(picture.root, LinkGuard(picture.root))
            if guard.leads_out(picture.path):
                return LINK_OUT.text
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # Pillow's hints on large or slightly odd files
            finding = check_picture(picture.path, picture.width, picture.height)
        if finding is None or not finding[0].is_error:
            return None
        return finding[0].text + finding[1]


def _same_beginning(pipelines: Sequence[list]) -> list:
    """Return the steps that all pipelines begin with."""
    places = zip(*pipelines, strict=False)
    return [steps[0] for steps in takewhile(lambda steps: all(step == steps[0] for step in steps), places)]


class Batches:
    """Fixed batches of consecutive pictures, so that a picture is always predicted beside the same others.

    Args:
        num_pictures: How many pictures there are.
        batch_size: Pictures in a batch; the last may have fewer.
        numbers: The batches to give; all by default.
    """

    def __init__(self, num_pictures: int, batch_size: int, numbers: Sequence[int] | None = None) -> None:
        self.num_pictures, self.batch_size = num_pictures, batch_size
        self.total = -(-num_pictures // batch_size)
        self.numbers = range(self.total) if numbers is None else numbers

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Iterator[range]:
        return map(self.pictures_of, self.numbers)

    def pictures_of(self, number: int) -> range:
        """Return the positions of a batch's pictures."""
        first = int(number) * self.batch_size
        return range(first, min(first + self.batch_size, self.num_pictures))

    def count(self, numbers: Sequence[int]) -> int:
        """Count the pictures of some batches."""
        return sum(len(self.pictures_of(number)) for number in numbers)


def picture_loader(dataset: PictureDataset, batches: Batches, num_workers: int) -> DataLoader:
    """Load batches ahead; each is a list of (position, samples or reason).

    Args:
        dataset: The pictures.
        batches: Which, in this order.
        num_workers: Processes that load; 0 to load in this one.
    """
    return DataLoader(
        dataset,
        batch_sampler=batches,
        num_workers=num_workers,
        collate_fn=_as_it_is,
        worker_init_fn=quiet_worker,
    )


def _as_it_is(samples: list[Any]) -> list[Any]:
    return samples
