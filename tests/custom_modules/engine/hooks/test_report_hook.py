"""The scores of a validation are kept in figures and as a picture, for boxes, for masks and for label maps."""

import json
import logging
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from mmengine.registry import HOOKS

from custom_modules.engine.hooks import ReportHook
from custom_modules.evaluation import Predictions, SegmentationScorer, evaluate_boxes

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
    logger = logging.getLogger('test_report_hook')
    runner = SimpleNamespace(val_loop=SimpleNamespace(evaluator=evaluator), work_dir=str(folder), logger=logger)
    ReportHook().after_val_epoch(runner, {})


def test_boxes_and_masks_have_files_of_their_own(results, tmp_path, caplog):
    with caplog.at_level('INFO'):
        validate(tmp_path, SimpleNamespace(last_results=list(results)))
    names = {'metrics.json', 'per_class.csv', 'pr_curves.png'}
    assert {path.name for path in (tmp_path / 'val').iterdir()} == names | {f'segm_{name}' for name in names}
    assert cv2.imread(str(tmp_path / 'val' / 'pr_curves.png')).shape[1] == 1080
    assert caplog.text.count('can ') == 1 and '1.0000' in caplog.text


def test_label_maps(tmp_path, caplog):
    scorer = SegmentationScorer(('Background', 'Can', 'Paper'))
    scorer.add(1, np.array([[0, 1, 1]]), np.array([[0, 0, 1]]))
    with caplog.at_level('INFO'):
        validate(tmp_path, SimpleNamespace(last_results=[scorer.result()]))
    assert {path.name for path in (tmp_path / 'val').iterdir()} == {'metrics.json', 'per_class.csv', 'confusion.png'}
    figures = json.loads((tmp_path / 'val' / 'metrics.json').read_text())
    assert (figures['mIoU'], figures['confusion'][0]) == (0.5, [1, 1, 0])
    assert [row['IoU'] for row in figures['classes']] == [0.5, 0.5, None]
    rows = (tmp_path / 'val' / 'per_class.csv').read_text().splitlines()
    assert rows[0] == 'class,pixels,predicted,IoU,accuracy,boundary_IoU' and rows[3] == 'Paper,0,0,,,'
    assert 'mean IoU of a picture 0.5000' in caplog.text


def test_the_former_name_is_known():
    assert HOOKS.get('DetectionReportHook') is ReportHook


def test_a_metric_without_details_leaves_nothing(tmp_path):
    validate(tmp_path, SimpleNamespace())
    assert not (tmp_path / 'val').exists()
