"""Prediction files: round trips, streaming, and what the reader refuses."""

import json
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
import torch

from custom_modules.evaluation import (
    Predictions,
    PredictionWriter,
    decode_masks,
    encode_masks,
    evaluate_boxes,
    read_predictions,
    write_predictions,
)
from custom_modules.utils import UserError

RECORD = {'image_id': 1, 'category_id': 2, 'bbox': [1, 2.5, 3, 4], 'score': 0.5}
MASK = np.zeros((6, 5), dtype=bool)
MASK[1:3, 2:4] = True  # runs down the columns: 13 off, 2 on, 4 off, 2 on, 9 off
RLE = {'size': [6, 5], 'counts': [13, 2, 4, 2, 9]}


@pytest.mark.fast
def test_round_trip(tmp_path, make_predictions):
    rows = [(3, 2, (1, 2.5, 3, 4.125), 0.12345678), (1, 9, (0, 0, 1e-7, 1234.5678), 1.0)]
    predictions = make_predictions(rows, encode_masks(np.array([MASK, ~MASK])))
    write_predictions(tmp_path / 'new folder' / 'val.json', predictions)
    again = read_predictions(tmp_path / 'new folder' / 'val.json')
    assert list(again.records()) == list(predictions.records())
    assert [path.name for path in (tmp_path / 'new folder').iterdir()] == ['val.json']


def test_file_is_plain_coco_with_eight_digits(tmp_path, make_predictions):
    write_predictions(tmp_path / 'a.json', make_predictions([(1, 2, (1 / 3, 200 / 3, 5, 6e-9), 2 / 3)]))
    text = (tmp_path / 'a.json').read_text()
    assert text == '[\n{"image_id":1,"category_id":2,"bbox":[0.33333333,66.666667,5,6e-09],"score":0.66666667}\n]\n'


def test_no_predictions(tmp_path, make_predictions):
    write_predictions(tmp_path / 'a.json', make_predictions())
    assert json.loads((tmp_path / 'a.json').read_text()) == []
    assert len(read_predictions(tmp_path / 'a.json')) == 0


def test_byte_order_mark(tmp_path):
    (tmp_path / 'a.json').write_text(json.dumps([RECORD]), encoding='utf-8-sig')
    assert list(read_predictions(tmp_path / 'a.json').records()) == [RECORD]


def test_writer_streams_and_leaves_nothing_half_written(tmp_path, make_predictions):
    part = make_predictions([(1, 2, (0, 0, 1, 1), 0.5)])
    with PredictionWriter(tmp_path / 'a.json') as writer:
        for _ in range(3):
            writer.add(part)
    assert writer.num_written == len(read_predictions(tmp_path / 'a.json')) == 3
    with pytest.raises(KeyboardInterrupt), PredictionWriter(tmp_path / 'b.json') as writer:
        writer.add(part)
        raise KeyboardInterrupt
    assert [path.name for path in tmp_path.iterdir()] == ['a.json']


