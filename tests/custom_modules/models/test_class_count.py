"""The class count reaches every head of upstream's families, without a list of them."""

from itertools import chain
from pathlib import Path

import mmseg
import pytest
import torch
from mmdet.models import RPNHead
from mmdet.registry import MODELS
from mmengine.config import Config, ConfigDict
from mmengine.registry import DefaultScope
from mmseg.registry import MODELS as MMSEG_MODELS

from custom_modules.models import set_num_classes
from custom_modules.utils import UserError

FAMILIES = [
    'atss/atss_r50_fpn_1x_coco.py',
    'cascade_rcnn/cascade-mask-rcnn_r50_fpn_1x_coco.py',
    'condinst/condinst_r50_fpn_ms-poly-90k_coco_instance.py',
    'ddq/ddq-detr-4scale_r50_8xb2-12e_coco.py',
    'deformable_detr/deformable-detr_r50_16xb2-50e_coco.py',
    'detr/detr_r50_8xb2-150e_coco.py',
    'dino/dino-4scale_r50_8xb2-12e_coco.py',
    'faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py',
    'fcos/fcos_r50-caffe_fpn_gn-head_1x_coco.py',
    'htc/htc_r50_fpn_1x_coco.py',
    'htc/htc-without-semantic_r50_fpn_1x_coco.py',
    'lad/lad_r101-paa-r50_fpn_2xb8_coco_1x.py',
    'mask2former/mask2former_r50_8xb2-lsj-50e_coco.py',
    'mask2former/mask2former_r50_8xb2-lsj-50e_coco-panoptic.py',
    'maskformer/maskformer_r50_ms-16xb1-75e_coco.py',
    'ms_rcnn/ms-rcnn_r50_fpn_1x_coco.py',
    'panoptic_fpn/panoptic-fpn_r50_fpn_1x_coco.py',
    'point_rend/point-rend_r50-caffe_fpn_ms-1x_coco.py',
    'queryinst/queryinst_r50_fpn_1x_coco.py',
    'retinanet/retinanet_r50_fpn_1x_coco.py',
    'rtmdet/rtmdet_s_8xb32-300e_coco.py',
    'rtmdet/rtmdet-ins_s_8xb32-300e_coco.py',
    'scnet/scnet_r50_fpn_1x_coco.py',
    'seesaw_loss/cascade-mask-rcnn_r101_fpn_seesaw-loss_random-ms-2x_lvis-v1.py',
    'solov2/solov2_r50_fpn_1x_coco.py',
    'sparse_rcnn/sparse-rcnn_r50_fpn_1x_coco.py',
    'tood/tood_r50_fpn_1x_coco.py',
    'vfnet/vfnet_r50_fpn_1x_coco.py',
    'yolact/yolact_r50_1xb8-55e_coco.py',
    'yolox/yolox_s_8xb8-300e_coco.py',
]
# upstream's counts, with background, things and stuff, and the dummy outputs of SeesawLoss
UPSTREAM_SIZES = {80, 81, 133, 134, 183, 365, 366, 601, 602, 1203, 1204, 1205}
# channels that merely look like a class count (RegNet, YOLOX)
NO_HEADS = ('backbone', 'neck', 'teacher_model', 'detector.backbone', 'detector.neck')
NO_META = 'Tensor.item', 'process group', 'mmpretrain', 'lap is not', 'Detectron2', 'fairscale', 'No such file', 'fetch'


def build_without_memory(model: dict) -> torch.nn.Module:
    """Build a model of parameters that have a shape only: 100 times faster."""
    with torch.device('meta'):
        return MODELS.build(model)


def wrong_sizes(model: torch.nn.Module) -> list[str]:
    """Name the tensors of heads that still have upstream's class count."""
    tensors = chain(model.named_parameters(), model.named_buffers())
    heads = [(name, tensor) for name, tensor in tensors if not name.startswith(NO_HEADS)]
    return [f'{name} {tuple(tensor.shape)}' for name, tensor in heads if UPSTREAM_SIZES & set(tensor.shape)]


def wrong_counts(model: torch.nn.Module, right: int) -> list[str]:
    """Name the modules that say they have another class count."""
    found = []
    for name, module in model.named_modules():
        # stuff and one channel for all things; a head under two names
        one = isinstance(module, RPNHead) or 'rpn' in name or type(module).__name__ == 'PanopticFPNHead'
        expected = 1 if one else right
        if getattr(module, 'num_classes', expected) != expected and not name.startswith(NO_HEADS):
            found.append(f'{name}.num_classes {module.num_classes}')
    return found


@pytest.mark.parametrize('name', FAMILIES)
def test_family(upstream_model, name):
    model = upstream_model(name)
    before = model.to_dict()
    changed = set_num_classes(model, 7)
    assert changed and model.to_dict() != before
    assert set_num_classes(model, 7) == []
    if 'lad' not in name:  # fetches its teacher when built
        built = build_without_memory(model)
        assert wrong_sizes(built) == [] and wrong_counts(built, 7) == []


