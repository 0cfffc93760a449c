"""Settings of a vote: one form, and a file of them."""

import json
from dataclasses import replace

import numpy as np
import pytest

from custom_modules.ensemble.voting.params import VoteParams, as_settings
from custom_modules.utils import UserError

pytestmark = pytest.mark.fast

AB = VoteParams(('a', 'b'), ('Background', 'Paper'), (1.0, 1.0))


def test_matrix():
    assert replace(AB, weights=(2.0, 1.0)).matrix.tolist() == [[2, 2], [1, 1]]
    assert replace(AB, weights=(2.0, 1.0), class_weights=((1.0, 3.0), (1.0, 0.0))).matrix.tolist() == [[2, 6], [1, 0]]


@pytest.mark.parametrize(
    ('method', 'weights', 'rows', 'expected', 'expected_rows'),
    [
        pytest.param('soft', (2, 4), None, (0.5, 1), None, id='the largest weight is 1'),
        pytest.param('soft', (1, 1), ((2, 1), (1, 1)), (1, 1), ((1, 1), (0.5, 1)), id='soft: in each class'),
        pytest.param('hard', (1, 1), ((2, 1), (1, 1)), (1, 1), ((1, 0.5), (0.5, 0.5)), id='hard: over all classes'),
        pytest.param('soft', (1, 1), ((3, 2), (3, 2)), (1, 1), None, id='soft: the same for all members'),
        pytest.param('hard', (1, 1), ((4, 2), (4, 2)), (1, 1), ((1, 0.5), (1, 0.5)), id='hard: a class counts more'),
        pytest.param('hard', (1, 1), ((4, 4), (2, 2)), (1, 0.5), None, id='the same for all classes: a weight'),
        pytest.param('hard', (0, 3), ((4, 4), (2, 1)), (0, 1), None, id='a single member has no settings'),
    ],
)
def test_one_form(method, weights, rows, expected, expected_rows):
    params = replace(AB, method=method, weights=weights, class_weights=rows).canonical()
    assert (params.weights, params.class_weights) == (expected, expected_rows)
    assert params.canonical() == params


def test_a_single_member_keeps_what_follows():
    params = replace(AB, method='hard', weights=(0.0, 3.0), crf=(('num_iterations', 5),)).canonical()
    assert (params.method, params.weights, params.crf) == ('soft', (0, 1), (('num_iterations', 5),))


def test_weights_by_class_are_not_too_unequal():
    factors = np.array([[1.0, 1.0], [0.25, 0.125]])
    assert AB.scaled(factors, 4.0).class_weights == ((1, 1), (0.25, 1))


def test_file(tmp_path):
    params = replace(
        AB, method='hard', class_weights=((1.0, 0.5), (0.0, 1.0)), crf=as_settings({'b': [1, 2], 'a': 1.5}), rescue=()
    )
    params.save(tmp_path / 'p.json', more=[1])
    assert VoteParams.load(tmp_path / 'p.json') == params
    assert json.loads((tmp_path / 'p.json').read_text())['more'] == [1]
    assert params.describe() == 'hard vote, weights by class, CRF a=1.5 b=(1, 2), rescue '
    assert params.renamed(['x', 'y'], [1, 0]).members == ('y', 'x')
    assert replace(params, weights=(0.0, 1.0)).for_files(['b', 'a']).class_weights == ((0, 1),)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        pytest.param({'kind': 'boxes'}, 'it is of another kind', id='kind'),
        pytest.param({'version': 2}, 'version 2, not 1', id='version'),
        pytest.param({'method': 'loud'}, "method 'loud' is none of soft, hard", id='method'),
        pytest.param({'classes': ['x']}, 'class_weights must have 1 values a member', id='another number of classes'),
        pytest.param({'members': [{'file': 'a', 'weight': -1}]}, 'weights must be finite', id='negative weight'),
        pytest.param({'members': [{'file': 'a'}]}, '"weight" is missing', id='no weight'),
        pytest.param({'crf': [1]}, 'settings of a step are given by name', id='settings'),
    ],
)
def test_damaged_files(tmp_path, change, message):
    replace(AB, class_weights=((1.0, 2.0), (1.0, 1.0))).save(tmp_path / 'p.json')
    content = json.loads((tmp_path / 'p.json').read_text())
    (tmp_path / 'p.json').write_text(json.dumps({**content, **change}))
    with pytest.raises(UserError, match=f'p.json: not a file of vote params .*{message}'):
        VoteParams.load(tmp_path / 'p.json')
    with pytest.raises(UserError, match='no.json: No such file'):
        VoteParams.load(tmp_path / 'no.json')
