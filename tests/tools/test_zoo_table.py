"""The README's table follows from the configs."""

import json
from pathlib import Path

import pytest

from custom_modules.utils import UserError
from tools import zoo_table
from tools.zoo_table import (
    BEGIN,
    END,
    backbone_name,
    main,
    model_key,
    model_name,
    neck_name,
    read_leaf,
    replace_between_marks,
    short_score,
)


def test_the_readme_is_up_to_date(capsys):
    assert main(['--check']) == 0, 'run: python tools/zoo_table.py'
    assert 'up to date' in capsys.readouterr().out


LEAF = '''"""{what}

    tools/dist_train.sh configs/trash/{name}.py 4

{score}
"""

_base_ = '{base}'
load_from = None
'''


@pytest.fixture
def small_zoo(tmp_path, monkeypatch) -> Path:
    """A repository of one config, with a README that has a place for the table."""
    demo = zoo_table.ROOT / 'configs' / 'demo' / 'atss_swin.py'
    text = LEAF.format(what='The demo.', name='tiny', score='Score: mAP50 0.25 on\nphotographs.', base=demo)
    folder = tmp_path / 'configs' / 'trash'
    folder.mkdir(parents=True)
    (folder / 'tiny.py').write_text(text)
    (folder / 'htc_swin_b.py').write_text(text.replace('mAP50 0.25 on\nphotographs', 'not measured'))
    (folder / 'htc_swin_b_more.py').write_text(text.replace('The demo', 'HTC with Swin-B: more of it'))
    (tmp_path / 'README.md').write_text(f'before\n{BEGIN}\nold\n{END}\nafter\n')
    monkeypatch.setattr(zoo_table, 'ROOT', tmp_path)
    monkeypatch.setattr(zoo_table, 'README', tmp_path / 'README.md')
    monkeypatch.setattr(zoo_table, 'COSTS', tmp_path / 'costs.json')
    return tmp_path


@pytest.mark.fast
def test_writes_between_the_marks(small_zoo, capsys):
    assert main(['--check']) == 1
    assert 'old' in (small_zoo / 'README.md').read_text()
    assert main([]) == 0
    text = (small_zoo / 'README.md').read_text()
    (cost,) = json.loads((small_zoo / 'costs.json').read_text()).values()
    billions, millions = cost['flops'] / 1e9, cost['parameters'] / 1e6
    row = f'| ATSS | Swin, 32 channels | FPN | {millions:.1f} | {billions:.1f} | 192 x 192 | none |'
    assert f'| `configs/trash/tiny.py` {row} 0.25 |' in text
    assert f'| `configs/trash/htc_swin_b.py` {row} |' in text
    assert '| `htc_swin_b_more.py` | more of it | | | 0.25 |' in text
    assert text.startswith('before\n') and text.endswith(f'{END}\nafter\n') and 'old' not in text
    assert main(['--check']) == 0


@pytest.mark.fast
def test_segmenters_have_a_table_of_their_own(small_zoo):
    demo = Path(__file__).resolve().parents[2] / 'configs' / 'demo' / 'upernet_swin.py'
    text = LEAF.format(what='The demo.', name='tiny_seg', score='Score: mIoU 0.5 on photographs.', base=demo)
    (small_zoo / 'configs' / 'trash' / 'tiny_seg.py').write_text(text)
    assert main([]) == 0
    text = (small_zoo / 'README.md').read_text()
    detectors, segmenters = text.split('| config | segmenter |')
    assert '| `configs/trash/tiny_seg.py` | UPerNet | Swin, 32 channels |' in segmenters
    assert '| 192 x 192 | none | 0.5 |' in segmenters and 'tiny_seg' not in detectors


@pytest.mark.fast
def test_a_new_model_is_out_of_date_and_is_not_counted_by_the_check(small_zoo, capsys):
    assert main([]) == 0
    path = small_zoo / 'configs' / 'trash' / 'tiny.py'
    path.write_text(path.read_text() + 'model = dict(bbox_head=dict(stacked_convs=1))\n')
    assert main(['--check']) == 1
    assert 'run python tools/zoo_table.py' in capsys.readouterr().out


