"""Write the README's tables of configs from the configs themselves.

    python tools/zoo_table.py
    python tools/zoo_table.py --check

Costs are counted at each config's own test size with ten classes, for segmenters with Background, too
(tools/complexity.py), and kept in configs/costs.json, so that only new models are counted; scores come from the
docstrings.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools._launch import ROOT, Parser, run

if TYPE_CHECKING:
    from mmengine.config import Config

COSTS, README = ROOT / 'configs' / 'costs.json', ROOT / 'README.md'
BEGIN, END = '<!-- zoo: written by tools/zoo_table.py -->', '<!-- end of zoo -->'
FOLDERS = ('trash', 'demo')
NUM_CLASSES = 10
# Single choices are shown on these, htc_swin_b_<choice>.py; what their docstrings begin with.
CHOICES_OF = {
    'htc_swin_b': 'HTC with Swin-B',
    'deeplabv3plus_efficientnet_b5': 'DeepLabV3+ with EfficientNet-b5',
}

DETECTORS = {
    'HybridTaskCascade': 'HTC',
    'CascadeRCNN': 'Cascade Mask R-CNN',
    'DDQDETR': 'DDQ DETR',
}
SEGMENTERS = {  # by their heads
    'UPerHead': 'UPerNet',
    'Mask2FormerHead': 'Mask2Former',
    'SegformerHead': 'SegFormer',
    'ASPPHead': 'DeepLabV3',
    'DepthwiseSeparableASPPHead': 'DeepLabV3+',
    'FPNHead': 'FPN',
    'UNetDecodeHead': 'U-Net',
    'FCN8sHead': 'FCN-8s',
}
MIT_DEPTHS = {8: '1', 16: '2', 28: '3', 41: '4', 52: '5'}  # layers of B1 to B5; B0 is as deep as B1
SWINS = {(96, 6): 'Swin-T', (96, 18): 'Swin-S', (128, 18): 'Swin-B', (192, 18): 'Swin-L'}


class Leaf(NamedTuple):
    """A config of the zoo and what its docstring says.

    Attributes:
        path: Its file.
        what: What it trains, one sentence.
        commands: The lines that show how to train it.
        score: What has been measured with it.
    """

    path: Path
    what: str
    commands: str
    score: str

    @property
    def name(self) -> str:
        """Path in the repository."""
        return f'configs/{self.path.parent.name}/{self.path.name}'


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--check', action='store_true', help='only say whether the table is up to date (exit code 1)')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Write or check; return the exit code."""
    args = parse_args(argv)
    from custom_modules.utils import atomic_write

    leaves = [read_leaf(path) for folder in FOLDERS for path in sorted((ROOT / 'configs' / folder).glob('*.py'))]
    costs = Costs(json.loads(COSTS.read_text(encoding='utf-8')) if COSTS.is_file() else {}, may_count=not args.check)
    table = make_tables(leaves, costs)
    before = README.read_text(encoding='utf-8')
    after = replace_between_marks(before, table)
    if args.check:
        up_to_date = before == after and not costs.missing
        print('the table of configs is up to date' if up_to_date else 'out of date: run python tools/zoo_table.py')
        return 0 if up_to_date else 1
    with atomic_write(COSTS) as file:
        lines = [f'  "{key}": {json.dumps(cost)}' for key, cost in sorted(costs.used.items())]
        file.write('{\n' + ',\n'.join(lines) + '\n}\n')
    with atomic_write(README) as file:
        file.write(after)
    print(f'{README}: {len(leaves)} configs')
    return 0


def read_leaf(path: Path) -> Leaf:
    """Read a leaf's docstring.

    Raises:
        UserError: It is not of the form that all leaves share.
    """
    from custom_modules.utils import UserError

    text = ast.get_docstring(ast.parse(path.read_text(encoding='utf-8'))) or ''
    what, *others = text.split('\n\n')
    commands = [part for part in others if part.startswith('    ')]
    score = others[-1].removeprefix('Score: ') if others else ''
    if not what.endswith('.') or len(commands) != 1 or others[-1:] == [score] or not score.endswith('.'):
        raise UserError(
            f'{path}: its docstring must say what it is, how to train it (indented), and last "Score: not measured." '
            f'or the score, with empty lines between'
        )
    return Leaf(path, what.splitlines()[0], commands[0], ' '.join(score.split()))


