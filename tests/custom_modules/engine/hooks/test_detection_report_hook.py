"""The scores of a validation are kept in figures and as a picture, for boxes and for masks."""

import logging
from types import SimpleNamespace

import cv2
import pytest

from custom_modules.engine.hooks import DetectionReportHook
from custom_modules.evaluation import Predictions, evaluate_boxes

BOX = [10, 10, 10, 10]
OUTLINE = [[10, 10, 20, 10, 20, 20, 10, 20]]


@pytest.fixture
def results():
    """Scores of one object that was found, as box and as mask."""
    coco = {
        'images': [{'id': 1, 'height': 40, 'width': 40}],
        'categories': [{'id': 1, 'name': 'can'}],
        'annotations': [
            {'id': 1, 'image_id': 1, 'category_id': 1, 'bbox': BOX, 'area': 100, 'iscrowd': 0, 'segmentation': OUTLINE}
        ],
    }
    rle = {'size': [40, 40], 'counts': [410, *[10, 30] * 9, 10, 820]}
    instances = {'bboxes': [[10, 10, 20, 20]], 'labels': [0], 'scores': [0.9], 'masks': [rle]}
    found = Predictions.from_instances(1, instances, (1,))
    return evaluate_boxes(coco, found), evaluate_boxes(coco, found, 'segm')


def validate(folder, *metrics):
    evaluator = SimpleNamespace(metrics=metrics)
    logger = logging.getLogger('test_detection_report_hook')
    runner = SimpleNamespace(val_loop=SimpleNamespace(evaluator=evaluator), work_dir=str(folder), logger=logger)
    DetectionReportHook().after_val_epoch(runner, {})


def test_boxes_and_masks_have_files_of_their_own(results, tmp_path, caplog):
    with caplog.at_level('INFO'):
        validate(tmp_path, SimpleNamespace(last_result=results[0], last_segm_result=results[1]))
    names = {'metrics.json', 'per_class.csv', 'pr_curves.png'}
    assert {path.name for path in (tmp_path / 'val').iterdir()} == names | {f'segm_{name}' for name in names}
    assert cv2.imread(str(tmp_path / 'val' / 'pr_curves.png')).shape[1] == 1080
    assert caplog.text.count('can ') == 1 and '1.0000' in caplog.text


def test_a_metric_without_details_leaves_nothing(tmp_path):
    validate(tmp_path, SimpleNamespace())
    assert not (tmp_path / 'val').exists()
