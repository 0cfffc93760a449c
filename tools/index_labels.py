"""Index folders of label pictures (Cityscapes style), so that segmenters train on them as they are.

    python tools/index_labels.py data/minicity --classes minicity

Writes train.json, val.json, test.json (those splits that there are) and train_all.json (train and val) to the data
folder: sizes, classes and the label picture of every photograph.  No pixel is converted.  Every file is looked at; all
errors are told in one report, and nothing is written then.

The class file says which value is which class, which ones do not count, and how the files are called; write your own
in the manner of custom_modules/datasets/label_classes/minicity.toml.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools._launch import Parser, run

if TYPE_CHECKING:
    from custom_modules.datasets.label_classes import LabelClasses
    from custom_modules.datasets.label_index import LabelIndex

FILES = ('train.json', 'val.json', 'test.json', 'train_all.json')


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('data_root', help='folder of the data set')
    parser.add_argument(
        '--classes', required=True, metavar='NAME|FILE', help='class file: minicity, minicity_train_ids, or a toml file'
    )
    return parser.parse_args(argv)


def class_table(index: LabelIndex, classes: LabelClasses) -> list[str]:
    """Describe what all splits hold, one line per class under a head line."""
    total = max(index.pixels.sum(), 1)
    lines = [f'{"class":24}{"images":>8}{"pixels":>9}']
    names = [category['name'] for category in classes.categories]
    for name, images, pixels in zip(names, index.pictures, index.pixels, strict=False):
        lines.append(f'{name:24}{images:8}{pixels / total:9.2%}')
    return [*lines, f'{"(void)":24}{"":8}{index.pixels[-1] / total:9.2%}']


def main(argv: list[str] | None = None) -> int:
    """Check, look at all pictures, write, report."""
    args = parse_args(argv)
    from custom_modules.datasets.checks import Findings
    from custom_modules.datasets.label_classes import read_class_file
    from custom_modules.datasets.label_index import check_replaceable, index_labels
    from custom_modules.utils import atomic_write, check_folder, resolve_data_root

    classes = read_class_file(args.classes)
    root = resolve_data_root(args.data_root, option='its path')
    check_folder(root, 'data_root')
    check_replaceable(root, FILES)
    findings = Findings(str(root))
    index = index_labels(root, classes, findings)
    for is_error, noun in ((True, 'error'), (False, 'warning')):
        for line in findings.report(errors=is_error):
            print(line if line.startswith(' ') else f'{noun}: {line}', file=sys.stderr)
    if index is None:
        print(f'{root}: {findings.num_errors} error(s), nothing was written', file=sys.stderr)
        return 2
    print('\n'.join(class_table(index, classes)))
    for name, content in index.files.items():
        with atomic_write(root / name) as file:
            file.write(json.dumps(content))
        labelled = sum('label_file' in image for image in content['images'])
        print(f'{root / name}: {len(content["images"])} pictures, {labelled} of them labelled')
    pairs = zip(classes.categories, index.pictures, strict=True)
    if absent := [category['name'] for category, images in pairs if not images]:
        print(f'warning: no picture shows {", ".join(absent)}', file=sys.stderr)
    return 0


if __name__ == '__main__':
    run(main, needs_model=False)
