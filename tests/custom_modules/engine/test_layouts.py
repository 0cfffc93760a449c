"""Weights in the Swin authors' layout give the same outputs as in the model they were trained in."""

import argparse
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmdet.models.backbones import SwinTransformer
from mmengine.config import ConfigDict
from mmengine.logging import HistoryBuffer
from torch import nn

from custom_modules.engine import load_weights, read_checkpoint
from custom_modules.engine.layouts import to_our_layout

WINDOW = 4
SHAPE = dict(embed_dims=8, depths=(2, 2), num_heads=(2, 4), window_size=WINDOW, strides=(4, 2), out_indices=(0, 1))


class OldAttention(nn.Module):
    """Attention inside windows, its position index computed as the Swin paper (2021, equation 4) describes it."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.relative_position_bias_table = nn.Parameter(torch.randn((2 * WINDOW - 1) ** 2, heads))
        row, column = (axis.flatten() for axis in torch.meshgrid(*[torch.arange(WINDOW)] * 2, indexing='ij'))
        difference = [axis[:, None] - axis[None, :] + WINDOW - 1 for axis in (row, column)]
        self.register_buffer('relative_position_index', difference[0] * (2 * WINDOW - 1) + difference[1])
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x, mask):
        windows, tokens, width = x.shape
        q, k, v = self.qkv(x).view(windows, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        bias = self.relative_position_bias_table[self.relative_position_index].permute(2, 0, 1)
        scores = q @ k.transpose(-1, -2) * (width // self.heads) ** -0.5 + bias
        if mask is not None:
            scores = scores + mask.repeat(windows // len(mask), 1, 1)[:, None]
        return self.proj((scores.softmax(-1) @ v).transpose(1, 2).reshape(windows, tokens, width))


class OldMlp(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


def windows_of(x):
    n, h, w, width = x.shape
    x = x.view(n, h // WINDOW, WINDOW, w // WINDOW, WINDOW, width).transpose(2, 3)
    return x.reshape(-1, WINDOW * WINDOW, width)


class OldBlock(nn.Module):
    def __init__(self, width, heads, shift):
        super().__init__()
        self.shift = shift
        self.norm1, self.attn = nn.LayerNorm(width), OldAttention(width, heads)
        self.norm2, self.mlp = nn.LayerNorm(width), OldMlp(width)

    def forward(self, x):
        n, h, w, width = x.shape
        y, mask = self.norm1(x), None
        if self.shift:
            y = y.roll((-self.shift, -self.shift), (1, 2))
            region = torch.zeros(1, h, w, 1)
            for i, rows in enumerate((slice(-WINDOW), slice(-WINDOW, -self.shift), slice(-self.shift, None))):
                for j, columns in enumerate((slice(-WINDOW), slice(-WINDOW, -self.shift), slice(-self.shift, None))):
                    region[:, rows, columns] = 3 * i + j
            region = windows_of(region)[..., 0]
            mask = (region[:, None] != region[:, :, None]) * -100.0
        y = self.attn(windows_of(y), mask)
        y = y.view(n, h // WINDOW, w // WINDOW, WINDOW, WINDOW, width).transpose(2, 3).reshape(n, h, w, width)
        x = x + (y.roll((self.shift, self.shift), (1, 2)) if self.shift else y)
        return x + self.mlp(self.norm2(x))


class OldMerging(nn.Module):
    """Four neighbours concatenated column by column: (0, 0), (1, 0), (0, 1), (1, 1)."""

    def __init__(self, width):
        super().__init__()
        self.reduction, self.norm = nn.Linear(4 * width, 2 * width, bias=False), nn.LayerNorm(4 * width)

    def forward(self, x):
        corners = [x[:, row::2, column::2] for column in (0, 1) for row in (0, 1)]
        return self.reduction(self.norm(torch.cat(corners, -1)))


class OldLayer(nn.Module):
    def __init__(self, width, heads, last):
        super().__init__()
        self.blocks = nn.ModuleList(OldBlock(width, heads, shift) for shift in (0, WINDOW // 2))
        self.downsample = None if last else OldMerging(width)


class OldSwin(nn.Module):
    """Swin of two stages with the module names of its authors' detection code, written out from the paper."""

    def __init__(self):
        super().__init__()
        self.patch_embed = nn.ModuleDict({'proj': nn.Conv2d(3, 8, 4, 4), 'norm': nn.LayerNorm(8)})
        self.layers = nn.ModuleList([OldLayer(8, 2, last=False), OldLayer(16, 4, last=True)])
        self.norm0, self.norm1 = nn.LayerNorm(8), nn.LayerNorm(16)
        for parameter in self.parameters():  # norms, too: their order matters
            nn.init.normal_(parameter, std=0.3)

    def forward(self, x):
        x = self.patch_embed['norm'](self.patch_embed['proj'](x).permute(0, 2, 3, 1))
        outputs = []
        for layer, norm in zip(self.layers, (self.norm0, self.norm1), strict=True):
            for block in layer.blocks:
                x = block(x)
            outputs.append(norm(x).permute(0, 3, 1, 2))
            x = layer.downsample(x) if layer.downsample else x
        return outputs


