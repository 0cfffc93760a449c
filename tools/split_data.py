"""Split one COCO json into train and val (and test), each class in proportion.

    python tools/split_data.py data/trash/all.json --out data/trash --val 0.2

Writes train_all.json, train.json and val.json; with --test also test.json (no
annotations) and test_answers.json.  Nothing is overwritten.  For several
splits to train on in turn see tools/kfold.py.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools._groups import add_group_options, max_bits, picture_groups
from tools._launch import Parser, run

if TYPE_CHECKING:
    import numpy as np

    from custom_modules.datasets import CocoData


def parse_args(argv=None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('json', type=Path, help='the COCO json to split')
    parser.add_argument('--out', type=Path, help="the data folder to write to (default: the json's own)")
    parser.add_argument('--val', type=float, default=0.2, help='fraction of pictures for validation (default 0.2)')
    parser.add_argument('--test', type=float, default=0.0, help='fraction of pictures for the test (default 0)')
    parser.add_argument('--seed', type=int, default=0, help='another seed gives another split (default 0)')
    add_group_options(parser, near_duplicates='off')
    return parser.parse_args(argv)


def check_fractions(val: float, test: float, num_images: int) -> None:
    """Refuse fractions that leave a part empty."""
    from custom_modules.datasets.split import part_sizes
    from custom_modules.utils import UserError

    if not (0 < val < 1 and 0 <= test < 1 and val + test < 1):
        raise UserError(f'--val {val} --test {test}: give fractions above 0 (--test: or 0) that add up to less than 1')
    if part_sizes(num_images, val=val, test=test)['train'] < 1:
        raise UserError(f'{num_images} pictures are too few for --val {val} --test {test}')


def check_groups(groups: np.ndarray, sizes: dict[str, int]) -> None:
    """Refuse fewer groups than parts."""
    from custom_modules.utils import UserError

    number, wanted = groups.max() + 1, [name for name, size in sizes.items() if size]
    if number < len(wanted):
        raise UserError(
            f'the {len(groups)} pictures form {number} group(s), too few for {" and ".join(wanted)}, and a group is '
            f'never divided; choose a finer --group-by or fewer bits for --near-duplicates'
        )


def make_parts(content: dict, data: CocoData, args: argparse.Namespace) -> dict[str, dict]:
    """Make the content of each file to write, by file name."""
    from custom_modules.datasets.split import objects_per_picture, part_sizes, select_images, stratified_parts

    sizes = part_sizes(len(data.images), val=args.val, test=args.test)
    groups = picture_groups(data, args)
    check_groups(groups, sizes)
    parts = stratified_parts(objects_per_picture(data), list(sizes.values()), groups=groups, seed=args.seed)
    ids = {
        name: {image['id'] for image, part in zip(content['images'], parts, strict=True) if part == number}
        for number, name in enumerate(sizes)
    }
    files = {f'{name}.json': select_images(content, ids[name]) for name in ('train', 'val')}
    files['train_all.json'] = select_images(content, ids['train'] | ids['val'])
    if ids['test']:
        files['test.json'] = select_images(content, ids['test'], with_annotations=False)
        files['test_answers.json'] = select_images(content, ids['test'])
    return files


def check_outputs(files: dict[str, dict], source: Path, out: Path) -> None:
    """Refuse to overwrite, and to write where the pictures are not; the source itself may serve as train_all.json."""
    from custom_modules.utils import UserError

    train_all = out / 'train_all.json'
    if train_all.exists() and train_all.samefile(source) and 'test.json' not in files:
        del files['train_all.json']
    taken = [name for name in files if (out / name).exists()]
    if taken:
        raise UserError(f'{out} already has {", ".join(taken)}: move them away or choose another --out')
    picture = files['train.json']['images'][0]['file_name']
    if (source.parent / picture).exists() and not (out / picture).exists():
        raise UserError(
            f'the pictures of {source} are under {source.parent}, not under {out}: leave --out away, or copy them first'
        )


def class_counts(content: dict, cat_ids: tuple[int, ...]) -> list[int]:
    """Count the objects per class, or the label pictures that show it."""
    labels = [label for image in content['images'] for label in image.get('labels', [])]
    if labels:
        return [labels.count(label) for label in range(len(cat_ids))]
    ids = [record['category_id'] for record in content['annotations']]
    return [ids.count(cat_id) for cat_id in cat_ids]


def has_truth(content: dict) -> bool:
    """Tell whether there are annotations or label pictures."""
    return bool(content['annotations']) or any('label_file' in image for image in content['images'])


def report(files: dict[str, dict], out: Path, classes: tuple[str, ...], cat_ids: tuple[int, ...]) -> None:
    """Print what each file holds."""
    for name, content in files.items():
        counts = zip(classes, class_counts(content, cat_ids), strict=True)
        text = ', '.join(f'{label} {count}' for label, count in counts if has_truth(content))
        print(f'{out / name}: {len(content["images"])} pictures; {text or "no annotations"}')


def main(argv=None) -> None:
    """Split, check, write, report."""
    args = parse_args(argv)
    import json

    from custom_modules.datasets import load_coco
    from custom_modules.datasets.checks import Findings, read_coco_json
    from custom_modules.utils import atomic_write

    data = load_coco(args.json, check_images=max_bits(args.near_duplicates) is not None)
    check_fractions(args.val, args.test, len(data.images))
    content = read_coco_json(args.json, Findings(str(args.json)))  # unrepaired: the records stay as they are
    files, out = make_parts(content, data, args), args.out or args.json.parent
    check_outputs(files, args.json, out)
    for name, part in files.items():
        with atomic_write(out / name) as file:
            file.write(json.dumps(part))
    report(files, out, data.classes, data.cat_ids)


if __name__ == '__main__':
    run(main, needs_model=False)
