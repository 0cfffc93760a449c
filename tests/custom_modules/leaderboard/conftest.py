"""Small folders of runs: two classes, two pictures, predictions that are right, wrong or in between."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

COCO = {
    'images': [
        {'id': 1, 'file_name': 'a.jpg', 'width': 100, 'height': 80},
        {'id': 2, 'file_name': 'b.jpg', 'width': 100, 'height': 80},
    ],
    'categories': [{'id': 1, 'name': 'Paper'}, {'id': 2, 'name': 'Glass'}],
    'annotations': [
        {'id': 1, 'image_id': 1, 'category_id': 1, 'bbox': [0, 0, 20, 20], 'area': 400, 'iscrowd': 0},
        {'id': 2, 'image_id': 2, 'category_id': 2, 'bbox': [40, 40, 20, 20], 'area': 400, 'iscrowd': 0},
    ],
}
PAPER = {'image_id': 1, 'category_id': 1, 'bbox': [0, 0, 20, 20], 'score': 0.9}
GLASS = {'image_id': 2, 'category_id': 2, 'bbox': [40, 40, 20, 20], 'score': 0.8}
RUN_CONFIG = """model = dict(type='{model}', backbone=dict(depths=[2, 2]), neck=None)
randomness = dict(seed={seed})
val_dataloader = dict(dataset=dict(ann_file='{ann}', data_root='data/x', pipeline=[dict(type='Resize', scale=(9, 9))]))
"""


@pytest.fixture
def ann(tmp_path) -> Path:
    """The json of the two pictures, with answers."""
    path = tmp_path / 'data' / 'val.json'
    path.parent.mkdir()
    path.write_text(json.dumps(COCO))
    return path


@pytest.fixture
def add_run(tmp_path, ann) -> Callable[..., Path]:
    """Return a maker of run folders; with boxes they have predictions on the json."""

    def add(name: str, boxes: list[dict] | None = None, *, seed: int = 0, file: str = 'val', **said) -> Path:
        run = tmp_path / 'work_dirs' / name
        (run / 'predictions').mkdir(parents=True, exist_ok=True)
        (run / 'config.py').write_text(RUN_CONFIG.format(model='HybridTaskCascade', seed=seed, ann=ann))
        (run / 'best.pth').touch()
        if boxes is not None:
            (run / 'predictions' / f'{file}.json').write_text(json.dumps(boxes))
            notes = {
                'ann': str(ann),
                'checkpoint': str(run / 'best.pth'),
                'tta': None,
                'finished': '2026-01-02 03:04:05',
            }
            (run / 'predictions' / f'{file}.run.json').write_text(json.dumps({**notes, **said}))
        return run

    return add


@pytest.fixture
def add_fusion(tmp_path, ann) -> Callable[..., Path]:
    """Return a maker of fusions of files."""

    def add(name: str, members: list[Path], boxes: list[dict], left_out: tuple[Path, ...] = ()) -> Path:
        folder = tmp_path / 'work_dirs' / 'ensemble'
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f'{name}.json').write_text(json.dumps(boxes))
        given = [{'file': str(file), 'used': file not in left_out} for file in (*members, *left_out)]
        notes = {'kind': 'fusion', 'ann': str(ann), 'members': given}
        (folder / f'{name}.run.json').write_text(json.dumps(notes))
        return folder / f'{name}.json'

    return add


@pytest.fixture
def add_validation(add_run) -> Callable[..., Path]:
    """Return a maker of runs that nothing but their training has scored."""

    def add(name: str, best: float, last: float) -> Path:
        run = add_run(name)
        (run / 'state.json').write_text(json.dumps({'best': best}))
        (run / 'val').mkdir()
        classes = [{'class': 'Paper', 'AP50': last}, {'class': 'Glass', 'AP50': None}]
        figures = {'mAP50': last, 'mAP': last / 2, 'classes': classes}
        (run / 'val' / 'metrics.json').write_text(json.dumps(figures))
        return run

    return add


@pytest.fixture
def add_segmenter(add_run, ann) -> Callable[..., Path]:
    """Return a maker of segmenters' runs whose predictions have figures beside them, or that were only trained."""

    def add(name: str, score: float | None, *, trained_only: bool = False) -> Path:
        run = add_run(name)
        config = run / 'config.py'
        config.write_text(f"{config.read_text()}default_scope = 'mmseg'\n")
        classes = [{'class': 'Background', 'IoU': 0.9}, {'class': 'Paper', 'IoU': 0.3}, {'class': 'Glass', 'IoU': None}]
        figures = {'mIoU': score, 'mIoU_per_image': (score or 0) + 0.05, 'classes': classes}
        if trained_only:
            (run / 'state.json').write_text(json.dumps({'best': score}))
            (run / 'val').mkdir()
            (run / 'val' / 'metrics.json').write_text(json.dumps(figures))
            return run
        (run / 'predictions' / 'val.probs').mkdir()
        notes = {'ann': str(ann), 'checkpoint': str(run / 'best.pth')}
        (run / 'predictions' / 'val.run.json').write_text(json.dumps(notes))
        if score is not None:
            (run / 'predictions' / 'val.metrics.json').write_text(json.dumps({'details': [figures]}))
        return run

    return add