@pytest.mark.slow
def test_every_upstream_config(upstream_folder):
    seen, built_count = 0, 0
    problems = []
    for path in sorted(upstream_folder.glob('*/*.py')):
        family = path.parent.name
        if family in ('_base_', 'common', 'dsdl', 'rpn', 'guided_anchoring', 'clrnet', 'cascade_rpn', 'reid'):
            continue
        try:
            model = Config.fromfile(path).model
        except (ImportError, FileNotFoundError, AttributeError):
            continue
        seen += 1
        if not set_num_classes(model, 7) or set_num_classes(model, 7):
            problems.append(path)
        try:
            built = build_without_memory(model)
        except Exception as error:
            if not any(reason in str(error) for reason in NO_META):
                raise
            continue
        built_count += 1
        problems += [f'{path}: {found}' for found in wrong_sizes(built) + wrong_counts(built, 7)]
    assert seen > 500 and built_count > 400
    assert problems == []


# Background is among the classes of a segmenter.  19, 59, 60, 150, 171: of upstream's data sets.
SEGMENTERS = [
    'deeplabv3plus/deeplabv3plus_r50-d8_4xb4-160k_ade20k-512x512.py',
    'fcn/fcn_r50-d8_4xb4-40k_pascal-context-480x480.py',
    'knet/knet-s3_r50-d8_upernet_8xb2-adamw-80k_ade20k-512x512.py',
    'mask2former/mask2former_r50_8xb2-160k_ade20k-512x512.py',
    'ocrnet/ocrnet_hr18_4xb4-160k_ade20k-512x512.py',
    'pspnet/pspnet_r50-d8_4xb4-160k_coco-stuff164k-512x512.py',
    'segformer/segformer_mit-b0_8xb2-160k_ade20k-512x512.py',
    'segmenter/segmenter_vit-t_mask_8xb1-160k_ade20k-512x512.py',
    'segnext/segnext_mscan-t_1xb16-adamw-160k_ade20k-512x512.py',
    'swin/swin-tiny-patch4-window7-in1k-pre_upernet_8xb2-160k_ade20k-512x512.py',
]
SEGMENTER_SIZES = {19, 20, 59, 60, 150, 151, 171}


@pytest.mark.parametrize('name', SEGMENTERS)
def test_segmenter(name):
    model = Config.fromfile(Path(mmseg.__file__).parent / '.mim' / 'configs' / name).model
    model.pretrained = None
    changed = set_num_classes(model, 11)
    assert set_num_classes(model, 11) == [] and any(key.endswith('num_classes') for key in changed)
    with DefaultScope.overwrite_default_scope('mmseg'):
        built = MMSEG_MODELS.build(model)
    tensors = [(name, tensor) for name, tensor in built.named_parameters() if 'backbone' not in name]
    assert [name for name, tensor in tensors if SEGMENTER_SIZES & set(tensor.shape)] == []
    counts = {name: module.num_classes for name, module in built.named_modules() if hasattr(module, 'num_classes')}
    assert set(counts.values()) == {11}


@pytest.mark.fast
def test_weights_of_a_segmenter_s_classes():
    losses = [{'type': 'CrossEntropyLoss', 'class_weight': [1.0] * 19}, {'type': 'DiceLoss'}]
    queries = {'type': 'mmdet.CrossEntropyLoss', 'class_weight': [1.0] * 19 + [0.1]}
    model = ConfigDict(
        type='EncoderDecoder',
        auxiliary_head={'type': 'FCNHead', 'num_classes': 19, 'loss_decode': losses},
        decode_head={'type': 'Mask2FormerHead', 'num_classes': 19, 'out_channels': 256, 'loss_cls': queries},
    )
    assert set_num_classes(model, 3) == [
        'auxiliary_head.num_classes',
        'auxiliary_head.loss_decode.0.class_weight',
        'decode_head.num_classes',
        'decode_head.loss_cls.class_weight',
    ]
    assert model.auxiliary_head.loss_decode[0].class_weight == [1.0] * 3
    assert model.decode_head.loss_cls.class_weight == [1.0] * 3 + [0.1]
    assert model.decode_head.out_channels == 256  # of its pixel decoder


MAPS = {
    'one for each': (19, 19, 4, 4),
    'not named': (19, None, 4, None),
    'one for two': (2, 1, 2, 1),
    'one for two no longer': (2, 1, 4, 4),
}


@pytest.mark.fast
@pytest.mark.parametrize('classes, maps, new, expected', MAPS.values(), ids=MAPS)
def test_maps_of_a_decode_head(classes, maps, new, expected):
    head = {'type': 'FCNHead', 'num_classes': classes, 'out_channels': maps}
    model = ConfigDict(type='EncoderDecoder', decode_head=head)
    set_num_classes(model, new)
    assert (model.decode_head.num_classes, model.decode_head.out_channels) == (new, expected)


@pytest.mark.fast
def test_defaults_count_too():
    model = ConfigDict(
        roi_head={'bbox_head': {'type': 'Shared2FCBBoxHead'}, 'mask_head': [{'type': 'FCNMaskHead'}] * 2}
    )
    assert set_num_classes(model, 7) == [
        'roi_head.bbox_head.num_classes',
        'roi_head.mask_head.0.num_classes',
        'roi_head.mask_head.1.num_classes',
    ]
    assert model.roi_head.bbox_head.num_classes == model.roi_head.mask_head[1].num_classes == 7


