"""Figures that were kept are taken, all others are worked out; best first."""

import json
import os

import pytest

from custom_modules.datasets import load_coco
from custom_modules.leaderboard import DETECTION, SEGMENTATION, entries_on, find_entries, score_entries

from .conftest import GLASS, PAPER


def scored(tmp_path, ann, task=DETECTION):
    entries = entries_on(find_entries(tmp_path / 'work_dirs'), ann)[task]
    return score_entries(entries, load_coco(ann, check_images=False))


def keep(run, map50: float) -> None:
    figures = {'mAP50': map50, 'mAP': 0.1, 'classes': [{'class': 'Paper', 'AP50': 0.3}]}
    (run / 'predictions' / 'val.metrics.json').write_text(json.dumps({'details': [figures]}))


def test_ranking(tmp_path, ann, add_run, add_validation):
    add_run('half', [PAPER])
    add_run('both', [PAPER, GLASS])
    add_run('none', [])
    add_validation('last_is_best', best=0.7, last=0.7)
    add_validation('earlier_was_better', best=0.6, last=0.2)
    found, failed = scored(tmp_path, ann)
    # One class of two found: a mean of 1 and 0.
    assert {one.entry.name: one.main for one in found} == {
        'both': 1.0,
        'last_is_best': 0.7,
        'earlier_was_better': 0.6,
        'half': 0.5,
        'none': 0.0,
    }
    assert [one.main for one in found] == sorted((one.main for one in found), reverse=True)
    by_name = {one.entry.name: one for one in found}
    assert by_name['half'].of_class == {'Paper': 1.0, 'Glass': 0.0}
    assert by_name['last_is_best'].of_class == {'Paper': 0.7} and by_name['last_is_best'].second == 0.35
    assert by_name['earlier_was_better'].of_class == {} and by_name['earlier_was_better'].second is None
    assert failed == {}


def test_kept_figures_are_taken_unless_older(tmp_path, ann, add_run):
    run = add_run('a', [PAPER])
    keep(run, 0.25)
    assert [one.main for one in scored(tmp_path, ann)[0]] == [0.25]
    os.utime(run / 'predictions' / 'val.metrics.json', (1, 1))
    assert [one.main for one in scored(tmp_path, ann)[0]] == [0.5]


@pytest.mark.parametrize('content', ['', '{}', '{"details": []}', '{"details": [{}]}', '[]'], ids=repr)
def test_kept_figures_that_are_damaged_are_worked_out(tmp_path, ann, add_run, content):
    run = add_run('a', [PAPER])
    (run / 'predictions' / 'val.metrics.json').write_text(content)
    assert [one.main for one in scored(tmp_path, ann)[0]] == [0.5]


def test_predictions_that_cannot_be_scored_are_named(tmp_path, ann, add_run):
    add_run('good', [PAPER])
    add_run('bad', [{**PAPER, 'image_id': 77}])
    found, failed = scored(tmp_path, ann)
    assert [one.entry.name for one in found] == ['good']
    assert list(failed) == ['bad'] and '77' in failed['bad']


def test_segmenters_are_ranked_among_themselves(tmp_path, ann, add_run, add_validation, add_segmenter):
    """Detectors may be about the same pictures."""
    add_run('detector', [PAPER])
    add_validation('trained_detector', best=0.9, last=0.9)
    add_segmenter('good', 0.5)
    add_segmenter('better', 0.6)
    add_segmenter('trained', 0.4, trained_only=True)
    add_segmenter('not_scored', None)
    found, failed = scored(tmp_path, ann, SEGMENTATION)
    assert [(one.entry.name, one.main, one.second) for one in found] == [
        ('better', 0.6, 0.65),
        ('good', 0.5, 0.55),
        ('trained', 0.4, 0.45),
    ]
    assert found[0].of_class == {'Background': 0.9, 'Paper': 0.3}
    assert list(failed) == ['not_scored'] and 'run tools/test.py again' in failed['not_scored']
    assert {one.entry.name for one in scored(tmp_path, ann)[0]} == {'detector', 'trained_detector'}
