"""The comparison of counters, on small pictures."""

import re

import numpy as np
import pytest

from benchmarks.miou import UPSTREAM, assert_equal, main, make_maps


def test_all_counters_agree(tmp_path, capsys):
    main(['--size', '70', '--rounds', '1', '--out', str(tmp_path / 'miou.md')])
    text = (tmp_path / 'miou.md').read_text()
    assert text.count(f'| {UPSTREAM} |') == 3
    assert len(re.findall(r'x \|$', text, flags=re.MULTILINE)) == 21
    assert text.splitlines()[-1] in capsys.readouterr().out


def test_counters_that_disagree_are_not_timed():
    candidates = dict.fromkeys((UPSTREAM, 'numpy, bincount'), lambda: [np.array([1])])
    with pytest.raises(AssertionError, match='ours'):
        assert_equal({**candidates, 'ours, from uint8': lambda: [np.array([2])]})


def test_maps_are_what_they_are_called():
    """Neighbours are nearly always of the same class on patches, and of one in eleven on noise."""
    same = {}
    for kind in ('patches', 'patches and noise', 'noise'):
        labels, truth = make_maps(kind, 256, 11)
        assert (truth == 255).mean() == pytest.approx(1 / 49, abs=0.002) and labels.max() < 11
        same[kind] = (labels[:, 1:] == labels[:, :-1]).mean()
    assert same['patches'] > 0.97 > same['patches and noise'] > 0.9
    assert same['noise'] == pytest.approx(1 / 11, abs=0.01)
