"""Test-time augmentation through the command line, for detectors with masks and with queries."""

import json
import re
from pathlib import Path

import pytest
import torch
from mmengine.registry import MODELS, DefaultScope

from custom_modules.datasets import load_coco
from custom_modules.engine import load_config
from custom_modules.engine.data import use_classes
from custom_modules.utils import UserError
from tools.test import main

CONFIGS = Path(__file__).resolve().parents[2] / 'configs' / 'demo'
FAMILIES = [
    pytest.param('cascade_mask_rcnn_swin', id='masks'),
    pytest.param('dino_swin', id='queries'),
    pytest.param('htc_swin', id='masks-of-three-stages', marks=pytest.mark.slow),
    pytest.param('atss_swin', id='one-stage', marks=pytest.mark.slow),
]


@pytest.fixture
def untrained(synthetic_root, tmp_path):
    """Return a function that gives a demo config and the checkpoint of an untrained model."""

    def make(name: str) -> tuple[str, str]:
        torch.manual_seed(0)
        data = load_coco(synthetic_root / 'val.json', check_images=False)
        cfg = load_config(CONFIGS / f'{name}.py')
        use_classes(cfg, len(data.classes), has_masks=True)
        DefaultScope.get_instance(f'tta_{name}', scope_name='mmdet')
        model = MODELS.build(cfg.model)
        meta = {'classes': list(data.classes), 'cat_ids': [category['id'] for category in data.categories]}
        torch.save({'meta': meta, 'state_dict': model.state_dict()}, tmp_path / 'best.pth')
        return str(CONFIGS / f'{name}.py'), str(tmp_path / 'best.pth')

    return make


@pytest.mark.parametrize('name', FAMILIES)
def test_views_are_merged_into_one_file(name, untrained, synthetic_root, tmp_path, capsys):
    command = [*untrained(name), '--data-root', str(synthetic_root), '--tta']
    assert main([*command, '--out', str(tmp_path / 'val.json'), '--cfg-options', 'tta.scales=[1.0]']) == 0
    assert re.fullmatch(r'mAP50 [01]\.\d{6}', capsys.readouterr().out.strip().splitlines()[-1])
    records = json.loads((tmp_path / 'val.json').read_text())
    images = {image['id']: image for image in json.loads((synthetic_root / 'val.json').read_text())['images']}
    assert {record['image_id'] for record in records} == set(images)
    for record in records:
        size = [images[record['image_id']][side] for side in ('width', 'height')]
        x, y, width, height = record['bbox']
        assert 0 <= x <= x + width <= size[0] + 1e-3 and 0 <= y <= y + height <= size[1] + 1e-3
        assert record['segmentation']['size'] == size[::-1] if 'mask' in name or 'htc' in name else True
    run = json.loads((tmp_path / 'val.run.json').read_text())
    assert (run['tta']['scales'], run['tta']['flips'], run['tta']['method']) == ([1.0], ['none', 'horizontal'], 'wbf')


def test_the_picture_as_it_is_alone_gives_what_there_is_without(untrained, synthetic_root, tmp_path):
    command = [*untrained('cascade_mask_rcnn_swin'), '--data-root', str(synthetic_root)]
    main([*command, '--out', str(tmp_path / 'plain.json')])
    options = ['tta.scales=[1.0]', "tta.flips=['none']"]
    main([*command, '--tta', '--out', str(tmp_path / 'tta.json'), '--cfg-options', *options])
    plain, augmented = (json.loads((tmp_path / f'{name}.json').read_text()) for name in ('plain', 'tta'))
    assert len(plain) == len(augmented) > 0
    for own, other in zip(plain, augmented, strict=True):
        assert other['bbox'] == pytest.approx(own['bbox'], abs=1e-4)
        assert other['score'] == pytest.approx(own['score'], abs=1e-7)
        assert {**other, 'bbox': 0, 'score': 0} == {**own, 'bbox': 0, 'score': 0}


def test_a_wrong_setting_is_told_before_the_model_is_built():
    with pytest.raises(UserError, match=r'tta\.method is .soft.; give one of wbf, nms'):
        main([str(CONFIGS / 'htc_swin.py'), 'gone.pth', '--tta', '--cfg-options', 'tta.method=soft'])
