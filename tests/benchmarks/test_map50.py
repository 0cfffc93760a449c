"""The comparison of scorers, on a few pictures."""

import re

from benchmarks.map50 import main


def test_all_scorers_agree(tmp_path, capsys):
    main(['--images', '12', '--boxes', '20', '--rounds', '1', '--out', str(tmp_path / 'map50.md')])
    text = (tmp_path / 'map50.md').read_text()
    assert '| pycocotools |' in text and 'trials on 12 pictures x 4 members x 20 boxes' in text
    differences = [float(value) for value in re.findall(r'x \| (\S+) \|$', text, flags=re.MULTILINE)]
    assert len(differences) == 7
    assert max(differences) < 1e-9
    assert text.splitlines()[-1] in capsys.readouterr().out
