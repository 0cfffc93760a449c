"""Configs of the cells of benchmarks/segmentation.py: the demo's DeepLabV3+ with one choice of a block.

There are too many for a file each, as benchmarks/detection/ has: :func:`leaf_text` writes the leaf that a user would.
"""

from __future__ import annotations

import runpy
from collections.abc import Sequence
from typing import Any

from benchmarks.comparison import PHOTOGRAPHS, ROOT

BLOCKS = ROOT / 'configs' / '_base_'
BASELINE_CONFIG = 'deeplabv3plus_r18'
LOSS, NORM, AUGMENTATION, MIXING, SAMPLING = 'loss', 'normalisation', 'augmentation', 'mixing', 'sampling'
BLOCK_OF = {
    LOSS: 'pixel_losses',
    NORM: 'norms',
    AUGMENTATION: 'augmentation_segmentation',
    MIXING: 'mixing_segmentation',
    SAMPLING: 'sampling',
}
REFRESHED = 'copy_paste_refreshed'

_SIDE = 'side, _ = _base_.test_dataloader.dataset.pipeline[1].scale\n'
_SIZE = 'size = _base_.model.data_preprocessor.size\n'
# The block is for pictures of 512 px.
_MULTI_SCALE = f"""\
{_SIDE}{_SIZE}scales = [(int(each[0] * side / 512),) * 2 for each in _base_.{{cell}}.scales]
steps = [_base_.augment[0], dict(_base_.{{cell}}, scales=scales), dict(_base_.crop, crop_size=size)]
"""
# What takes the place of something that the baseline does (a flip, one of two sizes and, on photographs, a crop) or
# comes after it; all else comes before.
_STEPS = {
    'no_flip': 'steps = _base_.augment[1:]\n',
    'flip_horizontal': 'steps = [_base_.flip_horizontal, *_base_.augment[1:]]\n',
    'flip_vertical': 'steps = [_base_.flip_vertical, *_base_.augment[1:]]\n',
    'single_scale': f"""\
{_SIDE}resize = dict(type='Resize', scale=(side, side), keep_ratio=True)
steps = [_base_.augment[0], resize, *_base_.augment[2:]]
""",
    'resized_crop': f"""\
{_SIZE}resized_crop = dict(_base_.resized_crop, transforms=[dict(_base_.resized_crop.transforms[0], size=size)])
steps = [_base_.augment[0], resized_crop]
""",
    'multi_scale_1024': _MULTI_SCALE,
    'multi_scale_1280': _MULTI_SCALE,
    'photometric': 'steps = [*_base_.augment, _base_.photometric]\n',
}


def choices(group: str) -> list[str]:
    """List what the block of a group offers, in its order.

    Args:
        group: A key of ``BLOCK_OF``.
    """
    values = runpy.run_path(str(BLOCKS / f'{BLOCK_OF[group]}.py'))
    return [name for name, value in values.items() if not name.startswith('_') and _is_choice(value)]


def _is_choice(value: Any) -> bool:
    """Tell components, lists of them and parts of a model from the helpers of a block."""
    if isinstance(value, list):
        return all(map(_is_choice, value))
    return isinstance(value, dict) and ('type' in value or all(isinstance(part, dict) for part in value.values()))


def family_config(name: str, data: str) -> str:
    """Return a segmenter of the demo, relative to the repository: its own config, or that for photographs."""
    return f'{"benchmarks/segmentation" if data == PHOTOGRAPHS else "configs/demo"}/{name}.py'


def leaf_text(cell: str, group: str, data: str) -> str:
    """Write the config of a cell.

    Args:
        cell: Its name: what its block calls the choice, or a key of what is changed in another way.
        group: A key of ``BLOCK_OF``.
        data: ``synthetic`` or ``photographs``.

    Returns:
        The text of a file, which may lie anywhere.
    """
    bases = [ROOT / family_config(BASELINE_CONFIG, data), BLOCKS / f'{BLOCK_OF[group]}.py']
    return f"""\
\"\"\"The demo's DeepLabV3+ with another {group}: {cell}.

    python benchmarks/segmentation.py --only {data}_{cell}_
\"\"\"

_base_ = {_list(map(str, bases))}

{_CHANGES[group](cell)}"""


def _list(texts: Sequence[str]) -> str:
    return '[\n' + ''.join(f'    {text!r},\n' for text in texts) + ']'


def _loss(cell: str) -> str:
    return f'model = dict(decode_head=dict(loss_decode=_base_.{cell}))\n'


def _norm(cell: str) -> str:
    if not cell.startswith('evonorm'):
        return f'model = _base_.{cell}\n'
    return f"model = dict(_base_.{cell}, backbone=dict(_base_.{cell}.backbone, type='EvoResNetV1c'))\n"


def _augmentation(cell: str) -> str:
    steps = _STEPS.get(cell, 'steps = [_base_.{cell}, *_base_.augment]\n').format(cell=cell)
    return f'{steps}train_dataloader = dict(dataset=dict(pipeline=[*_base_.load, *steps, _base_.pack]))\n'


def _mixing(cell: str) -> str:
    step = 'copy_paste' if cell == REFRESHED else cell
    hook = 'default_hooks = dict(copy_paste=_base_.refresh_copy_paste)\n' if cell == REFRESHED else ''
    return f"""\
pipeline = [_base_.{step}, *_base_.augment, _base_.pack]
train_dataloader = dict(dataset=dict(_base_.mixed, _delete_=True, pipeline=pipeline))
{hook}"""


def _sampling(cell: str) -> str:
    if cell == 'repeat_factor':
        # No class of the drawn pictures is as rare as in photographs: what is on fewer than three in ten is repeated.
        return 'train_dataloader = dict(sampler=dict(_base_.repeat_factor, threshold=0.3))\n'
    return f'train_dataloader = dict(sampler=_base_.{cell})\n'


_CHANGES = {LOSS: _loss, NORM: _norm, AUGMENTATION: _augmentation, MIXING: _mixing, SAMPLING: _sampling}
