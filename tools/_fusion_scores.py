"""The scores that wbf_ensemble.py prints and keeps, and the line that says how far it is."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from custom_modules.datasets import CocoData
    from custom_modules.ensemble.comparison import Comparison
    from custom_modules.evaluation import DetectionResult, Predictions


@contextlib.contextmanager
def progress_line(what: str, metric: str = 'mAP50') -> Iterator[Callable[[int, int, float | None], None]]:
    """Yield a function that shows how many of how many steps are done, the time left and the best score so far.

    Only a terminal is written to.

    Args:
        what: The steps, for example ``'fusions tried'``.
        metric: What the best score is called.
    """
    from custom_modules.utils.status_line import StatusLine, clock

    if not sys.stderr.isatty():
        yield lambda done, total, best=None: None
        return
    line, started = StatusLine(sys.stderr), time.monotonic()

    def show(done: int, total: int, best: float | None = None) -> None:
        left = (time.monotonic() - started) / max(done, 1) * (total - done)
        score = '' if best is None else f', best {metric} {best:.4f}'
        line.show(f'{done} of {total} {what}{score}, {clock(left)} left')

    try:
        yield show
    finally:
        line.close()


def full_scores(coco: CocoData, fused: Predictions) -> tuple[dict[str, float], list[DetectionResult]]:
    """Score by all of COCO's rules.

    Returns:
        The main figures by name, and the results behind them: boxes, and masks where there are any.
    """
    from custom_modules.evaluation import evaluate_boxes

    results = [evaluate_boxes(coco, fused)]
    scores = results[0].summary()
    if fused.segmentations is not None and coco.has_masks:
        results.append(evaluate_boxes(coco, fused, 'segm'))
        scores |= {f'segm_{name}': value for name, value in results[1].summary().items()}
    return scores, results


def comparison_lines(comparison: Comparison, *, searched: bool, alone: str | None = None) -> list[str]:
    """Return the table of what each member and all of them score, and what follows from it.

    Args:
        comparison: The scores.
        searched: Whether the settings were searched for on the same pictures.
        alone: The one of several members that is passed on, where nothing is fused.
    """
    low, high = comparison.interval
    rows = [(name, score, '') for name, score in comparison.members.items()]
    over = f'{comparison.gain:+.4f} over the best member (90 % interval {low:+.4f} to {high:+.4f})'
    if alone is None:
        rows.append(('fusion', comparison.fusion, over if len(comparison.members) > 1 else ''))
    for name, score in comparison.without.items():
        rows.append((f'without {name}', score, f'{score - comparison.fusion:+.4f}'))
    width = max(len(name) for name, _, _ in rows)
    lines = [f'{"":{width}}   mAP50', *(f'{name:{width}}  {score:.4f}  {note}'.rstrip() for name, score, note in rows)]
    if alone is not None:
        why = 'no fusion gains on held-out pictures' if searched else 'no other member has a weight'
        return [*lines, f'nothing is fused: the boxes of {alone} alone are passed on, {why}']
    return [*lines, *_advice(comparison, searched=searched)]


def _advice(comparison: Comparison, *, searched: bool) -> list[str]:
    if searched:
        return ['what is used was chosen on these pictures, which flatters; what to expect is the held-out gain above']
    if len(comparison.members) < 2:
        return []
    better = {name: score for name, score in comparison.without.items() if score > comparison.fusion}
    if comparison.gain < 0:
        return [f'{comparison.best} alone is better than the fusion; --search looks for weights that gain']
    if better:
        return [f'better without {max(better, key=better.get)}; --search looks for members and weights']
    return []


def comparison_to_dict(comparison: Comparison) -> dict[str, Any]:
    """Return the comparison as json values."""
    return {
        'members': comparison.members,
        'fusion': comparison.fusion,
        'without': comparison.without,
        'gain': comparison.gain,
        'interval': list(comparison.interval),
    }
