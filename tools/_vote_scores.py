"""The tables that seg_ensemble.py prints and keeps."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from custom_modules.ensemble.voting.comparison import VoteComparison


def comparison_lines(comparison: VoteComparison, *, searched: bool, alone: str | None = None) -> list[str]:
    """Return the table of what each member, the vote and its steps score, and what follows from it.

    Args:
        comparison: The scores.
        searched: Whether the settings were searched for on the same pictures.
        alone: The one of several members that is passed on, where there is no vote.
    """
    low, high = comparison.interval
    over = f'{comparison.gain:+.4f} over the best member (90 % interval {low:+.4f} to {high:+.4f})'
    rows = [(name, score, '') for name, score in comparison.members.items()]
    steps = list(comparison.steps.items())
    for name, score in steps[1:] if alone else steps:
        is_last = name == steps[-1][0] and len(comparison.members) > 1
        rows.append((name, score, over if is_last else ''))
    for name, score in comparison.without.items():
        rows.append((f'vote without {name}', score, f'{score - comparison.vote:+.4f}'))
    width = max(len(name) for name, _, _ in rows)
    lines = [f'{"":{width}}    mIoU', *(f'{name:{width}}  {score:.4f}  {note}'.rstrip() for name, score, note in rows)]
    if alone is not None:
        why = 'no vote gains on held-out pictures' if searched else 'no other member has a weight'
        lines.append(f'nothing is voted on: what {alone} says alone is passed on, {why}')
    return [*lines, *_advice(comparison, searched=searched)]


def _advice(comparison: VoteComparison, *, searched: bool) -> list[str]:
    if searched:
        return ['what is used was chosen on these pictures, which flatters; what to expect is the held-out gain above']
    if len(comparison.members) < 2:
        return []
    better = {name: score for name, score in comparison.without.items() if score > comparison.vote}
    if comparison.gain < 0:
        return [f'{comparison.best} alone is better; --search looks for weights that gain']
    if better:
        return [f'better without {max(better, key=better.get)}; --search looks for members and weights']
    return []


def class_lines(comparison: VoteComparison) -> list[str]:
    """Return the IoU of each class by member and step; members are numbered in their order."""
    heads = [str(number) for number in range(1, len(comparison.members) + 1)] + list(comparison.steps)
    columns = [comparison.ious[name] for name in (*comparison.members, *comparison.steps)]
    classes = comparison.result.classes
    width = max(map(len, ('IoU', *classes)))
    sizes = [max(6, len(head)) for head in heads]
    lines = ['  '.join([f'{"IoU":{width}}', *(head.rjust(size) for head, size in zip(heads, sizes, strict=True))])]
    for label, name in enumerate(classes):
        cells = ['-' if math.isnan(column[label]) else f'{column[label]:.4f}' for column in columns]
        cells = [cell.rjust(size) for cell, size in zip(cells, sizes, strict=True)]
        lines.append('  '.join([f'{name:{width}}', *cells]))
    return lines


def comparison_to_dict(comparison: VoteComparison) -> dict[str, Any]:
    """Return the comparison as json values."""
    ious = {
        name: [None if math.isnan(value) else value for value in column.tolist()]
        for name, column in comparison.ious.items()
    }
    return {
        'members': comparison.members,
        'steps': comparison.steps,
        'without': comparison.without,
        'ious': ious,
        'gain': comparison.gain,
        'interval': list(comparison.interval),
    }
