"""Shrinking: what keys mean, and families nobody told it about."""

import pytest
from mmdet.registry import MODELS
from mmengine.config import Config, ConfigDict
from mmengine.registry import DefaultScope

from custom_modules.engine import load_config
from custom_modules.engine.shrink import shrink
from custom_modules.utils import UserError


def config_of(model: dict, pipeline: list | None = None) -> Config:
    """Make a config with nothing but a model and loaders."""
    loader = {'num_workers': 4, 'persistent_workers': True, 'dataset': {'pipeline': pipeline or []}}
    names = ('train_dataloader', 'val_dataloader', 'test_dataloader')
    return Config({'model': model, 'optim_wrapper': {}, **{name: dict(loader, batch_size=16) for name in names}})


def shrunk(model: dict) -> ConfigDict:
    cfg = config_of(model)
    shrink(cfg)
    return cfg.model


KEYS = {
    'width': ({'in_channels': [256, 512]}, {'in_channels': [32, 64]}),
    'colours': ({'in_channels': 3}, {'in_channels': 3}),
    'width factor': ({'widen_factor': 0.5}, {'widen_factor': 0.0625}),
    'width of each level': ({'embed_dims': 192, 'num_feats': 128}, {'embed_dims': 24, 'num_feats': 16}),
    'heads stay': ({'num_heads': [3, 6, 12, 24]}, {'num_heads': [3, 6, 12, 24]}),
    'groups': ({'norm_cfg': {'num_groups': 32}}, {'norm_cfg': {'num_groups': 4}}),
    'depth': ({'depths': (2, 2, 18, 1)}, {'depths': (2, 2, 2, 1)}),
    'layers': ({'encoder': {'num_layers': 6}}, {'encoder': {'num_layers': 2}}),
    'stacked convolutions': ({'stacked_convs': 4, 'num_shared_convs': 4}, {'stacked_convs': 2, 'num_shared_convs': 2}),
    'stages stay': ({'num_stages': 4}, {'num_stages': 4}),
    'ResNet with bottlenecks': ({'depth': 101}, {'depth': 50}),
    'ResNet without': ({'depth': 34}, {'depth': 18}),
    'queries': ({'num_queries': 900}, {'num_queries': 32}),
    'samples': (
        {'train_cfg': {'rcnn': [{'sampler': {'num': 512, 'pos_fraction': 0.25}}]}},
        {'train_cfg': {'rcnn': [{'sampler': {'num': 32, 'pos_fraction': 0.25}}]}},
    ),
    'proposals': ({'rpn': {'nms_pre': 2000, 'max_per_img': 1000}}, {'rpn': {'nms_pre': 32, 'max_per_img': 32}}),
    'strides stay': ({'featmap_strides': [4, 8, 64, 128]}, {'featmap_strides': [4, 8, 64, 128]}),
    'losses stay': ({'loss_cls': {'num_queries': 900}}, {'loss_cls': {'num_queries': 900}}),
    'label that is ignored': ({'ignore_index': 255}, {'ignore_index': 255}),
    'switches stay': ({'num_layers': True}, {'num_layers': True}),
    'pictures of the preprocessor': (
        {'data_preprocessor': {'batch_augments': [{'random_size_range': (480, 800), 'size_divisor': 32}]}},
        {'data_preprocessor': {'batch_augments': [{'random_size_range': (60, 100), 'size_divisor': 32}]}},
    ),
}


@pytest.mark.fast
@pytest.mark.parametrize('model, expected', KEYS.values(), ids=KEYS)
def test_keys(model, expected):
    assert shrunk(model).to_dict() == expected


@pytest.mark.fast
def test_names_are_looked_up_where_the_model_is_at_home():
    head = {'type': 'UNetDecodeHead', 'in_channels': [16, 24, 40, 112, 320], 'num_classes': 11}
    small = shrunk({'type': 'EncoderDecoder', 'decode_head': head}).decode_head
    assert (small.in_channels, small.up_channels, small.channels) == ([2, 3, 5, 14, 40], (32, 16, 8, 4), 2)


