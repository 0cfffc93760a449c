"""VGG as a convolutional network gives what the classifier's layers give on the map they were trained on."""

import itertools

import pytest
import torch
from mmengine.runner.checkpoint import load_state_dict
from torch import nn

from custom_modules.models import ConvolutionalVGG

SMALL = {'num_convs': (1, 1, 1, 1, 1), 'base_channels': 4, 'fc_channels': 10, 'fc_size': 3}


def classifier() -> nn.Module:
    """Make a classifier of torchvision's layout for pictures of 96 px."""
    widths, layers = [3, 4, 8, 16, 32, 32], []
    for before, after in itertools.pairwise(widths):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    model = nn.Module()
    model.features = nn.Sequential(*layers)
    hidden = [nn.Linear(32 * 9, 10), nn.ReLU(), nn.Dropout(), nn.Linear(10, 10), nn.ReLU()]
    model.classifier = nn.Sequential(*hidden, nn.Dropout(), nn.Linear(10, 7))
    return model.eval()


@pytest.mark.parametrize(
    'load', [lambda m, w: m.load_state_dict(w, strict=False), load_state_dict], ids=['torch', 'mm']
)
def test_a_classifier_s_weights(load):
    torch.manual_seed(0)
    trained, model = classifier(), ConvolutionalVGG(**SMALL).eval()
    weights = {key: value.clone() for key, value in trained.state_dict().items()}
    load(model, weights)
    picture = torch.randn(1, 3, 96, 96)
    with torch.no_grad():
        *_, hidden = model(picture)
        expected = trained.classifier[:5](trained.features(picture).flatten(1))
    torch.testing.assert_close(hidden[..., 1, 1], expected)


def test_maps_and_size():
    """138.4 million parameters (Simonyan and Zisserman, 2015, table 2) less the classes' 4,097,000."""
    with torch.device('meta'):
        model = ConvolutionalVGG()
    assert sum(weight.numel() for weight in model.parameters()) == 138_357_544 - 4_097_000
    maps = model.eval()(torch.empty(1, 3, 64, 96, device='meta'))
    assert [tuple(part.shape[1:]) for part in maps] == [(256, 8, 12), (512, 4, 6), (4096, 2, 3)]


@pytest.mark.fast
def test_names_are_torchvision_s():
    model = ConvolutionalVGG(base_channels=8, fc_channels=8)
    names = {key.removesuffix('.weight') for key in model.state_dict() if key.endswith('.weight')}
    convolutions = [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28]
    assert names == {f'features.{i}' for i in convolutions} | {'classifier.0', 'classifier.3'}


@pytest.mark.fast
def test_five_poolings():
    with pytest.raises(ValueError, match='give 5 numbers'):
        ConvolutionalVGG((1, 1))


def count_saved(model: nn.Module, picture: torch.Tensor) -> tuple[tuple[torch.Tensor, ...], int]:
    """Calculate a model's maps, and how many numbers are kept for the backward pass."""
    sizes = []
    with torch.autograd.graph.saved_tensors_hooks(lambda x: sizes.append(x.numel()) or x, lambda x: x):
        maps = model(picture)
    return maps, sum(sizes)


def test_recomputing_keeps_pooled_maps_only_and_changes_nothing():
    picture, found = torch.randn(1, 3, 96, 96), {}
    for with_cp in (False, True):
        torch.manual_seed(0)
        model = ConvolutionalVGG(**SMALL, dropout_ratio=0.0, with_cp=with_cp)
        maps, size = count_saved(model, picture)
        sum(one.square().sum() for one in maps).backward()
        found[with_cp] = (size, [weight.grad for weight in model.parameters()])
    assert found[True][0] < 0.5 * found[False][0]
    assert all(map(torch.equal, found[True][1], found[False][1]))