def test_writer_holds_one_part_in_memory(tmp_path, make_predictions):
    part = make_predictions([(1, 2, (0, 0, 1, 1), 0.5)] * 1000)
    tracemalloc.start()
    with PredictionWriter(tmp_path / 'a.json') as writer:
        for _ in range(30):
            writer.add(part)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (tmp_path / 'a.json').stat().st_size > 1_500_000
    assert peak < 1_000_000


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        pytest.param('[', 'not a readable json', id='torn file'),
        pytest.param('{"images": []}', 'data set, not predictions', id='data set'),
        pytest.param('{}', 'list of records', id='dict'),
        pytest.param([1], 'record 0: is not a record', id='number'),
        pytest.param([RECORD, {}], 'record 1: "image_id" is missing', id='empty record'),
        pytest.param([{**RECORD, 'image_id': '1'}], '"image_id" must be a whole number', id='text id'),
        pytest.param([{**RECORD, 'image_id': 2**70}], '"image_id" must be a whole number', id='huge id'),
        pytest.param([{**RECORD, 'category_id': True}], '"category_id" must be', id='bool id'),
        pytest.param([{**RECORD, 'score': None}], '"score" must be a finite', id='no score'),
        pytest.param([{**RECORD, 'score': float('nan')}], '"score" must be a finite', id='NaN score'),
        pytest.param([{**RECORD, 'bbox': [1, 2, 3]}], '"bbox" must be four numbers', id='three numbers'),
        pytest.param([{**RECORD, 'bbox': ['1', 2, 3, 4]}], '"bbox" must be four numbers', id='text in box'),
        pytest.param([{**RECORD, 'bbox': [1, 2, -3, 4]}], '"bbox" must be finite', id='negative width'),
        pytest.param([{**RECORD, 'bbox': [1, 2, float('inf'), 4]}], '"bbox" must be finite', id='infinite'),
        pytest.param([RECORD, {**RECORD, 'segmentation': RLE}], 'in all records or in none', id='some masks'),
        pytest.param([{**RECORD, 'segmentation': [[1, 2, 3]]}], 'is not an RLE', id='polygon'),
        pytest.param([{**RECORD, 'segmentation': {**RLE, 'size': [0, 5]}}], 'has the size', id='no height'),
        pytest.param([{**RECORD, 'segmentation': {**RLE, 'counts': [99]}}], 'is damaged', id='too many pixels'),
        pytest.param([{**RECORD, 'segmentation': {**RLE, 'counts': 'ab'}}], 'is damaged', id='torn mask'),
        pytest.param([{**RECORD, 'segmentation': {**RLE, 'counts': [-1, 31]}}], 'whole numbers', id='negative run'),
    ],
)
def test_reader_names_file_record_and_field(tmp_path, content, message):
    path = tmp_path / 'a.json'
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(UserError, match=message) as error:
        read_predictions(path)
    assert str(path) in str(error.value)
    assert '\n' not in str(error.value)


def test_missing_file(tmp_path):
    with pytest.raises(UserError, match='no such predictions file'):
        read_predictions(tmp_path / 'a.json')


@pytest.mark.parametrize('field', ['image_id', 'category_id'])
def test_reader_checks_ids_against_the_data_set(tmp_path, make_coco, field):
    path = tmp_path / 'a.json'
    path.write_text(json.dumps([RECORD, {**RECORD, field: 7}]))
    with pytest.raises(UserError, match=f'record 1: {field} 7 is not in the data set'):
        read_predictions(path, make_coco())


def test_mask_without_box_gets_one(tmp_path):
    record = {'image_id': 1, 'category_id': 1, 'score': 0.5, 'segmentation': RLE}
    (tmp_path / 'a.json').write_text(json.dumps([record]))
    predictions = read_predictions(tmp_path / 'a.json')
    assert predictions.boxes_xywh.tolist() == [[2, 1, 2, 2]]
    np.testing.assert_array_equal(decode_masks(predictions.segmentations), [MASK])


def test_score_of_the_file_is_the_score_in_memory(tmp_path, make_scene):
    coco, guesses, _ = make_scene(5)
    corners, sizes = np.hsplit(guesses.boxes_xywh, 2)
    boxes = torch.from_numpy(np.hstack([corners, corners + sizes]))
    instances = {'bboxes': boxes.float(), 'labels': torch.from_numpy(guesses.category_ids)}
    instances['scores'] = torch.rand(len(boxes), generator=torch.Generator().manual_seed(0))
    predictions = Predictions.from_instances(1, instances, (0, 1, 2, 3))
    predictions = replace(predictions, image_ids=guesses.image_ids)
    write_predictions(tmp_path / 'a.json', predictions)
    again = read_predictions(tmp_path / 'a.json')
    assert list(again.records()) == list(predictions.records())
    assert evaluate_boxes(coco, again).summary() == evaluate_boxes(coco, predictions).summary()
