"""Where a training starts from is settled before anything is built or written."""

from pathlib import Path

import pytest
import torch

from custom_modules.engine import load_config
from custom_modules.engine.start_weights import use_start_weights
from custom_modules.utils import UserError
from tools.train import main

ROOT = Path(__file__).resolve().parents[3]
DEMO = ROOT / 'configs' / 'demo' / 'cascade_mask_rcnn_swin.py'
SWIN_T = ROOT / 'configs' / 'trash' / 'cascade_mask_rcnn_swin_t.py'


def test_none_takes_all_start_weights_away():
    cfg = load_config(SWIN_T)
    assert cfg.model.backbone.init_cfg.type == 'Pretrained'
    assert use_start_weights(cfg, 'none') == ['start weights: none, everything from random numbers']
    assert cfg.model.backbone.init_cfg is None and cfg.load_from is None


def test_a_detector_replaces_the_published_backbone(tmp_path):
    cfg = load_config(DEMO)
    path = save_backbone(cfg, tmp_path)
    assert use_start_weights(cfg, str(path)) == [f'start weights: {path}']
    assert cfg.load_from == str(path)


def save_backbone(cfg, folder) -> Path:
    """A checkpoint with the backbone of a config alone."""
    from mmdet.registry import MODELS

    backbone = MODELS.build(cfg.model.backbone)
    weights = {f'backbone.{name}': value for name, value in backbone.state_dict().items()}
    torch.save({'state_dict': weights}, folder / 'backbone.pth')
    return folder / 'backbone.pth'


def test_another_backbone_is_refused_before_the_folder_is_made(synthetic_root, tmp_path):
    wider = load_config(DEMO, {'model.backbone.embed_dims': 16, 'model.backbone.num_heads': [1, 1, 2, 4]})
    path = save_backbone(wider, tmp_path)
    command = [str(DEMO), '--data-root', str(synthetic_root), '--work-dir', str(tmp_path / 'run')]
    with pytest.raises(UserError, match='belongs to another model, start from one with the same backbone'):
        main([*command, '--load-from', str(path)])
    assert not (tmp_path / 'run').exists()


def test_offline_training_says_what_to_do(synthetic_root, tmp_path, monkeypatch):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'torch'))
    command = [str(SWIN_T), '--data-root', str(synthetic_root), '--work-dir', str(tmp_path / 'run')]
    nobody = 'model.backbone.init_cfg.checkpoint=http://127.0.0.1:9/swin_tiny.pth'
    with pytest.raises(UserError) as error:
        main([*command, '--cfg-options', nobody])
    words = str(error.value)
    for part in ('cannot fetch swin_tiny', str(tmp_path / 'torch' / 'hub' / 'checkpoints'), '--load-from none'):
        assert part in words
    assert '\n' not in words and not (tmp_path / 'run').exists()
