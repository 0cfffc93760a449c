"""What cannot work is refused before a model is loaded."""

import json
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from custom_modules.engine import load_config
from custom_modules.engine.inference import (
    Detector,
    choose_device,
    find_pictures,
    fit_to_checkpoint,
    pictures_of_split,
)
from custom_modules.utils import UserError

pytestmark = pytest.mark.fast

DEMO = Path(__file__).resolve().parents[4] / 'configs' / 'demo' / 'cascade_mask_rcnn_swin.py'


@pytest.mark.parametrize('name', ['foo', 'cuda:99', 'meta', 'cpu:x'])
def test_devices_that_are_not_here_are_refused(name):
    with pytest.raises(UserError, match=f'--device {name}: no such device here; there is cpu'):
        choose_device(name)


def test_the_processor_is_always_there():
    assert choose_device('cpu') == torch.device('cpu')


META = {'classes': ['can', 'bag', 'jar'], 'cat_ids': [3, 5, 9]}


def test_a_config_takes_the_classes_of_the_checkpoint_and_no_other_weights(tmp_path):
    torch.save({'state_dict': {'roi_head.mask_head.0.x': torch.zeros(1)}, 'meta': META}, tmp_path / 'c.pth')
    cfg = load_config(DEMO, {'load_from': 'start.pth'})
    fit_to_checkpoint(cfg, tmp_path / 'c.pth')
    assert [head.num_classes for head in cfg.model.roi_head.bbox_head] == [3, 3, 3]
    assert cfg.model.roi_head.mask_head and cfg.load_from is None


def test_the_mask_branch_goes_when_the_checkpoint_has_none(tmp_path):
    torch.save({'state_dict': {}, 'meta': META}, tmp_path / 'c.pth')
    cfg = load_config(DEMO)
    fit_to_checkpoint(cfg, tmp_path / 'c.pth')
    assert 'mask_head' not in cfg.model.roi_head


@pytest.mark.parametrize(
    'model',
    [
        pytest.param({'type': 'RetinaNet', 'bbox_head': {'type': 'RetinaHead', 'num_classes': 80}}, id='one-stage'),
        pytest.param({'type': 'DINO', 'bbox_head': {'type': 'DINOHead', 'num_classes': 80}}, id='query'),
        pytest.param(
            {'type': 'RTMDet', 'bbox_head': {'type': 'RTMDetInsHead', 'num_classes': 80}},
            id='masks-without-a-mask-head',
        ),
    ],
)
def test_detectors_of_other_families_are_left_as_they_are(tmp_path, model):
    torch.save({'state_dict': {'bbox_head.x': torch.zeros(1)}, 'meta': META}, tmp_path / 'c.pth')
    cfg = Config({'model': model})
    fit_to_checkpoint(cfg, tmp_path / 'c.pth')
    assert cfg.model == {**model, 'bbox_head': {**model['bbox_head'], 'num_classes': 3}}


@pytest.mark.parametrize('missing', ['test_dataloader', 'test_evaluator'])
def test_a_config_that_cannot_test_says_so(tmp_path, missing):
    torch.save({'state_dict': {'roi_head.mask_head.0.x': torch.zeros(1)}, 'meta': META}, tmp_path / 'c.pth')
    cfg = load_config(DEMO)
    cfg.pop(missing)
    with pytest.raises(UserError, match=f'cascade_mask_rcnn_swin.py: .*{missing}.* missing'):
        Detector(cfg, tmp_path / 'c.pth', device='cpu')


@pytest.mark.parametrize(
    'meta',
    [{}, {'classes': 'Paper', 'cat_ids': [1]}, {'classes': ['Paper']}, {'classes': ['Paper'], 'cat_ids': [1, 2]}],
    ids=json.dumps,
)
def test_a_checkpoint_must_say_its_classes(tmp_path, meta):
    torch.save({'state_dict': {}, 'meta': meta}, tmp_path / 'c.pth')
    with pytest.raises(UserError, match='does not say which classes it knows'):
        fit_to_checkpoint(load_config(DEMO), tmp_path / 'c.pth')


def test_a_detector_gives_each_picture_or_what_is_wrong_with_it(config, checkpoint, data_root, tmp_path):
    (tmp_path / 'broken.jpg').write_bytes(b'')
    pictures = [pictures_of_split(data_root, 'test.json')[0], *find_pictures([str(tmp_path)])]
    found = list(Detector(config(), checkpoint, device='cpu').predict(pictures, batch_size=2, num_workers=1))
    assert [picture for picture, _ in found] == pictures
    instances, reason = (outcome for _, outcome in found)
    assert len(instances) == 4 and instances.bboxes.shape == (4, 4)
    assert [rle['size'] for rle in instances.masks] == [[64, 64]] * 4
    assert 'no picture' in reason
