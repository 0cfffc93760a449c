"""Where a training starts from is settled before anything is built or written."""

from pathlib import Path

import pytest
import torch
from mmengine.registry import MODELS, DefaultScope

from custom_modules.engine import load_config, load_weights, read_checkpoint
from custom_modules.engine.data import use_classes
from custom_modules.engine.published import find_published
from custom_modules.engine.start_weights import check_fit, use_start_weights
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
    with DefaultScope.overwrite_default_scope('mmdet'):
        backbone = MODELS.build(cfg.model.backbone)
    weights = {f'backbone.{name}': value for name, value in backbone.state_dict().items()}
    torch.save({'state_dict': weights}, folder / 'backbone.pth')
    return folder / 'backbone.pth'


def test_another_backbone_is_refused_before_the_folder_is_made(synthetic_root, tmp_path):
    wider = load_config(DEMO, {'model.backbone.embed_dims': 16, 'model.backbone.num_heads': [1, 1, 2, 4]})
    path = save_backbone(wider, tmp_path)
    command = [str(DEMO), '--data-root', str(synthetic_root), '--work-dir', str(tmp_path / 'run')]
    with pytest.raises(UserError, match='only 2 of the 125 tensors of the backbone fit.*with the same backbone'):
        main([*command, '--load-from', str(path)])
    assert not (tmp_path / 'run').exists()


def build(cfg, classes: int) -> torch.nn.Module:
    """The model of a config."""
    use_classes(cfg, classes, has_masks=True)
    use_start_weights(cfg, 'none')
    with DefaultScope.overwrite_default_scope('mmdet'):
        return MODELS.build(cfg.model)


def test_a_whole_detector_with_another_neck_and_other_classes_is_a_start(tmp_path):
    """What a COCO detector brings to a trash detector with a BiFPN."""
    torch.save({'state_dict': build(load_config(DEMO), 80).state_dict()}, tmp_path / 'coco.pth')
    cfg = load_config(DEMO, {'model.neck.type': 'BiFPN'})
    use_classes(cfg, 10, has_masks=True)
    assert use_start_weights(cfg, str(tmp_path / 'coco.pth')) == [f'start weights: {tmp_path / "coco.pth"}']
    fit = load_weights(build(cfg, 10), read_checkpoint(tmp_path / 'coco.pth'), 'coco.pth', partial=True)
    lines = fit.report()
    # Backbone, laterals, RPN; of each of three stages two shared layers, the regression, two mask convolutions, one up.
    assert f'loaded {125 + 4 + 6 + 3 * (4 + 2) + 3 * (4 + 2)} of' in lines[0]
    assert 'backbone, neck.lateral_convs.0-3.conv, rpn_head, roi_head.bbox_head.0-2.fc_reg' in lines[0]
    assert 'roi_head.bbox_head.0-2.fc_cls' in lines[1] and '81 x 256 in the file, 11 x 256 in the model' in lines[1]
    assert 'neck.layers' in lines[2] and 'neck.fpn_convs' in lines[3]


def test_building_without_random_numbers_leaves_the_same_shapes_and_draws_nothing():
    cfg = load_config(DEMO)
    whole = build(cfg, 10)
    before = torch.get_rng_state()
    check_fit(cfg, {'state_dict': whole.state_dict()}, 'c.pth')
    assert torch.equal(torch.get_rng_state(), before)


def test_another_model_is_not_resumed_and_nothing_is_written(synthetic_root, tmp_path, capsys):
    content = {'state_dict': build(load_config(DEMO), 7).state_dict(), 'optimizer': {}, 'random_states': []}
    torch.save(content, tmp_path / 'last.pth')
    command = [str(DEMO), '--data-root', str(synthetic_root), '--work-dir', str(tmp_path / 'run')]
    with pytest.raises(
        UserError, match=r'belongs to another model: .* have another shape \(roi_head.bbox_head.*fc_cls'
    ):
        main([*command, '--resume', str(tmp_path / 'last.pth')])
    assert not (tmp_path / 'run').exists() and not capsys.readouterr().out


@pytest.mark.fast
@pytest.mark.parametrize(
    ('source', 'message'),
    [
        pytest.param('gone.pth', 'gone.pth: no such checkpoint', id='file'),
        pytest.param('folder/gone', 'gone: no such checkpoint', id='path'),
        pytest.param('swin_bb', 'no published weights of that name .*; did you mean swin_b', id='name'),
    ],
)
def test_what_is_not_there_is_named(source, message):
    with pytest.raises(UserError, match=message):
        use_start_weights(load_config(DEMO), source)


def test_published_weights_go_by_their_names(tmp_path, monkeypatch):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    cfg = load_config(DEMO)
    file = find_published('swin_t').path
    file.parent.mkdir(parents=True)
    save_backbone(cfg, file.parent).rename(file)
    use_start_weights(cfg, 'swin_t')
    assert cfg.load_from == str(file)


@pytest.mark.parametrize(
    ('name', 'convert', 'accepted'),
    [
        pytest.param('layers.0.blocks.0.attn.qkv.weight', True, True, id='authors'),
        pytest.param('backbone.layers.0.blocks.0.attn.qkv.weight', True, False, id='authors-detector'),
        pytest.param('backbone.stages.0.blocks.0.attn.w_msa.qkv.weight', False, True, id='mmdet'),
        pytest.param('backbone.stages.0.blocks.0.attn.w_msa.qkv.weight', True, False, id='mmdet-converted-twice'),
        pytest.param('layers.0.blocks.0.attn.qkv.weight', False, False, id='authors-not-converted'),
    ],
)
def test_a_backbone_start_of_which_nothing_would_be_taken_is_refused(tmp_path, name, convert, accepted):
    torch.save({'model': {name: torch.zeros(1)}}, tmp_path / 'swin.pth')
    start = {'type': 'Pretrained', 'checkpoint': str(tmp_path / 'swin.pth')}
    cfg = load_config(DEMO, {'model.backbone.init_cfg': start, 'model.backbone.convert_weights': convert})
    if accepted:
        assert use_start_weights(cfg, None) == [f'start weights of mmdet.SwinTransformer: {tmp_path / "swin.pth"}']
    else:
        with pytest.raises(UserError, match='start by --load-from'):
            use_start_weights(cfg, None)


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
