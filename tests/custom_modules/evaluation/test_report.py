"""The table and the files of a result."""

import csv
import json

import pytest

from custom_modules.evaluation import encode_masks, evaluate_boxes, format_table, save_result

BOX = (10, 10, 10, 10)


@pytest.fixture
def result(make_coco, make_predictions):
    coco = make_coco([(1, 1, BOX), (2, 1, BOX), (3, 3, BOX)], classes=('can', 'battery', 'plastic bag'))
    return evaluate_boxes(coco, make_predictions([(1, 1, BOX, 0.9)]))


@pytest.mark.fast
def test_table(result):
    lines = format_table(result).split('\n')
    assert len({len(line) for line in lines}) == 1
    assert [line.split() for line in lines if '--' not in line] == [
        ['class', 'objects', 'predictions', 'AP50', 'AP', 'AP75', 'recall50'],
        ['can', '2', '1', '0.5050', '0.5050', '0.5050', '0.5000'],
        ['battery', '0', '0', '-', '-', '-', '-'],
        ['plastic', 'bag', '1', '0', '0.0000', '0.0000', '0.0000', '0.0000'],
        ['mean', '3', '1', '0.2525', '0.2525', '0.2525', '0.2500'],
    ]


def test_saved_files(result, tmp_path):
    save_result(result, tmp_path / 'run')
    metrics = json.loads((tmp_path / 'run' / 'metrics.json').read_text())
    assert metrics['mAP50'] == 51 / 101 / 2
    assert metrics['mAP_large'] is None
    assert [row['AP50'] for row in metrics['classes']] == [51 / 101, None, 0.0]
    with (tmp_path / 'run' / 'per_class.csv').open() as file:
        rows = list(csv.DictReader(file))
    assert [row['class'] for row in rows] == ['can', 'battery', 'plastic bag']
    assert float(rows[0]['AP50']) == 51 / 101
    assert rows[1]['AP50'] == ''


def test_mask_scores_have_files_of_their_own(make_scene, tmp_path):
    coco, predictions, masks = make_scene(0)
    predictions = type(predictions)(**{**vars(predictions), 'segmentations': encode_masks(masks)})
    save_result(evaluate_boxes(coco, predictions, 'segm'), tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {'segm_metrics.json', 'segm_per_class.csv'}
