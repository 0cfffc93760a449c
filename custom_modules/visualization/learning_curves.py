"""Learning curves of a run from its scalars.csv."""

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from custom_modules.utils import UserError

from .figures import legend_outside, new_figure, save_figure, style_axes
from .scalars import Scalar, read_scalars

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLORS = ('#1f77b4', '#d95f02', '#2a9d5c', '#c2317e', '#7f5fc7', '#8c6d1f', '#4d4d4d', '#17a2b8')
_LINE_STYLES = ('-', '--', ':', '-.')
# Stages of a cascade are s0, s1, ..., layers of a decoder d0, d1, ...; a segmenter's head puts its name before.
_STAGE = re.compile(r'^((?:\w+\.)?)[sd](\d+)\.(.+)$')
# Without aAcc, which is nearly 1 from the start: most pixels are Background.
_SCORES = (
    *('mAP50', 'mAP', 'mAP75', 'segm_mAP50', 'segm_mAP'),
    *('mIoU', 'mIoU_per_image', 'boundary_IoU', 'mAcc'),
)
_SMOOTHED_POINTS = 40
_MARKED_POINTS = 20
_MOST_PARTS = 20

Curve = tuple[np.ndarray, np.ndarray]


def plot_learning_curves(scalars_csv: str | Path, out_png: str | Path) -> None:
    """Plot loss, its parts, the learning rate and the validation scores over the iterations.

    Curves of many points are shown smoothed over about 1/40 of the run; of the total loss the single values
    are drawn behind it.  The points of short curves are marked.  Of more parts of the loss than can be told apart
    those of the stages are added up.  Panels without data are left out.

    Args:
        scalars_csv: A run's scalars.csv (see :class:`ScalarsCsv`).
        out_png: The picture to write.

    Raises:
        UserError: The file is missing, no scalars file, or holds nothing to plot.
    """
    curves = group_curves(read_scalars(scalars_csv))
    parts = {name: curve for (split, name), curve in curves.items() if split == 'train' and _is_loss_part(name)}
    if len(parts) > _MOST_PARTS:
        parts = sum_stages(parts)
    scores = {f'{name}': curves['val', name] for name in _SCORES if ('val', name) in curves}
    panels = [
        (_plot_total_loss, curves.get(('train', 'loss')), 1.2),
        (_plot_loss_parts, parts, 1.5),
        # Where groups have rates of their own, lr is the first group's and base_lr the config's.
        (_plot_learning_rate, curves.get(('train', 'base_lr'), curves.get(('train', 'lr'))), 0.7),
        (_plot_scores, scores, 1.2),
    ]
    panels = [panel for panel in panels if panel[1]]
    if not panels:
        raise UserError(f'{scalars_csv}: holds no loss, lr or score yet: nothing to plot')
    heights = [height for _, _, height in panels]
    figure = new_figure(9.0, 0.8 + 2.1 * sum(heights))
    grid = figure.subplots(len(panels), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
    for axes, (plot, data, _) in zip(grid, panels, strict=True):
        plot(axes, data)
    grid[-1].set_xlabel('iteration')
    grid[-1].set_xlim(left=0)
    save_figure(figure, out_png)


def group_curves(scalars: Sequence[Scalar]) -> dict[tuple[str, str], Curve]:
    """Sort scalars into curves.

    Args:
        scalars: In any order.

    Returns:
        For each (split, name) its iterations, ascending, and values, both (N,); values that are not finite are left
        out.
    """
    points = defaultdict(list)
    for scalar in scalars:
        if np.isfinite(scalar.value):
            points[scalar.split, scalar.name].append((scalar.iter, scalar.value))
    return {key: tuple(np.array(sorted(values), dtype=np.float64).T) for key, values in points.items()}


def smooth(values: np.ndarray, window: int) -> np.ndarray:
    """Smooth by a centred median, which takes spikes out, and a mean over it, which rounds its steps.

    Args:
        values: (N,).
        window: Values looked at; near the ends fewer, symmetrically, so that the ends are not bent.

    Returns:
        (N,).
    """
    halves = [min(index, len(values) - 1 - index, window // 2) for index in range(len(values))]
    for statistic in (np.median, np.mean):
        values = np.array([statistic(values[i - half : i + half + 1]) for i, half in enumerate(halves)])
    return values


def sum_stages(curves: dict[str, Curve]) -> dict[str, Curve]:
    """Add up the curves of the same loss in all stages of a cascade or layers of a decoder.

    Args:
        curves: By name of the loss, all of one training; of iterations that one lacks no sum is made.

    Returns:
        As many curves as there are kinds of loss.
    """
    members = defaultdict(list)
    for name, curve in curves.items():
        members[_kind(name)].append(dict(zip(*curve, strict=True)))
    return {name: _sum(same) for name, same in members.items()}


def _sum(same: Sequence[dict[float, float]]) -> Curve:
    iterations = sorted(set.intersection(*map(set, same)))
    return np.array(iterations), np.array([sum(one[at] for one in same) for at in iterations])


def _is_loss_part(name: str) -> bool:
    return 'loss' in name and name != 'loss'


def _smooth_curve(curve: Curve) -> Curve:
    return curve[0], smooth(curve[1], len(curve[1]) // _SMOOTHED_POINTS)


def _is_smoothed(curve: Curve) -> bool:
    return len(curve[1]) // _SMOOTHED_POINTS > 1


def _marker(curve: Curve) -> dict:
    return {'marker': 'o', 'markersize': 4} if len(curve[1]) <= _MARKED_POINTS else {}


def _plot_total_loss(axes: 'Axes', curve: Curve) -> None:
    if _is_smoothed(curve):
        axes.plot(*curve, color=_COLORS[0], alpha=0.3, linewidth=1, label='each log step')
    label = 'smoothed' if _is_smoothed(curve) else 'each log step'
    axes.plot(*_smooth_curve(curve), color=_COLORS[0], linewidth=2, label=label, **_marker(curve))
    style_axes(axes, 'Training loss', '', 'loss')
    axes.set_ylim(bottom=0, top=_upper_limit(curve[1]))
    legend_outside(axes)


def _plot_loss_parts(axes: 'Axes', curves: dict[str, Curve]) -> None:
    """Draw the parts: one colour per kind of loss, one line style per cascade stage."""
    colors = dict(zip(sorted({_kind(name) for name in curves}), cycle(_COLORS), strict=False))
    for name in sorted(curves, key=lambda name: (_kind(name), name)):
        stage = _STAGE.match(name)
        style = _LINE_STYLES[int(stage[2]) % len(_LINE_STYLES)] if stage else '-'
        look = {'color': colors[_kind(name)], 'linestyle': style, 'linewidth': 1.5, **_marker(curves[name])}
        axes.plot(*_smooth_curve(curves[name]), label=name, **look)
    style_axes(axes, 'Parts of the loss', '', 'loss')
    axes.set_ylim(bottom=0, top=_upper_limit(np.concatenate([curve[1] for curve in curves.values()])))
    legend_outside(axes, ncols=1 + len(curves) // 13, handlelength=2.8)


def _plot_learning_rate(axes: 'Axes', curve: Curve) -> None:
    axes.plot(*curve, color=_COLORS[6], linewidth=1.8, **_marker(curve))
    style_axes(axes, 'Learning rate', '', 'lr')
    axes.ticklabel_format(axis='y', style='sci', scilimits=(-2, 3), useMathText=True)
    axes.set_ylim(bottom=0)


def _plot_scores(axes: 'Axes', curves: dict[str, Curve]) -> None:
    stars = []
    for color, (name, (iterations, values)) in zip(cycle(_COLORS), curves.items(), strict=False):
        best = int(np.argmax(values))
        label = f'{name} (best {values[best]:.4f})'
        axes.plot(iterations, values, color=color, marker='o', markersize=4, linewidth=1.8, label=label)
        stars.append((iterations[best], values[best], color))
    for size, (at, value, color) in zip(range(13 + 3 * len(stars), 0, -3), stars, strict=False):
        axes.plot(at, value, color=color, marker='*', markersize=size, markeredgecolor='white', zorder=3, clip_on=False)
    style_axes(axes, 'Validation', '', 'score')
    axes.set_ylim(bottom=0)
    legend_outside(axes)


def _kind(name: str) -> str:
    stage = _STAGE.match(name)
    return stage[1] + stage[3] if stage else name


def _upper_limit(values: np.ndarray) -> float | None:
    """Leave the first iterations' spikes out of view when they would flatten the rest."""
    limit = 1.15 * float(np.percentile(values, 99))
    return limit if limit > 0 and values.max() > 2 * limit else None
