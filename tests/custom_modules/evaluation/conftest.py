"""Builders of small data sets and predictions, and two processes that score together."""

import os
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from custom_modules.evaluation import Predictions

PATHS = f'import sys\nsys.path[:0] = {[str(Path(__file__).resolve().parents[3]), str(Path(__file__).parent)]}\n'


@pytest.fixture
def run_on_two_ranks(tmp_path):
    """Run code in two processes of a gloo group, from a folder of their own; returns what they printed."""

    def run(code):
        script = tmp_path / 'rank.py'
        script.write_text(PATHS + textwrap.dedent(code))
        with socket.socket() as free:
            free.bind(('127.0.0.1', 0))
            port = free.getsockname()[1]
        shared = {**os.environ, 'WORLD_SIZE': '2', 'MASTER_ADDR': '127.0.0.1', 'MASTER_PORT': str(port)}
        ranks = [
            subprocess.Popen([sys.executable, script], env={**shared, 'RANK': rank}, stdout=-1, cwd=tmp_path, text=True)
            for rank in '01'
        ]
        outputs = [rank.communicate(timeout=120)[0] for rank in ranks]
        assert [rank.returncode for rank in ranks] == [0, 0]
        return outputs

    return run


@pytest.fixture
def make_coco():
    """Build a COCO dict from rows (image_id, category_id, box xywh, extra fields)."""

    def build(objects=(), *, num_images=3, classes=('can', 'bottle'), first_id=1, size=(100, 100)):
        annotations = [
            {'id': index, 'image_id': row[0], 'category_id': row[1], 'bbox': list(row[2]), 'iscrowd': 0}
            | {'area': row[2][2] * row[2][3]}
            | (row[3] if len(row) > 3 else {})
            for index, row in enumerate(objects)
        ]
        images = [
            {'id': index, 'file_name': f'{index}.jpg', 'height': size[0], 'width': size[1]}
            for index in range(1, num_images + 1)
        ]
        categories = [{'id': first_id + index, 'name': name} for index, name in enumerate(classes)]
        return {'images': images, 'annotations': annotations, 'categories': categories}

    return build


@pytest.fixture
def make_predictions():
    """Build predictions from rows (image_id, category_id, box xywh, score)."""

    def build(rows=(), segmentations=None):
        return Predictions(
            image_ids=np.array([row[0] for row in rows], dtype=np.int64),
            category_ids=np.array([row[1] for row in rows], dtype=np.int64),
            boxes_xywh=np.array([row[2] for row in rows], dtype=np.float64).reshape(-1, 4),
            scores=np.array([row[3] for row in rows], dtype=np.float64),
            segmentations=segmentations,
        )

    return build


@pytest.fixture
def make_scene(make_coco, make_predictions):
    """Build random data with crowds, masks (polygons and RLE) and predictions that partly hit."""

    def build(seed, num_images=12, num_classes=4, num_objects=60, num_predictions=400):
        rng = np.random.default_rng(seed)
        boxes = np.hstack([rng.uniform(0, 150, (num_objects, 2)), rng.uniform(4, 140, (num_objects, 2))])
        rows = []
        for box in boxes:
            extra = {'iscrowd': int(rng.random() < 0.1), 'segmentation': _diamond(box)}
            rows.append((int(rng.integers(1, num_images + 1)), int(rng.integers(num_classes)), box.tolist(), extra))
        classes = [f'class {index}' for index in range(num_classes + 1)]  # the last one never occurs
        coco = make_coco(rows, num_images=num_images, classes=classes, first_id=0, size=(300, 300))
        for index, annotation in enumerate(coco['annotations']):
            annotation['id'] = index + 1
        guesses = [_guess(rows[rng.integers(num_objects)], rng, num_classes) for _ in range(num_predictions)]
        masks = [_mask(np.array(guess[2]), 300) for guess in guesses]
        return coco, make_predictions(guesses), masks

    return build


def _diamond(box_xywh):
    x, y, width, height = box_xywh.tolist()
    return [[x + width / 2, y, x + width, y + height / 2, x + width / 2, y + height, x, y + height / 2]]


def _guess(row, rng, num_classes):
    box = np.array(row[2]) + rng.normal(0, 0.08, 4) * np.array(row[2])[[2, 3, 2, 3]]
    category = row[1] if rng.random() < 0.7 else int(rng.integers(num_classes))
    return row[0], category, np.abs(box).tolist(), float(np.round(rng.random(), 2))  # equal scores occur


def _mask(box_xywh, size):
    rows, columns = np.mgrid[:size, :size]
    center, half = box_xywh[:2] + box_xywh[2:] / 2, box_xywh[2:] / 2
    return abs(columns - center[0]) / half[0] + abs(rows - center[1]) / half[1] <= 1
