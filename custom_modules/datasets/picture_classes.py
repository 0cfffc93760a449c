"""Which classes are on which picture of a data set, whatever it is wrapped in."""

from typing import Any

from torch.utils.data import ConcatDataset

from ..utils import UserError


def classes_per_picture(dataset: Any) -> list[frozenset[int]]:
    """Ask a data set which classes each of its samples shows.

    Args:
        dataset: A data set with ``get_cat_ids(idx)``, several of them put
            together (``ConcatDataset``), or one of either in a wrapper of the
            same length that keeps it as ``dataset`` (``SeededDataset``,
            ``MultiImageMixDataset``).

    Returns:
        The labels of each sample, empty where it has no objects.

    Raises:
        UserError: It offers none of this.
    """
    if hasattr(dataset, 'get_cat_ids'):
        return [frozenset(map(int, dataset.get_cat_ids(index))) for index in range(len(dataset))]
    if isinstance(dataset, ConcatDataset):
        return [labels for part in dataset.datasets for labels in classes_per_picture(part)]
    inner = getattr(dataset, 'dataset', None)
    if inner is None or len(inner) != len(dataset):
        raise UserError(
            f'train_dataloader: {type(dataset).__name__} does not say which classes a picture shows (get_cat_ids); '
            f'use ResumableSampler with it'
        )
    return classes_per_picture(inner)
