"""The comparison of the CRF's backends, on small pictures."""

import re

import numpy as np
import pytest

from benchmarks.crf import RESCUES, STEPS, Case, compare, load_cases, main, make_members, parse_args
from custom_modules.ensemble import CrfParams
from custom_modules.utils import UserError

SMALL = ['--pictures', '2', '--size', '64', '--classes', '11', '--rounds', '1']


def test_all_tables_are_written(synthetic_root, tmp_path, capsys):
    pytest.importorskip('pydensecrf', reason='optional: pip install -r requirements/crf.txt')
    assert main([*SMALL, '--data-root', str(synthetic_root), '--out', str(tmp_path / 'crf.md')]) == 0
    text = (tmp_path / 'crf.md').read_text()
    assert text == capsys.readouterr().out
    agreement = re.findall(r'^\| 2 photographs \(data\)(.*) \| (.*) % \| (.*) % \|', text, re.MULTILINE)
    assert agreement == [('', '0.0000', '0.0000'), (', 63 x 63', '0.0000', '0.0000')]
    assert len(re.findall(r'x \|$', text, re.MULTILINE)) == 7
    assert all(f'| {step} |' in text for step in (*STEPS, *RESCUES))


def test_without_pydensecrf_there_is_nothing_to_compare(monkeypatch):
    monkeypatch.setattr('custom_modules.ensemble.crf.dense._why_no_pydensecrf', lambda: 'pydensecrf is not installed')
    truth = np.zeros((4, 4), np.uint8)
    case = Case(np.zeros((4, 4, 3), np.uint8), truth, make_members(truth, 2, np.random.default_rng(0)))
    with pytest.raises(UserError, match=r'requirements/crf\.txt'):
        compare([case], CrfParams(), 1)


def test_made_up_models_know_most_of_the_truth(synthetic_root):
    """More than half, and a vote more than each."""
    (cases,) = load_cases(parse_args([*SMALL, '--data-root', str(synthetic_root)])).values()
    assert len(cases) == 2
    for case in cases:
        assert case.picture.shape == (64, 64, 3) and case.vote.shape == (11, 64, 64)
        right = [(probs.argmax(axis=0) == case.truth).mean() for probs in (*case.members, case.vote)]
        assert 0.5 < max(right[:3]) < right[3]
        np.testing.assert_allclose(case.vote.sum(axis=0), 1, atol=1e-5)
