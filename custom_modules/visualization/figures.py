"""What all plots share: figures without pyplot's global state, saved in one step."""

from pathlib import Path
from typing import TYPE_CHECKING

from custom_modules.utils import atomic_write

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DPI = 120
_GRAY = '#4d4d4d'


def new_figure(width: float, height: float) -> 'Figure':
    """Make a figure that belongs to no window.

    Args:
        width: Inches.
        height: Inches.

    Returns:
        The figure, with room made for what lies outside the axes.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=_DPI, layout='constrained')
    FigureCanvasAgg(figure)
    return figure


def style_axes(axes: 'Axes', title: str, x_label: str, y_label: str) -> None:
    """Label axes and take away what distracts from the curves."""
    axes.set_title(title, loc='left', fontsize=12, fontweight='bold')
    axes.set_xlabel(x_label, color=_GRAY)
    axes.set_ylabel(y_label, color=_GRAY)
    axes.tick_params(colors=_GRAY, labelsize=9)
    axes.grid(True, color='#e3e3e3', linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ('top', 'right'):
        axes.spines[side].set_visible(False)
    for side in ('left', 'bottom'):
        axes.spines[side].set_color('#b0b0b0')


def legend_outside(axes: 'Axes', **options) -> None:
    """Put the legend to the right of the axes, where it hides no curve."""
    axes.legend(loc='upper left', bbox_to_anchor=(1.01, 1.0), borderaxespad=0, frameon=False, fontsize=9, **options)


def save_figure(figure: 'Figure', path: str | Path) -> None:
    """Write a figure as png, whole or not at all.

    Args:
        figure: The figure.
        path: The png.
    """
    with atomic_write(path, 'wb') as file:
        figure.savefig(file, format='png', facecolor='white')