@pytest.mark.fast
def test_our_own_heads_follow():
    model = ConfigDict(mask_head={'type': 'TrashHTCMaskHead', 'with_conv_res': False})
    assert set_num_classes(model, 11) == ['mask_head.num_classes']


@pytest.mark.fast
@pytest.mark.parametrize(
    'part',
    [
        {'rpn_head': {'type': 'FCOSHead', 'num_classes': 1}},
        {'head': {'type': 'RPNHead', 'in_channels': 8}},
        {'backbone': {'type': 'SSDVGG', 'num_classes': 1000}},
        {'neck': {'type': 'FPN'}},
        {'neck': {'type': 'not_installed.Neck'}},
    ],
    ids=['rpn_head', 'RPNHead elsewhere', 'backbone', 'nothing with classes', 'not installed'],
)
def test_left_alone(part):
    model = ConfigDict(part)
    before = model.to_dict()
    assert set_num_classes(model, 7) == [] and model.to_dict() == before


@pytest.mark.fast
def test_things_and_stuff():
    head = {
        'type': 'Mask2FormerHead',
        'num_things_classes': 80,
        'num_stuff_classes': 53,
        'loss_cls': {'type': 'CrossEntropyLoss', 'class_weight': [1.0] * 133 + [0.1]},
    }
    model = ConfigDict(panoptic_head=head)
    changed = set_num_classes(model, 3)
    assert changed == [
        'panoptic_head.num_things_classes',
        'panoptic_head.num_stuff_classes',
        'panoptic_head.loss_cls.class_weight',
    ]
    assert (model.panoptic_head.num_things_classes, model.panoptic_head.num_stuff_classes) == (3, 0)
    assert model.panoptic_head.loss_cls.class_weight == [1.0, 1.0, 1.0, 0.1]


WEIGHTS = {
    'one each': ([0.5] * 80, [0.5] * 3),
    'one each and background': ([1.0] * 80 + [0.2], [1.0] * 3 + [0.2]),
    'chosen for the data set': ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]),
    'chosen, with background': ([1.0, 2.0, 3.0, 0.1], [1.0, 2.0, 3.0, 0.1]),
    'one for all': (1.0, 1.0),
}


@pytest.mark.fast
@pytest.mark.parametrize('weights, expected', WEIGHTS.values(), ids=WEIGHTS)
def test_class_weights(weights, expected):
    model = ConfigDict(
        bbox_head={'type': 'RetinaHead', 'num_classes': 80, 'loss_cls': {'type': 'X', 'class_weight': weights}}
    )
    set_num_classes(model, 3)
    assert model.bbox_head.loss_cls.class_weight == expected


@pytest.mark.fast
def test_weights_for_other_classes():
    loss = {'type': 'CrossEntropyLoss', 'class_weight': [1.0, 2.0, 3.0, 4.0, 5.0]}
    model = ConfigDict(bbox_head={'type': 'RetinaHead', 'num_classes': 5, 'loss_cls': loss})
    with pytest.raises(UserError, match=r'model\.bbox_head\.loss_cls\.class_weight has 5 weights.* 3 classes'):
        set_num_classes(model, 3)


def test_the_weight_of_background_stays_first_in_a_decode_head():
    loss = {'type': 'SmoothedCrossEntropyLoss', 'class_weight': [0.3, 1.0, 1.0, 1.0]}
    model = ConfigDict(type='EncoderDecoder', decode_head={'type': 'FCNHead', 'num_classes': 4, 'loss_decode': loss})
    assert 'decode_head.loss_decode.class_weight' in set_num_classes(model, 6)
    assert model.decode_head.loss_decode.class_weight == [0.3, 1.0, 1.0, 1.0, 1.0, 1.0]


@pytest.mark.parametrize(('count', 'expected'), [(4, [1.0] * 4), (2, [1.0] * 2)], ids=['as-many-classes', 'fewer'])
def test_the_weight_of_background_goes_where_there_is_none(count, expected):
    loss = {'type': 'SmoothedCrossEntropyLoss', 'class_weight': [0.3, 1.0, 1.0, 1.0]}
    model = ConfigDict(type='EncoderDecoder', decode_head={'type': 'FCNHead', 'num_classes': 4, 'loss_decode': loss})
    assert 'decode_head.loss_decode.class_weight' in set_num_classes(model, count, has_background=False)
    assert model.decode_head.loss_decode.class_weight == expected


@pytest.mark.fast
def test_weights_are_counted_though_the_classes_stay_as_many():
    loss = {'type': 'mmseg.CrossEntropyLoss', 'class_weight': [1.0, 2.0, 3.0]}
    model = ConfigDict(type='EncoderDecoder', decode_head={'type': 'FCNHead', 'num_classes': 11, 'loss_decode': loss})
    with pytest.raises(UserError, match='has 3 weights, the data set 11 classes'):
        set_num_classes(model, 11)
