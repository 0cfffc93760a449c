"""Predictions in memory: taken from a detector, put together, split, rounded."""

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData

from custom_modules.evaluation import Predictions, decode_masks, encode_masks
from custom_modules.evaluation.predictions import round_significant
from custom_modules.utils import UserError

MASK = np.zeros((6, 5), dtype=bool)
MASK[1:3, 2:4] = True  # runs down the columns: 13 off, 2 on, 4 off, 2 on, 9 off
RLE = {'size': [6, 5], 'counts': [13, 2, 4, 2, 9]}


def test_per_image_keeps_the_order(make_predictions):
    rows = [(5, 1, (0, 0, 1, 1), 0.1), (2, 1, (0, 0, 2, 2), 0.2), (5, 2, (0, 0, 3, 3), 0.3)]
    groups = make_predictions(rows).per_image()
    assert list(groups) == [2, 5]
    assert groups[5].scores.tolist() == [0.1, 0.3]
    assert groups[5].boxes_xywh[:, 2].tolist() == [1, 3]
    assert make_predictions().per_image() == {}


@pytest.mark.parametrize('container', [dict, lambda fields: InstanceData(**fields)], ids=['dict', 'InstanceData'])
@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16, torch.float64])
def test_from_instances(dtype, container):
    instances = {
        'bboxes': torch.tensor([[10, 20, 14, 28], [5, 5, 4, 9]], dtype=dtype),
        'scores': torch.tensor([0.5, 0.25], dtype=dtype),
        'labels': torch.tensor([1, 0]),
        'masks': torch.from_numpy(np.array([MASK, ~MASK])),
    }
    rows = Predictions.from_instances(8, container(instances), cat_ids=(3, 7))
    assert rows.image_ids.tolist() == [8, 8]
    assert rows.category_ids.tolist() == [7, 3]
    assert rows.boxes_xywh.tolist() == [[10, 20, 4, 8], [5, 5, 0, 4]]
    assert rows.scores.tolist() == [0.5, 0.25]
    np.testing.assert_array_equal(decode_masks(rows.segmentations), [MASK, ~MASK])


def test_from_instances_takes_rles_and_nothing():
    empty = {'bboxes': torch.zeros(0, 4), 'scores': torch.zeros(0), 'labels': torch.zeros(0, dtype=torch.long)}
    assert Predictions.from_instances(1, empty, (1,)).segmentations is None
    assert Predictions.from_instances(1, {**empty, 'masks': torch.zeros(0, 6, 5).bool()}, (1,)).segmentations == []
    one = {'bboxes': np.ones((1, 4)), 'scores': np.ones(1), 'labels': np.zeros(1), 'masks': [RLE]}
    np.testing.assert_array_equal(decode_masks(Predictions.from_instances(1, one, (1,)).segmentations), [MASK])


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'scores': torch.tensor([float('nan')])}, 'image 4: the model predicts NaN'),
        ({'bboxes': torch.full((1, 4), float('inf'))}, 'image 4: the model predicts NaN or infinite'),
        ({'labels': torch.tensor([2])}, 'predicts class number 2, but the data set has 2 classes'),
    ],
    ids=['NaN score', 'infinite box', 'too many classes'],
)
def test_from_instances_refuses(change, message):
    instances = {'bboxes': torch.ones(1, 4), 'scores': torch.ones(1), 'labels': torch.zeros(1, dtype=torch.long)}
    with pytest.raises(UserError, match=message):
        Predictions.from_instances(4, {**instances, **change}, (1, 2))


def test_mixing_files_with_and_without_masks_is_refused(make_predictions):
    rows = [(1, 1, (0, 0, 1, 1), 0.1)]
    with pytest.raises(UserError, match='some predictions have masks'):
        Predictions.concatenate([make_predictions(rows), make_predictions(rows, encode_masks(MASK[None]))])
    masked = make_predictions(rows, encode_masks(MASK[None]))
    assert len(Predictions.concatenate([make_predictions(), masked]).segmentations) == 1
    assert len(Predictions.concatenate([])) == 0


@pytest.mark.fast
def test_rounded_numbers_survive_printing():
    rng = np.random.default_rng(0)
    numbers = rng.uniform(-1, 1, 20_000) * 10.0 ** rng.integers(-9, 8, 20_000)
    rounded = round_significant(np.append(numbers, [0, 1, 99_999_999.6, 1e-30]))
    assert [float(f'{number:.8g}') for number in rounded] == rounded.tolist()
    np.testing.assert_allclose(rounded[:20_000], numbers, rtol=5.1e-8)
    assert rounded[-4:].tolist() == [0, 1, 1e8, 0]
