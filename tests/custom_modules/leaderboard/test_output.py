"""The table on a terminal and the page."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from custom_modules.leaderboard import SEGMENTATION, Entry, RunFacts, Scored, format_board, write_page

pytestmark = pytest.mark.fast

CLASSES = ['Paper', 'Glass & <co>']
ENTRY = Entry('demo/<b>x</b>', 'model', Path('/d/val.json'), Path('/w/x.json'), seed=4, date='2026-01-02 03:04:05')
OTHER = Entry('ensemble/val', 'fusion', Path('/d/val.json'), Path('/w/y.json'))
SCORED = [
    Scored(ENTRY, 0.51234, 0.25, {'Paper': 0.75, 'Glass & <co>': 0.3}),
    Scored(OTHER, 0.4, None, {'Paper': 0.8}),
]
FACTS = {ENTRY.file: RunFacts('configs/demo/htc.py', ('model.head.*.loss.type=GIoU', 'a=2'), 5_390_000, 3.57e9)}


class Cells(HTMLParser):
    """Collect the rows of a page's table: the text and the value each column is sorted by."""

    def __init__(self):
        super().__init__()
        self.rows, self.tags, self.inside = [], [], False

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == 'tr':
            self.rows.append([])
        if tag in ('td', 'th'):
            self.rows[-1].append([dict(attrs).get('data-value', ''), ''])
            self.inside = True

    def handle_endtag(self, tag):
        self.inside = self.inside and tag not in ('td', 'th')

    def handle_data(self, data):
        if self.inside:
            self.rows[-1][-1][1] += data


@pytest.fixture
def page(tmp_path) -> Path:
    path = tmp_path / 'board.html'
    write_page(path, SCORED, CLASSES, FACTS, title='2 entries on <val>', note='80 pictures')
    return path


def test_board():
    lines = format_board(SCORED, CLASSES, FACTS, width=200).splitlines()
    assert re.split(' {2,}', lines[1]) == [
        *('1', 'demo/<b>x</b>', 'model', '0.5123', '0.2500', '5.39', '3.57', '4', '2026-01-02 03:04'),
        'htc: loss.type=GIoU, a=2',
    ]
    assert re.split(' {2,}', lines[2]) == ['2', 'ensemble/val', 'fusion', '0.4000']
    assert re.split(' {2,}', lines[5]) == ['1', 'demo/<b>x</b>', '0.750', '0.300']
    assert re.split(' {2,}', lines[6]) == ['2', 'ensemble/val', '0.800']
    assert lines[-1] == '(0) Paper  (1) Glass & <co>'


MANY = {ENTRY.file: RunFacts('configs/demo/htc.py', tuple(f'model.head.loss_{i}.type=GIoU' for i in range(9)))}


@pytest.mark.parametrize('width', [60, 100, 130, 160])
def test_board_fits_the_terminal(width):
    lines = format_board(SCORED, CLASSES, MANY, width=width).split('\n\n')[0].splitlines()
    assert max(map(len, lines)) <= width
    assert len(lines) <= 3 + 3
    assert lines[1].startswith('1  demo/<b>x</b>')


def test_long_changes_go_on_in_the_next_line():
    lines = format_board(SCORED, CLASSES, MANY, width=130).splitlines()
    at = lines[0].index('base: changes')
    assert lines[1][at:].startswith('htc: loss_0.type=GIoU, loss_1.type=GIoU,')
    assert lines[2] == ' ' * at + lines[2].strip() and lines[2].strip().startswith('loss_')
    assert lines[3].endswith(' ...')  # the rest is in the html
    assert lines[4].startswith('2  ensemble/val')


def test_a_fusion_shows_its_members_and_a_part_of_the_classes_is_said():
    files = (Path('/w/htc/predictions/val.json'), Path('/w/other.csv'))
    for weights, text in (((1.0, 0.5), '1 htc + 0.5 other'), ((1.0, 1.0), 'htc + other'), ((), 'htc + other')):
        fusion = Scored(replace(OTHER, members=files, weights=weights), 0.4, None, {'Paper': 0.8})
        lines = format_board([fusion] * 12, CLASSES, FACTS, width=200).splitlines()
        assert re.split(' {2,}', lines[1])[-1] == text
        assert lines[-2] == 'the first 10; 2 more in the html'


def test_changes_go_below_where_nothing_is_left_beside():
    lines = format_board(SCORED, CLASSES, FACTS, width=80).splitlines()
    assert 'changes' not in lines[0]
    assert lines[2] == '    htc: loss.type=GIoU, a=2'
    assert lines[3].startswith('2  ensemble/val')


def test_segmenters_have_their_own_heads(tmp_path):
    entry = replace(ENTRY, task=SEGMENTATION)
    scored = [Scored(entry, 0.5, 0.6, {'Paper': 0.75})]
    lines = format_board(scored, CLASSES, {}, width=200).splitlines()
    assert re.split(' {2,}', lines[0].strip())[:4] == ['run', 'what', 'mIoU', 'mIoU_per_image']
    assert 'IoU by class' in lines[3]
    write_page(tmp_path / 'board.html', scored, CLASSES, {}, title='segmenters')
    assert 'aria-sort="descending">mIoU<' in (tmp_path / 'board.html').read_text()


def test_page_holds_every_figure_to_sort_by(page):
    cells = Cells()
    cells.feed(page.read_text())
    head, first, second = cells.rows
    assert len(head) == len(first) == len(second) == 9 + len(CLASSES) + 1
    assert [text for _, text in head][9:11] == CLASSES
    assert [value for value, _ in first[:8]] == [
        '1',
        'demo/<b>x</b>',
        'model',
        '0.51234',
        '0.25',
        '5390000',
        '3570000000.0',
        '4',
    ]
    assert second[4] == ['', ''] and second[10] == ['', '']
    assert 'model.head.*.loss.type=GIoU' in first[-1][1]
    best = [attrs for tag, attrs in cells.tags if tag == 'td' and 'best' in attrs.get('class', '')]
    assert [attrs['data-value'] for attrs in best] == ['0.3', '0.8']  # the best of each class


def test_page_needs_nothing_from_elsewhere(page):
    text = page.read_text()
    cells = Cells()
    cells.feed(text)
    assert not any(name in ('src', 'href') for _, attrs in cells.tags for name in attrs)
    assert not {tag for tag, _ in cells.tags} & {'link', 'img', 'iframe', 'b', 'co'}
    assert '@import' not in text and 'url(' not in text and '//' not in re.sub(r'<!.*?>', '', text)
