"""Put the predictions of all folds together and score them as a whole.

    python tools/merge_folds.py configs/trash/htc_swin_b.py --data-root data/trash

Reads work_dirs/htc_swin_b_foldK/predictions/val_K.json and writes work_dirs/htc_swin_b_oof/predictions/train_all.json:
for every picture what a model predicts that has not seen it.  Of segmenters it is val_K.probs and train_all.probs, and
what all folds have predicted on other pictures, such as test.probs, is averaged beside it.  tools/train_folds.sh ends
with this.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools._launch import Parser, check_paths, run

if TYPE_CHECKING:
    from custom_modules.datasets import CocoData
    from custom_modules.datasets.folds import Folds
    from custom_modules.evaluation import Result


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file the folds were trained with')
    parser.add_argument('--data-root', help="folder of the data set (default: the config's data_root)")
    parser.add_argument('--work-dir', help='runs are WORK_DIR_foldK (default: work_dirs/<config name>)')
    return parser.parse_args(argv)


def base_folder(config: str, work_dir: str | None) -> str:
    """Return what the folders of all folds begin with."""
    from custom_modules.engine.work_dir import run_folder

    return str(run_folder(config, work_dir))


def fold_files(base: str, folds: Folds, suffix: str) -> dict[int, Path]:
    """Find the predictions of every fold on its own pictures.

    Raises:
        UserError: One has none, or its model was trained on other folds than there are now.
    """
    from custom_modules.engine.folds import fold_of_run
    from custom_modules.utils import UserError

    parts = {}
    for fold in range(folds.num_folds):
        run_dir = Path(f'{base}_fold{fold}')
        path = run_dir / 'predictions' / f'val_{fold}{suffix}'
        if not path.exists():
            raise UserError(f'{path}: fold {fold} has no predictions yet; tools/train_folds.sh trains and predicts it')
        facts = fold_of_run(run_dir)
        if facts and facts['assignment_id'] != folds.assignment_id:
            raise UserError(
                f'{run_dir}: was trained on folds that were made anew since, its predictions would flatter; '
                f'train it again with another --work-dir'
            )
        parts[fold] = path
    return parts


@dataclass(frozen=True, eq=False)
class Merged:
    """What came of merging: all results, the first of which is printed, and those of the folds; scores by name."""

    results: list[Result]
    by_fold: dict[int, Result | None]
    scores: dict[str, float]


def merge_boxes(parts: dict[int, Path], folds: Folds, data: CocoData, out: Path) -> Merged:
    """Merge, write and score the boxes of detectors."""
    from custom_modules.evaluation import merge_folds, read_predictions, score_folds, write_predictions

    predictions = merge_folds({fold: read_predictions(path) for fold, path in parts.items()}, folds.fold_of)
    overall, by_fold = score_folds(data, predictions, folds.fold_of)
    results, scores = [overall], {'mAP50': overall.mAP50, 'mAP': overall.mAP, 'mAP75': overall.mAP75}
    if data.has_masks and predictions.segmentations is not None:
        segm, _ = score_folds(data, predictions, folds.fold_of, 'segm')
        results.append(segm)
        scores |= {'segm_mAP50': segm.mAP50, 'segm_mAP': segm.mAP}
    write_predictions(out, predictions)
    return Merged(results, by_fold, scores)


def merge_pixels(parts: dict[int, Path], folds: Folds, data: CocoData, out: Path, order: str) -> Merged:
    """Merge, write and score the probabilities of segmenters, picture by picture."""
    from custom_modules.datasets.label_maps import LabelMaps
    from custom_modules.ensemble import open_probs
    from custom_modules.ensemble.fold_probs import merge_fold_probs, score_fold_probs

    merge_fold_probs(parts, folds.fold_of, out)
    overall, by_fold = score_fold_probs(LabelMaps(data, order=order), open_probs(out), folds.fold_of)
    return Merged([overall], by_fold, overall.summary())


def average_others(base: str, folds: Folds, config: str, folder: Path) -> None:
    """Average what all folds have predicted beside their own pictures, such as test.probs."""
    from custom_modules.datasets import load_coco
    from custom_modules.ensemble.fold_probs import average_probs
    from custom_modules.evaluation import read_notes

    runs = [Path(f'{base}_fold{fold}') / 'predictions' for fold in range(folds.num_folds)]
    own = {f'val_{fold}.probs' for fold in range(folds.num_folds)}
    for name in sorted(
        set.intersection(*({path.name for path in folder_of.glob('*.probs')} for folder_of in runs)) - own
    ):
        ann = read_notes(runs[0] / name).get('ann')
        out = folder / 'predictions' / name
        count = average_probs([run / name for run in runs], out)
        if ann and Path(ann).is_file():
            write_notes(out, config, folds, load_coco(ann, check_images=False))
        print(f'mean of all folds on {count} pictures: {out}')


def fold_lines(folds: Folds, results: dict[int, Result | None], name: str) -> list[str]:
    """Return a line for each fold."""
    found = {fold: '-' if one is None else f'{getattr(one, name):.4f}' for fold, one in results.items()}
    return [f'fold {fold}: {name} {text}, {len(folds.image_ids(fold))} pictures' for fold, text in found.items()]


def write_scores(out: Path, merged: Merged, folds: Folds) -> None:
    """Write all figures beside the merged predictions."""
    from custom_modules.evaluation import result_to_dict
    from custom_modules.utils import atomic_write

    figures = {
        'scores': merged.scores,
        'folds': [one and result_to_dict(one) for one in merged.by_fold.values()],
        'assignment_id': folds.assignment_id,
        'details': [result_to_dict(result) for result in merged.results],
    }
    with atomic_write(out.with_suffix('.metrics.json')) as file:
        json.dump(figures, file, indent=2)


def write_notes(out: Path, config: str, folds: Folds, data: CocoData) -> None:
    """Say beside predictions what made them, as tools/test.py does."""
    from custom_modules.evaluation import notes_file
    from custom_modules.utils import atomic_write

    notes = {
        'command': sys.argv,
        'config': config,
        'ann': str(data.path.resolve()),
        'folds': folds.num_folds,
        'assignment_id': folds.assignment_id,
        'classes': data.classes,
        'cat_ids': data.cat_ids,
        'num_pictures': len(data.images),
    }
    with atomic_write(notes_file(out)) as file:
        json.dump(notes, file, indent=2)


def main(argv: list[str] | None = None) -> int:
    """Merge, write, score; the last line printed is the score."""
    args = parse_args(argv)
    check_paths(args.config, data_root=args.data_root)
    from custom_modules.datasets import load_coco, resolve_ann
    from custom_modules.datasets.folds import read_folds
    from custom_modules.engine import load_config
    from custom_modules.engine.data import chosen_root
    from custom_modules.engine.inference import output_suffix, painting_order
    from custom_modules.engine.tasks import is_segmentation
    from custom_modules.evaluation import format_table, save_result

    cfg = load_config(args.config)
    folds = read_folds(chosen_root(cfg, args.data_root))
    base, suffix = base_folder(args.config, args.work_dir), output_suffix(cfg)
    folder, source = Path(f'{base}_oof'), Path(folds.source).stem
    data = load_coco(resolve_ann(folds.root, folds.source), folds.root, check_images=False)
    out = folder / 'predictions' / f'{source}{suffix}'
    parts = fold_files(base, folds, suffix)
    if is_segmentation(cfg):
        name, merged = 'mIoU', merge_pixels(parts, folds, data, out, painting_order(cfg))
    else:
        name, merged = 'mAP50', merge_boxes(parts, folds, data, out)
    for result in merged.results:
        save_result(result, folder / 'val')
    write_scores(out, merged, folds)
    write_notes(out, args.config, folds, data)
    print(f'predictions: {out}')
    if is_segmentation(cfg):
        average_others(base, folds, args.config, folder)
    overall = merged.results[0]
    print('\n'.join([format_table(overall), *fold_lines(folds, merged.by_fold, name)]))
    print(f'{name} {getattr(overall, name):.6f}')
    return 0


if __name__ == '__main__':
    run(main)
