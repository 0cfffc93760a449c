"""Precision-recall curves per class."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .colors import Color, class_colors, to_unit
from .figures import legend_outside, new_figure, save_figure, style_axes
from .text import printable_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from custom_modules.evaluation import DetectionResult


def plot_pr_curves(result: 'DetectionResult', out_png: str | Path, palette: Sequence[Color] | None = None) -> None:
    """Plot precision over recall at IoU 0.50, one curve per class present and their mean.

    Args:
        result: Scores.
        out_png: The picture to write.
        palette: RGB colour per class; the data sets' palette by default.
    """
    colors = class_colors(result.classes, palette)
    figure = new_figure(9.0, max(5.0, 1.2 + 0.23 * len(result.classes)))
    axes = figure.subplots()
    present = np.flatnonzero(~np.isnan(result.ap50))
    _plot_mean(axes, result, present)
    for label in present[np.argsort(-result.ap50[present], kind='stable')]:
        name = printable_name(result.classes[label], int(label))
        axes.step(
            result.recalls,
            result.precision50[label],
            where='pre',
            color=to_unit(colors[label]),
            linewidth=1.8,
            label=f'{name}  {result.ap50[label]:.3f}',
        )
    kind = 'masks' if result.iou_type == 'segm' else 'boxes'
    style_axes(axes, f'Precision and recall of {kind} at IoU 0.50', 'recall', 'precision')
    axes.set(xlim=(0, 1.005), ylim=(0, 1.02))
    legend_outside(axes, title='class and AP50', alignment='left')
    save_figure(figure, out_png)


def _plot_mean(axes: 'Axes', result: 'DetectionResult', present: np.ndarray) -> None:
    mean = result.precision50[present].mean(axis=0)
    axes.step(result.recalls, mean, where='pre', color='black', linewidth=3, label=f'mean  {result.mAP50:.3f}')
