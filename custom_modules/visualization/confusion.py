"""The confusion of a segmenter as a picture."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .figures import new_figure, save_figure
from .text import printable_name, shorten, text_size

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from custom_modules.evaluation import SegmentationResult

_CELL = 0.56  # inches: two lines of text
_SUMS = (0.85, 1.5)  # inches from the cells to the right ends of the columns beside them
_GRAY, _PALE = '#4d4d4d', '#f2f2f2'
_DARK = 0.5  # cells of a larger share are dark: their text is white
_UNITS = ((1e9, 'G'), (1e6, 'M'), (1e3, 'k'))
_NAME_PIXELS, _MOST_PIXELS = 15, 300  # height and greatest width of names, at the 120 dots per inch of figures
_DOTS = 120


def plot_confusion(result: 'SegmentationResult', out_png: str | Path) -> None:
    """Plot where the pixels of each class went: their share in percent, by colour, and their number below.

    Rows are true classes and add up to 100, columns predicted ones; a row in gray is of a class that is not there.
    To the right stand the pixels and the IoU of each class.

    Args:
        result: Scores.
        out_png: The picture to write.
    """
    names = [
        shorten(printable_name(name, label), _NAME_PIXELS, _MOST_PIXELS) for label, name in enumerate(result.classes)
    ]
    figure, axes = _lay_out(names)
    totals = result.true_pixels[:, None]
    shares = result.confusion / np.maximum(totals, 1)
    image = np.ma.masked_array(shares, np.broadcast_to(totals == 0, shares.shape))
    colors = _colors()
    axes.imshow(image, cmap=colors, vmin=0, vmax=1, aspect='equal')
    for row, column in np.ndindex(*shares.shape):
        if totals[row, 0]:
            _write_cell(axes, row, column, shares[row, column], result.confusion[row, column])
    _write_sums(axes, result)
    _style(axes, names)
    title = f'Confusion of {result.num_images} pictures, mIoU {result.mIoU:.4f}'
    height = figure.get_figheight()
    figure.text(0.01, 1 - 0.1 / height, title, ha='left', va='top', fontsize=12, fontweight='bold')
    note = 'percent of the true class, pixels below'
    figure.text(0.01, 1 - 0.35 / height, note, ha='left', va='top', fontsize=9, color=_GRAY)
    save_figure(figure, out_png)


def short_count(count: int) -> str:
    """Write a number with three digits at most, such as 950, 12.3k or 4.56M."""
    for unit, letter in _UNITS:
        if count >= unit * 0.9995:
            value = count / unit
            return f'{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f}{letter}'
    return str(count)


def _lay_out(names: list[str]) -> 'tuple[Figure, Axes]':
    """Make room for square cells of one size whatever their number, for names, and for the columns on the right."""
    longest = max(text_size(name, _NAME_PIXELS)[0] for name in names) / _DOTS
    slanting = 0.72 * (longest + 0.15)
    side = _CELL * len(names)
    left, right = longest + 0.45, max(_SUMS[1] + 0.15, slanting)
    width, height = max(left + side + right, 4.6), side + slanting + 1.05
    figure = new_figure(width, height)
    figure.set_layout_engine('none')
    return figure, figure.add_axes((left / width, 0.15 / height, side / width, side / height))


def _colors():
    from matplotlib import colormaps

    return colormaps['Blues'].with_extremes(bad=_PALE)


def _write_cell(axes: 'Axes', row: int, column: int, share: float, count: int) -> None:
    """Write share and number; what is empty stays so."""
    if not count:
        return
    color = 'white' if share > _DARK else '#1a1a1a' if share >= 0.01 else '#8a8a8a'
    percent = f'{100 * share:.1f}' if share >= 0.0005 else '<0.1'
    weight = 'bold' if row == column else 'normal'
    style = {'ha': 'center', 'va': 'center', 'color': color}
    axes.text(column, row - 0.14, percent, fontsize=9, fontweight=weight, **style)
    axes.text(column, row + 0.24, short_count(int(count)), fontsize=6.5, **style)


def _write_sums(axes: 'Axes', result: 'SegmentationResult') -> None:
    """Write the pixels and the IoU of each class to the right of its row."""
    last = len(result.classes) - 0.5
    style = {'ha': 'right', 'va': 'center', 'fontsize': 9, 'color': _GRAY, 'clip_on': False}
    offsets = [inches / _CELL for inches in _SUMS]  # in cells
    for offset, head in zip(offsets, ('pixels', 'IoU'), strict=True):
        axes.text(last + offset, -0.8, head, fontweight='bold', **style)
    for row, (count, iou) in enumerate(zip(result.true_pixels, result.per_class_iou, strict=True)):
        axes.text(last + offsets[0], row, short_count(int(count)), **style)
        axes.text(last + offsets[1], row, '-' if np.isnan(iou) else f'{iou:.3f}', **style)


def _style(axes: 'Axes', names: list[str]) -> None:
    places = np.arange(len(names))
    axes.set_xticks(places, names, rotation=45, ha='left', rotation_mode='anchor')
    axes.set_yticks(places, names)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position('top')
    axes.tick_params(length=0, labelsize=9, colors=_GRAY)
    axes.set_xlabel('predicted', color=_GRAY)
    axes.set_ylabel('true', color=_GRAY)
    axes.set_xticks(places[:-1] + 0.5, minor=True)
    axes.set_yticks(places[:-1] + 0.5, minor=True)
    axes.tick_params(which='minor', length=0)
    axes.grid(which='minor', color='white', linewidth=1.5)
    for spine in axes.spines.values():
        spine.set_visible(False)