class Costs:
    """Parameters and multiply-adds by model, counted once.

    Args:
        known: Counts by key, as kept in the file.
        may_count: Whether to count what is not known.

    Attributes:
        used: Those of the known and the new ones that were asked for.
        missing: Whether one was asked for that could not be given.
    """

    def __init__(self, known: dict[str, dict], *, may_count: bool) -> None:
        self.known, self.may_count = known, may_count
        self.used: dict[str, dict] = {}
        self.missing = False

    def of(self, cfg: Config) -> dict[str, Any]:
        """Give ``parameters``, ``flops`` and ``size`` of a config, or nothing."""
        from custom_modules.engine.tasks import is_segmentation
        from custom_modules.models import set_num_classes
        from custom_modules.models.complexity import count_complexity, picture_size

        set_num_classes(cfg.model, NUM_CLASSES + is_segmentation(cfg))
        size = picture_size(cfg)
        key = model_key(cfg.model.to_dict(), size)
        if key in self.known:
            self.used[key] = self.known[key]
        elif self.may_count:
            cost = count_complexity(cfg.model, size)
            self.used[key] = {'parameters': cost.parameters, 'flops': cost.flops, 'size': list(cost.size)}
        else:
            self.missing = True
        return self.used.get(key, {})


def model_key(model: dict, size: tuple[int, int]) -> str:
    """Make a short name of all that decides what a model costs."""
    text = json.dumps(
        [_without(model, ('init_cfg', 'train_cfg', 'loss_bbox', 'loss_decode')), size], sort_keys=True, default=str
    )
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _without(value: Any, keys: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        return {key: _without(part, keys) for key, part in value.items() if key not in keys}
    if isinstance(value, list | tuple):
        return [_without(part, keys) for part in value]
    return value


def make_tables(leaves: list[Leaf], costs: Costs) -> str:
    """Make the tables: detectors, segmenters, and the single choices of each."""
    from custom_modules.engine import load_config
    from custom_modules.engine.tasks import is_segmentation

    detectors, segmenters = [], []
    for leaf in leaves:
        cfg = load_config(leaf.path)
        (segmenters if is_segmentation(cfg) else detectors).append((leaf, cfg))
    lines = _tables(detectors, ['detector', 'backbone', 'neck'], 'mAP50', costs)
    if segmenters:
        lines += ['', *_tables(segmenters, ['segmenter', 'backbone'], 'mIoU', costs)]
    return '\n'.join(lines)


def _tables(rows: list[tuple[Leaf, Config]], model: list[str], score: str, costs: Costs) -> list[str]:
    """Make the table of a task's models and that of its single choices.

    Args:
        rows: The leaves and their configs.
        model: Heads of the columns that name the model.
        score: Head of the last column.
        costs: What they cost.
    """
    models = sorted((row for row in rows if _base_of(row[0]) is None), key=lambda row: _place(*row, costs))
    lines = [*_heads(['config', *model, 'M parameters', 'GFLOPs', 'at px', 'start weights', score])]
    lines += [_model_row(*row, costs) for row in models]
    for base, cfg in models:
        choices = [row for row in rows if _base_of(row[0]) == base.path.stem]
        if choices:
            lines += [
                '',
                f'Single choices, shown on `{base.name}` (parameters and GFLOPs where they differ '
                'from its own). Each is a block of `configs/_base_/` that other configs can take, too.',
                '',
                *_heads(['config', 'changes', 'M parameters', 'GFLOPs', score]),
                *(_choice_row(*row, costs, _figures(costs.of(cfg))) for row in choices),
            ]
    return lines


def _base_of(leaf: Leaf) -> str | None:
    """Name the config that a leaf shows a choice of."""
    return next((base for base in CHOICES_OF if leaf.path.stem.startswith(f'{base}_')), None)


def _heads(cells: list[str]) -> list[str]:
    return [_row(cells), '|---' * len(cells) + '|']


def _model_row(leaf: Leaf, cfg: Config, costs: Costs) -> str:
    start, cost = start_weights(cfg), costs.of(cfg)
    size = ' x '.join(map(str, cost.get('size', ())))
    model = [model_name(cfg.model), backbone_name(cfg.model.backbone)]
    if 'decode_head' not in cfg.model:
        model.append(neck_name(cfg.model.get('neck')))
    return _row([f'`{leaf.name}`', *model, *_figures(cost), size, start, short_score(leaf.score)])


def _place(leaf: Leaf, cfg: Config, costs: Costs) -> tuple:
    """Order rows: those of a kind in a row, from small to large, the demo last."""
    return FOLDERS.index(leaf.path.parent.name), model_name(cfg.model), costs.of(cfg).get('parameters', 0)


def _choice_row(leaf: Leaf, cfg: Config, costs: Costs, base: list[str]) -> str:
    base_name = _base_of(leaf)
    what = re.sub(rf'^{re.escape(CHOICES_OF[base_name])}(: |, | and )?', '', leaf.what).removesuffix('.')
    what = what.removesuffix(f', otherwise as {base_name}')
    figures = _figures(costs.of(cfg))
    return _row([f'`{leaf.path.name}`', what, *(figures if figures != base else ['', '']), short_score(leaf.score)])


def _row(cells: list[str]) -> str:
    return re.sub(' +', ' ', f'| {" | ".join(cells)} |')


def _figures(cost: dict[str, Any]) -> list[str]:
    if not cost:
        return ['', '']
    billions = cost['flops'] / 1e9
    return [f'{cost["parameters"] / 1e6:.1f}', f'{billions:.{0 if billions > 10 else 1}f}']


def model_name(model: dict) -> str:
    """Name the detector or segmenter as people do."""
    if 'decode_head' in model:
        head = model['decode_head']['type'].rpartition('.')[2]
        return SEGMENTERS.get(head, head)
    name = model['type'].rpartition('.')[2].removeprefix('Trash')
    return DETECTORS.get(name, name)


def backbone_name(backbone: dict) -> str:
    """Name the backbone and its size."""
    name = backbone['type'].rpartition('.')[2]
    if name == 'SwinTransformer':
        known = SWINS.get((backbone['embed_dims'], backbone['depths'][2]))
        return known or f'Swin, {backbone["embed_dims"]} channels'
    if name == 'MixVisionTransformer':
        return f'MiT-B{MIT_DEPTHS[sum(backbone["num_layers"])] if backbone["embed_dims"] == 64 else 0}'
    if name == 'DilatedEfficientNet':
        return f'EfficientNet-{backbone["arch"]}'
    if name == 'ConvolutionalVGG':
        return 'VGG-16'
    if name == 'ResNetV1c':  # the stem is all that is different
        name = 'ResNet'
    if name == 'ResNeXt':
        return f'ResNeXt-{backbone["depth"]} {backbone["groups"]}x{backbone["base_width"]}d'
    if 'widen_factor' in backbone:
        return f'{name}, width {backbone["widen_factor"]:g}, depth {backbone["deepen_factor"]:g}'
    return f'{name}-{backbone["depth"]}' if 'depth' in backbone else name


def neck_name(neck: dict | list | None) -> str:
    """Name the neck, or the necks one after another."""
    necks = neck if isinstance(neck, list) else [neck] if neck else []
    return ', '.join(part['type'].rpartition('.')[2] for part in necks)


def start_weights(cfg: Config) -> str:
    """Say what the config starts from: the end of what the list of published weights says of it."""
    from custom_modules.engine.published import published_weights

    init = cfg.model.backbone.get('init_cfg') or {}
    source = cfg.get('load_from') or (init.get('checkpoint') if init.get('type') == 'Pretrained' else None)
    if not source:
        return 'none'
    known = {weights.url: weights.what for weights in published_weights().values()}
    return known.get(source, Path(source).stem).rpartition(', ')[2]


def short_score(score: str) -> str:
    """Give the figure in a docstring's score, with where it was measured if that was on synthetic pictures."""
    figure = re.search(r'(?:mAP50|mIoU) (\d\.\d+)', score)
    return figure[1] + (' (synthetic)' if 'synthetic' in score else '') if figure else ''


def replace_between_marks(text: str, table: str) -> str:
    """Put a table between the marks of a text.

    Raises:
        UserError: The marks are not there.
    """
    from custom_modules.utils import UserError

    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise UserError(f'{README}: has no place for the table, a line {BEGIN} and a later line {END}')
    before, rest = text.split(BEGIN)
    return f'{before}{BEGIN}\n\n{table}\n\n{END}{rest.split(END)[1]}'


if __name__ == '__main__':
    run(main)
