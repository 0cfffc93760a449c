"""Work out what runs are and cost, for tools/leaderboard.py, which itself needs no model.

    python tools/_run_facts.py --costs work_dirs/htc_swin work_dirs/dino_swin

Prints a line of json for each folder as soon as it is known.
"""

from __future__ import annotations

import argparse
import ast
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools._launch import ROOT, Parser, run


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('runs', nargs='+', type=Path, metavar='RUN', help="runs' folders")
    parser.add_argument('--costs', action='store_true', help='count parameters and multiply-adds')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Print the facts; return the exit code."""
    args = parse_args(argv)
    import custom_modules  # noqa: F401 - configs name its components

    for folder in args.runs:
        print(json.dumps({'run': str(folder), **facts(folder, costs=args.costs)}), flush=True)
    return 0


def facts(folder: Path, *, costs: bool) -> dict:
    """Return base and differences of a run, and its costs if wanted; what cannot be had is missing.

    Args:
        folder: The run's folder.
        costs: Whether to count.
    """
    from custom_modules.engine import load_config
    from custom_modules.leaderboard import config_differences, read_run_config
    from custom_modules.utils import UserError

    found: dict = {}
    config = read_run_config(folder / 'config.py')
    base = base_of(source_of(folder))
    if base is not None:
        try:
            found['differences'] = [str(one) for one in config_differences(config, load_config(base).to_dict())]
            found['base'] = base.relative_to(ROOT).as_posix() if base.is_relative_to(ROOT) else str(base)
        except UserError as error:
            found['error'] = str(error)
    if costs:
        found |= cost(config)
    return found


def cost(config: dict) -> dict:
    """Count a run's model; the reason where an operator is not known."""
    from mmengine.config import Config

    from custom_modules.models.complexity import count_complexity, picture_size
    from custom_modules.utils import UserError

    cfg = Config(config)
    try:
        counted = count_complexity(cfg.model, picture_size(cfg))
    except UserError as error:
        return {'error': str(error)}
    return {'parameters': counted.parameters, 'flops': counted.flops}


def source_of(folder: Path) -> Path | None:
    """Return the config that a run was started with, if it is still there, here or in the repository it names."""
    try:
        config = Path(json.loads((folder / 'run.json').read_text(encoding='utf-8'))['config'])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    inside = [ROOT.joinpath(*config.parts[start:]) for start in range(1, len(config.parts) - 1)]
    return next((path for path in [config, *inside] if path.is_file()), None)


def base_of(config: Path | None) -> Path | None:
    """Return the whole config that a config changes, or itself where it is put together from blocks."""
    if config is None:
        return None
    for node in ast.parse(config.read_text(encoding='utf-8')).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], 'id', '') == '_base_':
            value = ast.literal_eval(node.value)
            names = [value] if isinstance(value, str) else value
            paths = [(config.parent / name).resolve() for name in names if '::' not in name]
            whole = [path for path in paths if '_base_' not in path.parts and path.is_file()]
            return whole[0] if whole else config
    return config


if __name__ == '__main__':
    run(main)
