"""A resumed or tested model takes all of a checkpoint, a start takes what fits, and both say what does not."""

import pytest
import torch
from torch import nn

from custom_modules.engine import load_weights
from custom_modules.engine.fitting import modules
from custom_modules.utils import UserError

pytestmark = pytest.mark.fast


def detector(*, width=4, depth=2, classes=3, neck='neck') -> nn.ModuleDict:
    """Two layers or more of a backbone, a neck, two heads of a cascade."""
    backbone = nn.Sequential(*(nn.Linear(width, width) for _ in range(depth)))
    heads = nn.ModuleList(nn.ModuleDict({'fc': nn.Linear(5, 5), 'fc_cls': nn.Linear(5, classes)}) for _ in range(2))
    return nn.ModuleDict({'backbone': backbone, neck: nn.Linear(width, 5), 'heads': heads})


def content(model, prefix=''):
    return {'state_dict': {prefix + key: value for key, value in model.state_dict().items()}}


@pytest.mark.parametrize('prefix', ['', 'module.'], ids=['plain', 'distributed'])
def test_everything_fits(prefix):
    source, target = detector(), detector()
    fit = load_weights(target, content(source, prefix), 'c.pth')
    assert fit.is_complete and not fit.warnings()
    assert fit.report() == ['c.pth: loaded 14 of the 14 tensors of the model: backbone, neck, heads']
    assert all(torch.equal(value, target.state_dict()[key]) for key, value in source.state_dict().items())


@pytest.mark.parametrize(
    ('other', 'words'),
    [
        pytest.param(
            {'classes': 4}, ['4 have another shape (heads.0-1.fc_cls', '4 x 5 in the file, 3 x 5'], id='classes'
        ),
        pytest.param({'depth': 1}, ['2 tensors of the model are not in it (backbone.1)'], id='missing'),
        pytest.param({'depth': 3}, ['2 of it have no place in the model (backbone.2)'], id='no-place'),
        pytest.param({'neck': 'pan'}, ['not in it (neck)', 'no place in the model (pan)'], id='renamed'),
    ],
)
def test_another_model_is_not_resumed_and_the_difference_is_named(other, words):
    target = detector()
    before = target.state_dict()['neck.weight'].clone()
    with pytest.raises(UserError, match='belongs to another model') as error:
        load_weights(target, content(detector(**other)), 'c.pth')
    assert all(word in str(error.value) for word in words), error.value
    assert torch.equal(target['neck'].weight, before)


def test_a_start_takes_what_fits_and_tells_the_rest():
    source, target = detector(classes=80, neck='pan'), detector()
    fit = load_weights(target, content(source), 'coco.pth', partial=True)
    assert fit.report() == [
        'coco.pth: loaded 8 of the 14 tensors of the model: backbone, heads.0-1.fc',
        '  left out, another shape: 4 (heads.0-1.fc_cls; heads.0.fc_cls.weight 80 x 5 in the file, 3 x 5 in the model)',
        '  not in the file, start untrained: 2 (neck)',
        '  no place in the model, left out: 2 (pan)',
    ]
    assert not fit.warnings()
    assert torch.equal(target['backbone'][1].weight, source['backbone'][1].weight)
    assert torch.equal(target['heads'][1]['fc'].bias, source['heads'][1]['fc'].bias)


def test_a_half_filled_backbone_is_a_warning():
    fit = load_weights(detector(depth=4), content(detector(depth=2)), 'c.pth', partial=True)
    assert fit.warnings() == [
        '4 of the 8 tensors of the backbone start untrained (backbone.2-3), c.pth does not have them'
    ]


@pytest.mark.parametrize(
    ('given', 'message'),
    [
        pytest.param({'other.weight': torch.zeros(1)}, 'nothing of it fits this model.*no place.*other', id='nothing'),
        pytest.param({}, 'nothing of it fits this model', id='empty'),
        pytest.param(
            detector(width=6).state_dict(),
            r'only 0 of the 4 tensors of the backbone fit.*6 x 6 in the file, 4 x 4 in the model.*--load-from none',
            id='another-backbone',
        ),
    ],
)
def test_a_start_that_must_be_a_mistake_is_refused(given, message):
    with pytest.raises(UserError, match=message):
        load_weights(detector(), {'state_dict': given}, 'c.pth', partial=True)


@pytest.mark.parametrize('partial', [True, False], ids=['start', 'resume'])
def test_broken_weights_are_refused(partial):
    source, target = detector(), detector()
    source['neck'].bias.data[1] = torch.nan
    with pytest.raises(UserError, match=r'c.pth: holds values that are not finite \(neck.bias\)'):
        load_weights(target, content(source), 'c.pth', partial=partial)
    assert not torch.equal(target['neck'].weight, source['neck'].weight)


def test_what_is_no_tensor_is_ignored():
    weights = content(detector())
    weights['state_dict']['version'] = 3
    assert load_weights(detector(), weights, 'c.pth').is_complete


@pytest.mark.parametrize(
    ('keys', 'expected'),
    [
        pytest.param(['a.x', 'a.y'], 'a', id='whole-module'),
        pytest.param(['a.x'], 'a.x', id='part-of-a-module'),
        pytest.param(['b.0.w', 'b.1.w', 'b.2.w'], 'b.0-2.w', id='numbered-alike'),
        pytest.param(['b.0.w', 'b.2.w'], 'b.0,2.w', id='numbers-with-a-gap'),
        pytest.param(['b.1.w', 'b.1.v', 'c'], 'b.1, c', id='one-of-a-list'),
        pytest.param([], '', id='none'),
    ],
)
def test_modules_are_named_as_largely_as_they_can_be(keys, expected):
    universe = ['a.x', 'a.y', 'b.0.w', 'b.0.v', 'b.1.w', 'b.1.v', 'b.2.w', 'b.2.v', 'c']
    assert modules(keys, universe) == expected


def test_many_modules_are_counted():
    assert modules('abcdefgh', 'abcdefgh', most=3) == 'a, b, c and 5 more'
