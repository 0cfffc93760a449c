"""Check a COCO json and its pictures: errors, warnings, and what each class holds.

    python tools/check_data.py data/trash                      every json of a data folder
    python tools/check_data.py data/trash/val.json --against data/trash/train.json
    python tools/check_data.py data/trash/train.json --repair data/trash/train_repaired.json

Ends with code 0 when there are at most warnings, and 2 after errors or when a data folder lacks train.json or val.json.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools._launch import Parser, run

NEEDED = ('train.json', 'val.json')


def parse_args(argv=None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('path', type=Path, help='a COCO json, or a data folder: then all json files in it')
    parser.add_argument('--data-root', type=Path, help="folder the file names start from (default: the json's own)")
    parser.add_argument('--no-images', action='store_true', help='leave the picture files alone')
    parser.add_argument('--decode', action='store_true', help='decode each picture in full: finds damage in the middle')
    parser.add_argument('--against', type=Path, metavar='JSON', help='also find categories and pictures that clash')
    parser.add_argument('--repair', type=Path, metavar='OUT', help='write a repaired copy to this json')
    return parser.parse_args(argv)


def files_to_check(path: Path) -> list[Path]:
    """List the json files meant."""
    from custom_modules.utils import UserError, did_you_mean, find_file, missing_ann, resolve_data_root, similar_paths

    path = find_file(path)
    if path.is_file():
        return [path]
    if path.suffix == '.json':
        if path.name in NEEDED and path.parent.is_dir():
            raise UserError(missing_ann(path.parent, path.name))
        raise UserError(f'{path}: no such file{did_you_mean(similar_paths(path))}')
    root = resolve_data_root(path, option='its path')
    files = sorted(root.glob('*.json'))
    if not files:
        raise UserError(f'{root} has no json file: name a COCO json or the folder it is in')
    return files


def what_training_lacks(files: list[Path]) -> str:
    """Say which file a data folder lacks for training and how to get it, empty for a whole folder.

    Args:
        files: All json files of the folder.
    """
    from custom_modules.utils import missing_ann

    missing = [name for name in NEEDED if name not in {file.name for file in files}]
    return missing_ann(files[0].parent, missing[0]) if missing else ''


def check_arguments(args: argparse.Namespace, files: list[Path]) -> None:
    """Refuse what cannot be done before hours of decoding."""
    from custom_modules.utils import UserError

    if args.repair is None:
        return
    if len(files) > 1:
        raise UserError(f'--repair takes one json; {args.path} has {", ".join(file.name for file in files)}')
    if args.repair.resolve() == files[0].resolve() or (args.repair.exists() and args.repair.samefile(files[0])):
        raise UserError(f'--repair {args.repair} is the file itself: give another name, the original stays as it is')


def class_table(data) -> list[str]:
    """Describe the classes of ``CocoData``, one line each under a head line."""
    lines = [
        f'{"class":24}{"objects":>9}{"images":>8}{"polygons":>10}{"RLE":>7}{"box only":>10}{"median side, px":>17}'
    ]
    for name, cat_id in zip(data.classes, data.cat_ids, strict=True):
        records = [record for record in data.annotations if record['category_id'] == cat_id]
        forms = [type(record.get('segmentation')) for record in records]
        images = len({record['image_id'] for record in records})
        counts = f'{len(records):9}{images:8}{forms.count(list):10}{forms.count(dict):7}{forms.count(type(None)):10}'
        lines.append(f'{name:24}{counts}{median_side(records):>17}')
    return lines


def label_table(data) -> list[str]:
    """Describe the classes of label pictures, one line each under a head line."""
    lines = [f'{"class":24}{"images":>8}{"of all":>8}  values']
    for label, category in enumerate(data.categories):
        images = sum(label in image.get('labels', []) for image in data.images)
        values = ', '.join(map(str, category['values']))
        lines.append(f'{category["name"]:24}{images:8}{images / len(data.images):8.0%}  {values}')
    return lines


def median_side(records: list[dict]) -> str:
    """Give the median of the boxes' sides (root of the area), px."""
    from statistics import median

    sides = [(record['bbox'][2] * record['bbox'][3]) ** 0.5 for record in records]
    return f'{median(sides):.1f}' if sides else '-'


def print_report(data, findings) -> None:
    """Print everything known about one file; ``data`` is None after errors."""
    from custom_modules.datasets.checks.findings import DUPLICATE_BOX

    if data is not None and data.has_label_values:
        labelled = sum('label_file' in image for image in data.images)
        print(f'{findings.source}: {len(data.images)} images, {labelled} label pictures')
        print('\n'.join(label_table(data)))
    elif data is not None:
        in_file = len(data.annotations) + findings.counts.get(DUPLICATE_BOX, 0)
        empty = sum(not group for group in data.annotations_of().values())
        print(f'{findings.source}: {len(data.images)} images ({empty} without objects), {in_file} annotations')
        print('\n'.join(class_table(data)))
    else:
        print(findings.source)
    for is_error, noun in ((True, 'error'), (False, 'warning')):
        number = findings.num_errors if is_error else findings.num_warnings
        print(f'{number} {noun}' + 's' * (number != 1))
        for line in findings.report(errors=is_error):
            print(f'  {line}')


def compare(results: list, args: argparse.Namespace) -> None:
    """Note clashes: with ``--against``, or in a data folder of val.json with train.json."""
    from custom_modules.datasets import load_coco
    from custom_modules.datasets.data_root import compare_files

    by_name = {data.path.name: data for data, _ in results if data is not None}
    other = load_coco(args.against, args.data_root, check_images=False) if args.against else by_name.get('train.json')
    for data, findings in results:
        if data is not None and other is not None and (args.against or data.path.name == 'val.json'):
            compare_files(other, data, findings)


def main(argv=None) -> int:
    """Check, report, and write the repaired copy."""
    args = parse_args(argv)
    import json

    from custom_modules.utils import atomic_write, find_file, resolve_data_root

    files = files_to_check(args.path)
    check_arguments(args, files)
    if args.data_root is not None:
        args.data_root = resolve_data_root(args.data_root)
    from custom_modules.datasets import read_coco  # after the paths are known to be right: it takes seconds

    results = [read_coco(file, args.data_root, check_images=not args.no_images, decode=args.decode) for file in files]
    compare(results, args)
    for data, findings in results:
        print_report(data, findings)
    lack = '' if find_file(args.path).is_file() else what_training_lacks(files)
    if lack:
        print(f'not ready for training: {lack}')
    if any(findings.num_errors for _, findings in results):
        return 2
    if args.repair is not None:
        with atomic_write(args.repair) as file:
            file.write(json.dumps(results[0][0].as_json(), allow_nan=False))
        print(f'repaired copy: {args.repair}')
    return 2 if lack else 0


if __name__ == '__main__':
    run(main, needs_model=False)
