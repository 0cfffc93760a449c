"""Divide a data set into folds, each class in proportion, pictures that belong together in one fold.

    python tools/kfold.py --data-root data/trash --folds 5

Writes train_K.json and val_K.json of each fold, numbered from 0, and folds.json (who is where, and why) to
data/trash/folds; then tools/train.py --fold K and tools/train_folds.sh train on them.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools._groups import add_group_options, max_bits, picture_groups
from tools._launch import Parser, check_paths, run

if TYPE_CHECKING:
    import numpy as np


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--data-root', required=True, help='folder of the data set')
    parser.add_argument('--ann', default='train_all.json', help='json to divide (default: train_all.json)')
    parser.add_argument('--folds', type=int, default=5, help='how many (default: 5)')
    parser.add_argument('--seed', type=int, default=0, help='another seed gives other folds (default: 0)')
    add_group_options(parser, near_duplicates='8')
    parser.add_argument('--force', action='store_true', help='replace the folds that are there')
    return parser.parse_args(argv)


def check_groups(groups: np.ndarray, num_folds: int) -> None:
    """Refuse more folds than groups, and tell when one group is more than a fold.

    Raises:
        UserError: Some fold would be empty.
    """
    import numpy as np

    from custom_modules.utils import UserError

    sizes = np.bincount(groups)
    if len(sizes) < num_folds:
        raise UserError(
            f'--folds {num_folds}: the {len(groups)} pictures form {len(sizes)} group(s) only, and a group is never '
            f'divided; take fewer folds, or a finer --group-by or --near-duplicates'
        )
    if sizes.max() > len(groups) / num_folds:
        print(
            f'warning: one group holds {sizes.max()} of {len(groups)} pictures, more than a fold should; '
            f'a finer --group-by or fewer bits for --near-duplicates would give equal folds',
            file=sys.stderr,
        )


def main(argv: list[str] | None = None) -> int:
    """Check, group, divide, write, report."""
    args = parse_args(argv)
    check_paths(data_root=args.data_root)
    from custom_modules.datasets import load_coco, resolve_ann, resolve_data_root
    from custom_modules.datasets.checks import Findings, read_coco_json
    from custom_modules.datasets.fold_table import fold_table
    from custom_modules.datasets.folds import check_free, write_folds
    from custom_modules.datasets.split import equal_sizes, objects_per_picture, stratified_parts
    from custom_modules.utils import UserError

    if args.folds < 2:
        raise UserError(f'--folds {args.folds}: give a number from 2 on')
    root = resolve_data_root(args.data_root)
    check_free(root, replace=args.force)
    source = resolve_ann(root, args.ann)
    data = load_coco(source, root, check_images=max_bits(args.near_duplicates) is not None)
    groups = picture_groups(data, args)
    check_groups(groups, args.folds)
    objects = objects_per_picture(data)
    sizes = equal_sizes(len(objects), args.folds)
    folds = stratified_parts(objects, sizes, groups=groups, seed=args.seed)
    table = fold_table(objects, data, folds, groups)
    content = read_coco_json(source, Findings(str(source)))  # unrepaired: the records stay as they are
    settings = {name: getattr(args, name) for name in ('folds', 'seed', 'group_by', 'near_duplicates')}
    parts = {'folds': folds, 'groups': groups, 'table': table, 'settings': settings}
    folder = write_folds(root, source, content, **parts, replace=args.force)
    print('\n'.join(table.lines()))
    warnings = [f'no picture shows {name}' for name in table.absent_classes()]
    warnings += [line for lines in table.warnings().values() for line in lines]
    for line in warnings:
        print(f'warning: {line}', file=sys.stderr)
    print(f'{args.folds} folds of {source} in {folder}')
    return 0


if __name__ == '__main__':
    run(main, needs_model=False)
