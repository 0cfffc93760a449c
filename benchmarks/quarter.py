"""Make a data set in which most training pictures have lost their labels.

    python benchmarks/quarter.py data/synthetic --out work_dirs/quarter --seed 0

Of the training pictures a share keeps its labels, each class in proportion: labelled_s0.json.  The others are in
unlabelled_s0.json, and with their labels in unlabelled_answers_s0.json, which nothing may be chosen by; all_s0.json
has both with their labels.  val.json, test_answers.json and the pictures are the source's (pictures are hard links
where possible).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools._launch import Parser, run

SHARE = 0.25
KEPT = ('val.json', 'test_answers.json')


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('source', type=Path, help='data folder with train.json, val.json and test_answers.json')
    parser.add_argument('--out', type=Path, required=True, help='data folder to write')
    parser.add_argument('--seed', type=int, default=0, help='another seed, another choice (default: 0)')
    parser.add_argument('--share', type=float, default=SHARE, help='of the pictures with labels (default: 0.25)')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Divide, link, write."""
    args = parse_args(argv)
    from custom_modules.utils import UserError, atomic_write

    if not 0 < args.share < 1:
        raise UserError(f'--share {args.share}: give a number above 0 and below 1')
    files = divided(args.source, args.share, args.seed)
    link_pictures(args.source, args.out, files)
    for name, content in files.items():
        with atomic_write(args.out / name) as file:
            json.dump(content, file)
        print(f'{args.out / name}: {len(content["images"])} pictures, {len(content["annotations"])} objects')


def divided(source: Path, share: float, seed: int) -> dict[str, dict]:
    """Return the content of each file to write, by name."""
    from custom_modules.datasets import load_coco
    from custom_modules.datasets.split import objects_per_picture, select_images, stratified_parts

    data = load_coco(source / 'train.json', check_images=False)
    content, number = data.as_json(), max(1, round(share * len(data.images)))
    sizes = [number, len(data.images) - number]
    parts = stratified_parts(objects_per_picture(data), sizes, seed=seed)
    with_labels, without = (
        {image['id'] for image, one in zip(data.images, parts, strict=True) if one == part} for part in (0, 1)
    )
    return {
        f'labelled_s{seed}.json': select_images(content, with_labels),
        f'unlabelled_s{seed}.json': select_images(content, without, with_annotations=False),
        f'unlabelled_answers_s{seed}.json': select_images(content, without),
        f'all_s{seed}.json': content,
        **{name: load_coco(source / name, check_images=False).as_json() for name in KEPT},
    }


def link_pictures(source: Path, out: Path, files: dict[str, dict]) -> None:
    """Put every picture of the files where it is expected."""
    names = sorted({image['file_name'] for content in files.values() for image in content['images']})
    for name in names:
        target = out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            try:
                os.link(source / name, target)
            except OSError:  # another file system
                shutil.copyfile(source / name, target)


if __name__ == '__main__':
    run(main, needs_model=False)
