"""The leaderboard as one html file that needs nothing else: columns sort by a click on their head."""

import html
from collections.abc import Mapping, Sequence
from pathlib import Path

from custom_modules.utils import atomic_write

from .entries import Entry
from .facts import RunFacts
from .figures import Figures
from .scoring import Scored
from .table import changes, described, figures_of, number

_STYLE = """
:root { color-scheme: light dark; --line: #8885; --heat: 34, 139, 84; }
body { font: 14px/1.45 system-ui, sans-serif; margin: 2rem; }
h1 { font-size: 1.3rem; margin: 0 0 .3rem; }
p { margin: 0 0 1rem; opacity: .75; }
div { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .55rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th { cursor: pointer; position: sticky; top: 0; background: Canvas; vertical-align: bottom; }
th:hover, th:focus-visible { text-decoration: underline; }
th[aria-sort=ascending]::after { content: " \\2191"; }
th[aria-sort=descending]::after { content: " \\2193"; }
th.text, td.text { text-align: left; }
td.wide { font-size: 12px; max-width: 26rem; }
summary { cursor: pointer; overflow: hidden; text-overflow: ellipsis; }
details code { display: block; white-space: normal; overflow-wrap: anywhere; }
td.heat { background: rgba(var(--heat), calc(var(--share) * .6)); }
td.best { font-weight: 700; }
tbody tr:hover { background: #8882; }
"""
_SCRIPT = """
const body = document.querySelector('tbody');
const heads = [...document.querySelectorAll('th')];
function sort(head) {
  const at = heads.indexOf(head);
  const value = row => row.cells[at].dataset.value ?? '';
  const texts = head.classList.contains('text');
  const first = texts ? 'ascending' : 'descending';
  const other = texts ? 'descending' : 'ascending';
  const order = head.getAttribute('aria-sort') === first ? other : first;
  const sign = order === 'ascending' ? 1 : -1;
  const rows = [...body.rows].sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === '' || y === '') return (x === '') - (y === '');
    return sign * (texts ? x.localeCompare(y, undefined, {numeric: true}) : x - y);
  });
  for (const one of heads) one.removeAttribute('aria-sort');
  head.setAttribute('aria-sort', order);
  body.append(...rows);
}
for (const head of heads) {
  head.addEventListener('click', () => sort(head));
  head.addEventListener('keydown', event => { if (event.key === 'Enter') sort(head); });
}
"""


def write_page(
    path: str | Path,
    scored: Sequence[Scored],
    classes: Sequence[str],
    facts: Mapping[Path, RunFacts],
    *,
    title: str,
    note: str = '',
) -> None:
    """Write the file.

    Args:
        path: The file.
        scored: Best first, of one task.
        classes: Names of the classes, in order.
        facts: By file of the entry.
        title: Above the table, the split for example.
        note: Below the title.
    """
    best = {name: max((one.of_class[name] for one in scored if name in one.of_class), default=None) for name in classes}
    rows = '\n'.join(_row(place, one, classes, best, facts) for place, one in enumerate(scored, start=1))
    columns = [
        *_main_columns(figures_of(scored)),
        *((name, '') for name in classes),
        ('base: changes to it; or members', 'text'),
    ]
    heads = ''.join(_head(column, is_sorted=at == _SORTED_BY) for at, column in enumerate(columns))
    with atomic_write(path) as file:
        file.write(
            f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
            f'<meta name="viewport" content="width=device-width">\n<title>{html.escape(title)}</title>\n'
            f'<style>{_STYLE}</style>\n<h1>{html.escape(title)}</h1>\n<p>{html.escape(note)}</p>\n'
            f'<div><table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table></div>\n'
            f'<script>{_SCRIPT}</script>\n</html>\n'
        )


_SORTED_BY = 3  # position of the main figure


def _main_columns(names: Figures) -> list[tuple[str, str]]:
    texts, numbers = ('run', 'what'), (names.main, names.second, 'M params', 'GFLOPs', 'seed')
    return [('#', ''), *((name, 'text') for name in texts), *((name, '') for name in numbers), ('date', 'text')]


def _head(column: tuple[str, str], *, is_sorted: bool) -> str:
    name, kind = column
    sorted_by = ' aria-sort="descending"' if is_sorted else ''
    return f'<th scope="col" tabindex="0" class="{kind}"{sorted_by}>{html.escape(name)}</th>'


def _row(
    place: int,
    one: Scored,
    classes: Sequence[str],
    best: Mapping[str, float | None],
    facts: Mapping[Path, RunFacts],
) -> str:
    entry, fact = one.entry, facts.get(one.entry.file, RunFacts())
    cells = [
        _cell(str(place), place),
        _cell(entry.name, entry.name, 'text'),
        _cell(entry.kind, entry.kind, 'text'),
        _cell(number(one.main, 4), one.main),
        _cell(number(one.second, 4), one.second),
        _cell(number(fact.parameters, 2, 1e6), fact.parameters),
        _cell(number(fact.flops, 2, 1e9), fact.flops),
        _cell('' if entry.seed is None else str(entry.seed), entry.seed),
        _cell(entry.date[:16], entry.date, 'text'),
        *(_score(one.of_class.get(name), best[name]) for name in classes),
        _described(entry, fact),
    ]
    return f'<tr>{"".join(cells)}</tr>'


def _cell(text: str, value: object, kind: str = '', style: str = '') -> str:
    value = '' if value is None else html.escape(str(value), quote=True)
    style = f' style="{style}"' if style else ''
    return f'<td class="{kind}" data-value="{value}"{style}>{html.escape(text)}</td>'


def _score(value: float | None, best: float | None) -> str:
    if value is None:
        return _cell('', None)
    kind = 'heat best' if value == best and value > 0 else 'heat'
    return _cell(number(value, 3), value, kind, f'--share: {value:.3f}')


def _described(entry: Entry, fact: RunFacts) -> str:
    if entry.members or not fact.base:
        text = described(entry, fact)
        return _cell(text, text or None, 'text wide')
    value = html.escape(f'{fact.base} {len(fact.differences)}', quote=True)
    text = html.escape(changes(fact))
    if fact.differences:
        parts = ''.join(f'<code>{html.escape(one)}</code>' for one in fact.differences)
        text = f'<details><summary>{text}</summary>{html.escape(fact.base)}{parts}</details>'
    return f'<td class="text wide" data-value="{value}">{text}</td>'