@pytest.mark.fast
def test_defaults_shrink_too():
    assert shrunk({'type': 'FCNMaskHead'}).conv_out_channels == 32
    assert shrunk({'type': 'ATSSHead', 'num_classes': 80, 'in_channels': 256}).norm_cfg.num_groups == 4


@pytest.mark.fast
@pytest.mark.parametrize(
    'model, message',
    [
        ({'neck': {'new_thing': 256}}, r'what model\.neck\.new_thing = 256 means'),
        ({'neck': [{'widths': [[64, 128]]}]}, r'model\.neck\.0\.widths = 64'),
        ({'mask_head': {'type': 'CondInstMaskHead', 'num_params': 169}}, r'model\.mask_head\.num_params = 169'),
        ({'head': {'feat_channels': 100}}, r'cannot divide model\.head\.feat_channels = 100 by 8'),
    ],
    ids=['unknown', 'nested', 'made from others', 'not divisible'],
)
def test_what_it_cannot_do_is_named(model, message):
    with pytest.raises(UserError, match=message):
        shrunk(model)


@pytest.mark.fast
def test_pictures():
    pipeline = [
        {'type': 'RandomChoiceResize', 'scales': [(1024, 1024), (640, 1280)], 'keep_ratio': True},
        {'type': 'RandomAffine', 'border': (-320, -512), 'scaling_ratio_range': (0.1, 2.0)},
        {'type': 'Pad', 'size': (192, 192), 'pad_val': {'img': (114, 114, 114)}},
        {'type': 'MixUp'},
    ]
    cfg = config_of({}, pipeline)
    shrink(cfg)
    resize, affine, pad, mixup = cfg.train_dataloader.dataset.pipeline
    assert resize.scales == [(128, 128), (80, 160)]
    assert affine.border == (-40, -64) and affine.scaling_ratio_range == (0.1, 2.0)
    assert pad.size == (192, 192) and pad.pad_val.img == (114, 114, 114)
    assert mixup.img_scale == (80, 80)  # by default (640, 640)


@pytest.mark.fast
def test_loaders():
    cfg = config_of({})
    cfg.optim_wrapper.accumulative_counts = 4
    shrink(cfg)
    assert cfg.total_batch_size == 8 and 'batch_size' not in cfg.train_dataloader
    assert cfg.val_dataloader.batch_size == 1
    assert not cfg.train_dataloader.num_workers and not cfg.train_dataloader.persistent_workers


@pytest.mark.fast
def test_only_the_pictures():
    cfg = load_config('configs/trash/htc_swin_l.py')
    shrink(cfg, model=False, pictures=4)
    assert cfg.model.backbone.embed_dims == 192 and cfg.model.backbone.init_cfg is None
    assert cfg.test_dataloader.dataset.pipeline[1].scale == (256, 256)


UPSTREAM = [
    'ddq/ddq-detr-4scale_r50_8xb2-12e_coco.py',
    'detr/detr_r50_8xb2-150e_coco.py',
    'dino/dino-5scale_swin-l_8xb2-12e_coco.py',
    'fcos/fcos_r50-caffe_fpn_gn-head_1x_coco.py',
    'htc/htc-without-semantic_r50_fpn_1x_coco.py',
    'mask2former/mask2former_swin-l-p4-w12-384-in21k_16xb1-lsj-100e_coco-panoptic.py',
    'queryinst/queryinst_r50_fpn_1x_coco.py',
    'rtmdet/rtmdet_x_8xb32-300e_coco.py',
    'tood/tood_r50_fpn_1x_coco.py',
    'vfnet/vfnet_r50_fpn_1x_coco.py',
    'yolox/yolox_x_8xb8-300e_coco.py',
]


@pytest.mark.parametrize('name', UPSTREAM)
def test_families_of_upstream_build(name):
    import mmdet

    cfg = config_of(Config.fromfile(f'{mmdet.__path__[0]}/.mim/configs/{name}').model)
    shrink(cfg)
    with DefaultScope.overwrite_default_scope('mmdet'):
        model = MODELS.build(cfg.model)
    assert sum(weight.numel() for weight in model.parameters()) < 3e6