def new_swin(**changes) -> nn.ModuleDict:
    """mmdet's Swin of the same shape, inside a model."""
    return nn.ModuleDict(
        {'backbone': SwinTransformer(**{**SHAPE, 'drop_path_rate': 0.0, **changes}), 'neck': nn.Linear(2, 2)}
    )


@pytest.fixture(scope='module')
def old() -> OldSwin:
    """A network in the old layout with random weights everywhere."""
    torch.manual_seed(0)
    return OldSwin().eval()


def published(old, folder, kind) -> Path:
    """A file as the authors published theirs, of a detector or of a classifier."""
    weights = {name: value.detach().clone() for name, value in old.state_dict().items()}
    if kind == 'classifier':
        # Stage outputs have norms in detectors only; a mask is kept for the one picture size.
        weights = {name: value for name, value in weights.items() if not name.startswith('norm')}
        weights |= {'layers.0.blocks.1.attn_mask': torch.zeros(4, 16, 16), 'head.weight': torch.zeros(10, 16)}
        file = {'model': weights}
    else:
        state = {0: {'step': 3, 'exp_avg': torch.zeros(3)}}
        history = HistoryBuffer([1.0, 2.0], [1, 1])
        file = {
            'meta': {'epoch': 36, 'CLASSES': ('cup', 'spoon'), 'score': np.float64(0.5), 'loss': np.zeros(3)},
            'state_dict': {f'backbone.{name}': value for name, value in weights.items()},
            'optimizer': {'state': state, 'param_groups': [{'lr': 1e-4, 'params': [0]}]},
            'amp': {'loss_scaler0': {'loss_scale': 65536.0, 'unskipped': 12}},
            'message_hub': {'log_scalars': {'loss': history}},
            'args': argparse.Namespace(config='swin.py'),
        }
        file['state_dict']['mask_head.weight'] = torch.zeros(3)
    # Published checkpoints are in the format of torch before 1.6.
    torch.save(file, folder / f'{kind}.pth', _use_new_zipfile_serialization=kind == 'classifier')
    return folder / f'{kind}.pth'


@pytest.mark.fast
def test_a_detector_in_the_old_layout_gives_the_same_outputs(old, tmp_path):
    path = published(old, tmp_path, 'detector')
    model = new_swin().eval()
    fit = load_weights(model, read_checkpoint(path), path.name, partial=True)
    assert (fit.missing, fit.unexpected, fit.reshaped) == (['neck.weight', 'neck.bias'], ['mask_head.weight'], [])
    pictures = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        expected, outputs = old(pictures), model['backbone'](pictures)
    for one, other in zip(expected, outputs, strict=True):
        assert one.std() > 0.1
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


def test_the_position_index_is_the_same(old):
    ours = new_swin()['backbone'].state_dict()['stages.0.blocks.0.attn.w_msa.relative_position_index']
    assert torch.equal(ours, old.layers[0].blocks[0].attn.relative_position_index)


@pytest.mark.parametrize('window', [4, 7], ids=['same-window', 'larger-window'])
def test_both_ways_of_starting_from_a_classifier_agree(old, tmp_path, window):
    """As start weights of the whole model, and as upstream's start of the backbone alone."""
    path = published(old, tmp_path, 'classifier')
    if window != WINDOW:  # upstream stumbles over an index of another size
        file = torch.load(path)
        file['model'] = {key: value for key, value in file['model'].items() if not key.endswith('position_index')}
        torch.save(file, path)
    torch.manual_seed(1)
    ours = new_swin(window_size=window)
    fit = load_weights(ours, read_checkpoint(path), path.name, partial=True)
    assert not fit.reshaped and not fit.unexpected
    start = ConfigDict(type='Pretrained', checkpoint=str(path))
    theirs = new_swin(window_size=window, convert_weights=True, init_cfg=start)['backbone']
    theirs.init_weights()
    theirs = theirs.state_dict()
    assert ('position tables' in fit.report()[-1]) == (window != WINDOW)
    assert fit.resized == (0 if window == WINDOW else 4)
    loaded = [key.removeprefix('backbone.') for key in fit.loaded]
    assert len(loaded) == 2 + 2 + 4 * 13 + 3  # projection, its norm, four blocks, merging
    assert all(torch.equal(theirs[key], ours['backbone'].state_dict()[key]) for key in loaded)


def test_a_bare_backbone_finds_its_place():
    own = {'backbone.conv1.weight': torch.zeros(2), 'neck.weight': torch.zeros(1)}
    given = to_our_layout({'conv1.weight': torch.ones(2), 'fc.weight': torch.ones(3)}, own)
    assert sorted(given) == ['backbone.conv1.weight', 'backbone.fc.weight']


def test_other_files_stay_as_they_are():
    given = {'backbone.layers.0.weight': torch.ones(1), 'bbox_head.fc_cls.weight': torch.ones(2)}
    assert to_our_layout(given, given) == given


def test_tables_of_other_heads_are_not_resized():
    key = 'backbone.stages.0.blocks.0.attn.w_msa.relative_position_bias_table'
    given = to_our_layout({key: torch.zeros(49, 3)}, {key: torch.zeros(169, 4)})
    assert given[key].shape == (49, 3)
