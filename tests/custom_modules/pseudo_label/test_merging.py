"""Pseudo labels beside real annotations."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from custom_modules.datasets import load_coco
from custom_modules.evaluation import Predictions, encode_masks
from custom_modules.pseudo_label import (
    PseudoLabels,
    is_pseudo,
    merge_labels,
    round_of,
    without_pseudo,
)
from custom_modules.utils import UserError


@pytest.fixture
def data(synthetic_root):
    """Real annotations, unlabelled pictures, and labels for two of them: one sure, one ignored; one ignored."""
    real, unlabelled = (load_coco(synthetic_root / name) for name in ('train.json', 'test.json'))
    first, second = (image['id'] for image in unlabelled.images[:2])
    masks = np.zeros((3, 128, 128), dtype=bool)
    masks[:, 10:20, 30:45] = True
    found = Predictions(
        np.array([first, first, second]),
        np.array([real.cat_ids[1], real.cat_ids[0], real.cat_ids[0]]),
        np.array([[30.0, 10, 15, 10], [60, 60, 20, 20], [5, 5, 9, 9]]),
        np.array([0.9, 0.3, 0.25]),
        encode_masks(masks),
    )
    return real, unlabelled, PseudoLabels(found, np.array([False, True, True]), np.array([0.8, 0.3, 0.3]), {})


def merged(data, **options):
    real, unlabelled, labels = data
    return merge_labels(real.as_json(), real.image_root, unlabelled, labels, out_root=real.image_root, **options)


def test_records(data):
    real, unlabelled, labels = data
    content = merged(data, note={'round': 2, 'models': ['htc']})
    assert content['images'][: len(real.images)] == real.images
    assert content['annotations'][: len(real.annotations)] == real.annotations
    (image,) = content['images'][len(real.images) :]
    assert image['file_name'] == unlabelled.images[0]['file_name']
    assert image['id'] == max(one['id'] for one in real.images) + 1
    source = {'pseudo': 2, 'image_id': unlabelled.images[0]['id']}
    first_id = max(one['id'] for one in real.annotations) + 1
    assert content['annotations'][len(real.annotations) :] == [
        {
            'id': first_id + place,
            'image_id': image['id'],
            'category_id': real.cat_ids[1 - place],
            'bbox': box,
            'area': 150.0,
            'iscrowd': place,
            'segmentation': labels.predictions.segmentations[place],
            'score': score,
            'source': source,
        }
        for place, (box, score) in enumerate([([30.0, 10.0, 15.0, 10.0], 0.9), ([60.0, 60.0, 20.0, 20.0], 0.3)])
    ]
    assert content['pseudo_labels'] == {'round': 2, 'models': ['htc']}


def test_the_file_passes_all_checks_and_masks_may_stay_away(data, synthetic_root):
    path = synthetic_root / 'train_pseudo.json'
    try:
        for options in ({}, {'keep_empty': True}, {'with_masks': False}):
            path.write_text(json.dumps(merged(data, **options)))
            loaded = load_coco(path)
            assert not loaded.warning_line
            new = [one for one in loaded.annotations if is_pseudo(one)]
            empty = options.get('keep_empty', False)
            assert len(loaded.images) == 16 + (4 if empty else 1)
            assert len(new) == (3 if empty else 2)
            assert all(('segmentation' in one) is options.get('with_masks', True) for one in new)
            assert new[0]['area'] == 150.0
    finally:
        path.unlink(missing_ok=True)


def test_a_second_round_replaces_the_first(data):
    first = merged(data)
    assert (round_of(first), round_of(without_pseudo(first))) == (1, 0)
    real, unlabelled, labels = data
    again = merge_labels(first, real.image_root, unlabelled, labels, out_root=real.image_root, note={'round': 2})
    assert again == merged(data, note={'round': 2})
    assert without_pseudo(first) == real.as_json()


def test_pictures_of_another_folder_are_named_from_the_new_file(data, synthetic_root, tmp_path):
    real, unlabelled, labels = data
    shutil.copytree(synthetic_root, tmp_path / 'set' / 'more')
    moved = replace(unlabelled, image_root=tmp_path / 'set' / 'more')
    here = replace(real, image_root=tmp_path / 'set')
    content = merge_labels(here.as_json(), here.image_root, moved, labels, out_root=tmp_path / 'set')
    assert content['images'][-1]['file_name'] == f'more/{unlabelled.images[0]["file_name"]}'
    above = merge_labels(here.as_json(), here.image_root, moved, labels, out_root=tmp_path)
    assert above['images'][0]['file_name'] == f'set/{real.images[0]["file_name"]}'
    with pytest.raises(UserError, match='do not lie below'):
        merge_labels(here.as_json(), here.image_root, unlabelled, labels, out_root=Path(tmp_path / 'set'))


def test_pasted_records_are_no_pseudo_labels():
    assert not is_pseudo({'source': {'image_id': 3, 'annotation_id': 5}})
    assert not is_pseudo({'source': 'pseudo'})
    assert not is_pseudo({})