@pytest.mark.fast
def test_no_place_for_the_table():
    with pytest.raises(UserError, match='has no place'):
        replace_between_marks('nothing', 'table')


WRONG = {
    'no score': '"""What.\n\n    command\n"""',
    'score not last': '"""What.\n\nScore: not measured.\n\n    command\n"""',
    'score without a full stop': '"""What.\n\n    command\n\nScore: not measured\n"""',
    'no command': '"""What.\n\nScore: not measured.\n"""',
    'no sentence': '"""What\n\n    command\n\nScore: not measured.\n"""',
    'nothing': '',
}


@pytest.mark.fast
@pytest.mark.parametrize('text', WRONG.values(), ids=WRONG)
def test_docstrings_of_another_form(tmp_path, text):
    path = tmp_path / 'leaf.py'
    path.write_text(text)
    with pytest.raises(UserError, match='docstring'):
        read_leaf(path)


@pytest.mark.fast
def test_names():
    swin = {'type': 'mmdet.SwinTransformer', 'embed_dims': 128, 'depths': [2, 2, 18, 2]}
    assert backbone_name(swin) == 'Swin-B'
    assert backbone_name({**swin, 'embed_dims': 64}) == 'Swin, 64 channels'
    assert backbone_name({'type': 'ResNeXt', 'depth': 101, 'groups': 64, 'base_width': 4}) == 'ResNeXt-101 64x4d'
    assert backbone_name({'type': 'ResNet', 'depth': 50}) == 'ResNet-50'
    assert (
        backbone_name({'type': 'CSPNeXt', 'widen_factor': 0.5, 'deepen_factor': 1.0}) == 'CSPNeXt, width 0.5, depth 1'
    )
    assert [model_name({'type': name}) for name in ('mmdet.ATSS', 'TrashDINO', 'HybridTaskCascade')] == [
        *('ATSS', 'DINO', 'HTC')
    ]
    heads = ('UPerHead', 'mmseg.UNetDecodeHead', 'OtherHead')
    named = [model_name({'type': 'EncoderDecoder', 'decode_head': {'type': head}}) for head in heads]
    assert named == ['UPerNet', 'U-Net', 'OtherHead']
    mits = [
        {'type': 'MixVisionTransformer', 'embed_dims': d, 'num_layers': [n] * 4}
        for d, n in ((32, 2), (64, 2), (64, 13))
    ]
    assert [backbone_name(mit) for mit in mits] == ['MiT-B0', 'MiT-B1', 'MiT-B5']
    assert backbone_name({'type': 'DilatedEfficientNet', 'arch': 'b4'}) == 'EfficientNet-b4'
    assert backbone_name({'type': 'ResNetV1c', 'depth': 50}) == 'ResNet-50'
    assert neck_name([{'type': 'FPN'}, {'type': 'mmdet.DyHead'}]) == 'FPN, DyHead' and neck_name(None) == ''


@pytest.mark.fast
@pytest.mark.parametrize(
    'score, short',
    [
        ('not measured.', ''),
        ('mAP50 0.533 on the demo.', '0.533'),
        ('mAP50 0.533 on 80 synthetic pictures.', '0.533 (synthetic)'),
        ('mIoU 0.704 on photographs.', '0.704'),
    ],
)
def test_short_score(score, short):
    assert short_score(score) == short


@pytest.mark.fast
def test_what_decides_the_cost():
    model = {'backbone': {'type': 'A', 'init_cfg': {'checkpoint': 'x'}}, 'train_cfg': {'a': 1}, 'heads': (1, 2)}
    key = model_key(model, (64, 64))
    assert key == model_key({'heads': [1, 2], 'backbone': {'type': 'A'}}, (64, 64))
    assert key != model_key(model, (64, 65))
    assert key != model_key({**model, 'heads': [1, 3]}, (64, 64))
