"""The one picture that says most about scores."""

from pathlib import Path

from custom_modules.evaluation import DetectionResult, Result, SegmentationResult

from .confusion import plot_confusion
from .pr_curves import plot_pr_curves

_PICTURES = {DetectionResult: ('pr_curves.png', plot_pr_curves), SegmentationResult: ('confusion.png', plot_confusion)}


def plot_result(result: Result, folder: str | Path) -> Path:
    """Plot precision-recall curves of a detector, the confusion of a segmenter.

    Args:
        result: Scores.
        folder: Where to.

    Returns:
        The png.
    """
    name, plot = _PICTURES[type(result)]
    path = Path(folder) / f'{result.file_prefix}{name}'
    plot(result, path)
    return path
