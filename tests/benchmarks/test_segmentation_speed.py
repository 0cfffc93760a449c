"""The measurement of a segmenter's speed: it runs, and compares with the plain way."""

import json

import pytest

from benchmarks.segmentation_speed import PLAIN, main, summarise

pytestmark = pytest.mark.fast


def test_it_measures_every_way(tiny_segmenter, capsys):
    options = ['--size', '64', '--pictures', '3', '--batch-sizes', '2', '--rounds', '1', '--device', 'cpu']
    assert main([str(tiny_segmenter), *options]) == 0
    printed = capsys.readouterr().out.strip().splitlines()
    rows = json.loads(printed[-1])['rows']
    assert [line.split(' | ')[0] for line in printed[2:-1]] == [f'| {name}' for name in rows]
    assert set(rows) == {
        PLAIN,
        'float32, 2 at a time',
        'mixed precision, one by one',
        'mixed precision, 2 at a time',
    }
    assert rows[PLAIN]['speed_up'] == 1 and rows[PLAIN]['same_labels'] == 1


def test_each_round_is_compared_with_itself():
    """Twice and four times as fast in rounds of which the second took ten times as long: three times as fast."""
    import numpy as np

    labels = np.array([[[255, 0]], [[0, 255]]], np.uint8)
    other = np.array([[[255, 204]], [[0, 51]]], np.uint8)
    found = summarise({PLAIN: [4.0, 40.0], 'b': [2.0, 10.0]}, {PLAIN: [labels], 'b': [other]}, num_pictures=8)
    assert found['b'] == {
        'pictures_per_second': 4.0,
        'speed_up': 3.0,
        'same_labels': 0.5,
        'largest_difference': 0.8,
    }
