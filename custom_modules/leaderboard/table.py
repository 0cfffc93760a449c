"""The leaderboard on a terminal."""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

from .entries import Entry
from .facts import RunFacts
from .figures import DETECTION, FIGURES, Figures
from .scoring import Scored

ROWS_OF_CLASSES = 10  # the first of them: further ones are in the html
NARROWEST = 45  # characters for changes beside the figures; they go below where less is left
MOST_LINES = 3  # of changes; all of them are in the html
_BELOW = ' ' * 4


def format_board(
    scored: Sequence[Scored], classes: Sequence[str], facts: Mapping[Path, RunFacts], width: int = 120
) -> str:
    """Format two tables: main figures, and AP50 or IoU by class.

    Args:
        scored: Best first, of one task.
        classes: Names of the classes, in order.
        facts: By file of the entry.
        width: Of the terminal, characters; long changes are broken into lines, further ones left to the html.
    """
    return '\n'.join([*_main(scored, facts, width), '', *_by_class(scored, classes)])


def _main(scored: Sequence[Scored], facts: Mapping[Path, RunFacts], width: int) -> list[str]:
    names = figures_of(scored)
    rows = [['', 'run', 'what', names.main, names.second, 'M params', 'GFLOPs', 'seed', 'date']]
    texts = ['base: changes to it; or members']
    for place, one in enumerate(scored, start=1):
        fact, entry = facts.get(one.entry.file, RunFacts()), one.entry
        rows.append(
            [
                *(str(place), entry.name, entry.kind, number(one.main, 4), number(one.second, 4)),
                *(number(fact.parameters, 2, 1e6), number(fact.flops, 2, 1e9)),
                *('' if entry.seed is None else str(entry.seed), entry.date[:16]),
            ]
        )
        texts.append(described(entry, fact))
    figures = _aligned(rows, left={1, 2, 8})
    used = max(map(len, figures)) + 2
    beside = width - used >= NARROWEST
    if not beside:
        texts[0] = ''
    lines = []
    for figure, text in zip(figures, texts, strict=True):
        first, *more = _wrapped(text, width - (used if beside else len(_BELOW))) or ['']
        if beside:
            lines += [f'{figure:{used}}{first}', *(' ' * used + line for line in more)]
        else:
            lines += [figure[:width], *(_BELOW + line for line in (first, *more) if line)]
    return [line.rstrip() for line in lines]


def _wrapped(text: str, width: int) -> list[str]:
    """Break changes into a few lines; what does not fit is in the html."""
    options = {'break_on_hyphens': False, 'max_lines': MOST_LINES, 'placeholder': ' ...'}
    return textwrap.wrap(text, max(width, NARROWEST), **options)


def _by_class(scored: Sequence[Scored], classes: Sequence[str]) -> list[str]:
    rows = [['', f'{figures_of(scored).of_class} by class', *(f'({index})' for index in range(len(classes)))]]
    for place, one in enumerate(scored[:ROWS_OF_CLASSES], start=1):
        rows.append([str(place), one.entry.name, *(number(one.of_class.get(name), 3) for name in classes)])
    names = '  '.join(f'({index}) {name}' for index, name in enumerate(classes))
    further = len(scored) - ROWS_OF_CLASSES
    cut = [f'the first {ROWS_OF_CLASSES}; {further} more in the html'] if further > 0 else []
    return [*_aligned(rows, left={1}), *cut, names]


def _aligned(rows: Sequence[Sequence[str]], left: set[int]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    places = [(width, str.ljust if at in left else str.rjust) for at, width in enumerate(widths)]
    lines = ('  '.join(put(cell, width) for cell, (width, put) in zip(row, places, strict=True)) for row in rows)
    return [line.rstrip() for line in lines]


def figures_of(scored: Sequence[Scored]) -> Figures:
    """Return how the scores of a board are called."""
    return FIGURES[scored[0].entry.task if scored else DETECTION]


def number(value: float | None, digits: int, unit: float = 1.0) -> str:
    """Format a figure; empty where there is none."""
    return '' if value is None else f'{value / unit:.{digits}f}'


def described(entry: Entry, fact: RunFacts) -> str:
    """Say what an entry is: the members of a fusion and their weights, or of a run :func:`changes`."""
    if not entry.members:
        return changes(fact)
    weights = entry.weights if len(entry.weights) == len(entry.members) else ()
    if len(set(weights)) < 2:
        return ' + '.join(map(_member, entry.members))
    return ' + '.join(f'{weight:g} {_member(file)}' for weight, file in zip(weights, entry.members, strict=True))


def _member(file: Path) -> str:
    return file.parent.parent.name if file.parent.name == 'predictions' else file.stem


def changes(fact: RunFacts) -> str:
    """Say what a run has otherwise than its base, in one line: of keys, the ends."""
    if not fact.base:
        return ''
    name = Path(fact.base).stem
    return f'{name}: {", ".join(map(_short, fact.differences))}' if fact.differences else name


def _short(difference: str) -> str:
    key, equals, value = difference.partition('=')
    return '.'.join([part for part in key.split('.') if part != '*' and not part.isdigit()][-2:]) + equals + value
