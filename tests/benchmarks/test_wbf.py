"""The comparison with ensemble-boxes runs, on little."""

import re

from benchmarks import wbf


def test_tables_are_printed_and_written(tmp_path, capsys):
    out = tmp_path / 'wbf.md'
    wbf.main(['--boxes', '6', '--models', '2', '--images', '3', '--rounds', '1', '--out', str(out)])
    written = out.read_text()
    assert len(re.findall(r'^\| (weighted_boxes_fusion|non_maximum_weighted|nms|soft_nms) \| \d', written, re.M)) == 4
    assert '| sort by picture |' in written
    assert '1,500 boxes' in written
    assert all(line in written for line in capsys.readouterr().out.splitlines())
