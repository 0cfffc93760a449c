"""Costs: views of TTA multiply the work, members of fusions add up, each once."""

from pathlib import Path

import pytest

from custom_modules.leaderboard import Entry, RunFacts, add_costs

pytestmark = pytest.mark.fast

ANN, RUN_A, RUN_B = Path('/d/val.json'), Path('/w/a'), Path('/w/b')
FACTS = {RUN_A: RunFacts('base.py', ('x=1',), 10, 100.0), RUN_B: RunFacts(parameters=1, flops=7.0)}
A = Entry('a', 'model', ANN, RUN_A / 'val.json', RUN_A)
A_TTA = Entry('a/tta', 'TTA', ANN, RUN_A / 'tta.json', RUN_A, views=3.0)
B = Entry('b', 'model', ANN, RUN_B / 'val.json', RUN_B)


def fusion(name: str, *members: Entry) -> Entry:
    return Entry(name, 'fusion', ANN, Path('/w') / f'{name}.json', members=tuple(member.file for member in members))


AB = fusion('ab', A, B)


@pytest.mark.parametrize(
    ('entries', 'parameters', 'flops'),
    [
        pytest.param([A], 10, 100.0, id='model'),
        pytest.param([A_TTA], 10, 300.0, id='tta'),
        pytest.param([A, B, AB], 11, 107.0, id='fusion'),
        pytest.param([A, B, AB, fusion('twice', AB, A)], 11, 107.0, id='a-member-of-two-fusions-counts-once'),
        pytest.param([A, fusion('lost', A, B)], None, None, id='unknown-member'),
        pytest.param([Entry('c', 'model', ANN, Path('/c.json'))], None, None, id='no-run'),
    ],
)
def test_costs_of_the_last(entries, parameters, flops):
    fact = add_costs(entries, FACTS)[entries[-1].file]
    assert (fact.parameters, fact.flops) == (parameters, flops)


def test_changes_are_kept():
    assert add_costs([A_TTA], FACTS)[A_TTA.file].differences == ('x=1',)
