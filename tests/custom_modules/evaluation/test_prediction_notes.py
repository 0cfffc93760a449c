"""What lies beside predictions."""

import json

import pytest

from custom_modules.evaluation import noted_predictions, notes_file, predictions_name, read_notes

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ('ann', 'tta', 'name'),
    [('data/val.json', False, 'val.json'), ('data/val.json', True, 'val_tta.json'), ('a.b.json', True, 'a.b_tta.json')],
    ids=['plain', 'tta', 'dots'],
)
def test_augmented_predictions_leave_the_plain_ones_alone(ann, tta, name):
    assert predictions_name(ann, tta=tta) == name


def test_notes_are_found_with_their_predictions(tmp_path):
    known, unknown, alone = (tmp_path / 'run' / 'predictions' / f'{name}.json' for name in ('a.b', 'c', 'd'))
    known.parent.mkdir(parents=True)
    for path in (known, unknown):
        path.write_text('[]')
    for path, notes in ((known, {'ann': 'val.json'}), (unknown, {'ann': None}), (alone, {'ann': 'val.json'})):
        notes_file(path).write_text(json.dumps(notes))
    assert notes_file(known).name == 'a.b.run.json'
    assert noted_predictions(tmp_path) == [(known, {'ann': 'val.json'})]
    notes_file(unknown).write_text('[1')
    assert read_notes(unknown) == read_notes(tmp_path / 'gone.json') == {}


def test_those_of_segmenters_are_told_apart(tmp_path):
    assert predictions_name('data/val.json', tta=True, suffix='.probs') == 'val_tta.probs'
    detections, probs = tmp_path / 'a' / 'val.json', tmp_path / 'b' / 'val.probs'
    for path in (detections, probs):
        path.parent.mkdir()
        notes_file(path).write_text('{"ann": "val.json"}')
    detections.write_text('[]')
    probs.mkdir()
    assert noted_predictions(tmp_path) == [(detections, {'ann': 'val.json'})]
    assert noted_predictions(tmp_path, '.probs') == [(probs, {'ann': 'val.json'})]
