"""Tell losses on how many training pictures each class is."""

from collections import Counter

from mmengine.hooks import Hook
from mmengine.registry import HOOKS

from ...datasets.label_maps import BACKGROUND
from ...datasets.picture_classes import classes_per_picture


@HOOKS.register_module()
class CountClassesHook(Hook):
    """Before the training count the pictures of each class, for every loss that asks for them.

    A loss asks by a method ``set_class_counts(counts)``.  Each rank and each restart counts the same data anew, which
    takes no picture to be opened.  Without such a loss the hook does nothing.
    """

    def before_train(self, runner) -> None:
        """Count and tell.

        Raises:
            UserError: The data set does not say which classes a picture shows.
        """
        losses = [module for module in runner.model.modules() if hasattr(module, 'set_class_counts')]
        if not losses:
            return
        dataset = runner.train_dataloader.dataset
        counts = count_pictures(dataset, dataset.metainfo['classes'])
        for loss in losses:
            loss.set_class_counts(counts)


def count_pictures(dataset, classes: tuple[str, ...]) -> list[int]:
    """Count the pictures of each class.

    Args:
        dataset: See :func:`~custom_modules.datasets.picture_classes.classes_per_picture`.
        classes: Names by label.

    Returns:
        One number for each class; Background, which data sets leave out of their answers, is on every picture.
    """
    pictures = classes_per_picture(dataset)
    numbers = Counter(label for labels in pictures for label in labels)
    counts = [numbers[label] for label in range(len(classes))]
    return [len(pictures), *counts[1:]] if classes[0] == BACKGROUND else counts
