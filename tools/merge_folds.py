"""Put the predictions of all folds together and score them as a whole.

    python tools/merge_folds.py configs/trash/htc_swin_b.py --data-root data/trash

Reads work_dirs/htc_swin_b_foldK/predictions/val_K.json and writes work_dirs/htc_swin_b_oof/predictions/train_all.json:
for every picture what a model predicts that has not seen it.  tools/train_folds.sh ends with this.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools._launch import Parser, check_paths, run

if TYPE_CHECKING:
    from custom_modules.datasets import CocoData
    from custom_modules.datasets.folds import Folds
    from custom_modules.evaluation import DetectionResult, Predictions


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


def read_parts(base: str, folds: Folds) -> dict[int, Predictions]:
    """Read the predictions of every fold.

    Raises:
        UserError: One has none, or its model was trained on other folds than there are now.
    """
    from custom_modules.engine.folds import fold_of_run
    from custom_modules.evaluation import read_predictions
    from custom_modules.utils import UserError

    parts = {}
    for fold in range(folds.num_folds):
        run_dir = Path(f'{base}_fold{fold}')
        path = run_dir / 'predictions' / f'val_{fold}.json'
        if not path.is_file():
            raise UserError(f'{path}: fold {fold} has no predictions yet; tools/train_folds.sh trains and predicts it')
        facts = fold_of_run(run_dir)
        if facts and facts['assignment_id'] != folds.assignment_id:
            raise UserError(
                f'{run_dir}: was trained on folds that were made anew since, its predictions would flatter; '
                f'train it again with another --work-dir'
            )
        parts[fold] = read_predictions(path)
    return parts


def fold_lines(folds: Folds, scores: dict[int, DetectionResult | None]) -> list[str]:
    """Return a line for each fold."""
    found = {fold: '-' if score is None else f'{score.mAP50:.4f}' for fold, score in scores.items()}
    return [f'fold {fold}: mAP50 {text}, {len(folds.image_ids(fold))} pictures' for fold, text in found.items()]


def write_scores(folder: Path, source: str, figures: dict) -> None:
    """Write all figures beside the merged predictions."""
    from custom_modules.utils import atomic_write

    with atomic_write(folder / 'predictions' / f'{source}.metrics.json') as file:
        json.dump(figures, file, indent=2)


def write_notes(folder: Path, config: str, folds: Folds, data: CocoData) -> None:
    """Say beside the merged predictions what made them, as tools/test.py does."""
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
    with atomic_write(notes_file(folder / 'predictions' / f'{data.path.stem}.json')) as file:
        json.dump(notes, file, indent=2)


def main(argv: list[str] | None = None) -> int:
    """Merge, write, score; the last line printed is the score."""
    args = parse_args(argv)
    check_paths(args.config, data_root=args.data_root)
    from custom_modules.datasets import load_coco, resolve_ann
    from custom_modules.datasets.folds import read_folds
    from custom_modules.engine import load_config
    from custom_modules.engine.data import chosen_root
    from custom_modules.evaluation import format_table, result_to_dict, save_result, score_folds, write_predictions
    from custom_modules.evaluation import merge_folds as merge

    folds = read_folds(chosen_root(load_config(args.config), args.data_root))
    base = base_folder(args.config, args.work_dir)
    folder, source = Path(f'{base}_oof'), Path(folds.source).stem
    data = load_coco(resolve_ann(folds.root, folds.source), folds.root, check_images=False)
    predictions = merge(read_parts(base, folds), folds.fold_of)
    overall, by_fold = score_folds(data, predictions, folds.fold_of)
    results, scores = [overall], {'mAP50': overall.mAP50, 'mAP': overall.mAP, 'mAP75': overall.mAP75}
    if data.has_masks and predictions.segmentations is not None:
        segm, _ = score_folds(data, predictions, folds.fold_of, 'segm')
        results.append(segm)
        scores |= {'segm_mAP50': segm.mAP50, 'segm_mAP': segm.mAP}
    write_predictions(folder / 'predictions' / f'{source}.json', predictions)
    for result in results:
        save_result(result, folder / 'val')
    details = [result_to_dict(result) for result in results]
    of_folds = [score and result_to_dict(score) for score in by_fold.values()]
    figures = {'scores': scores, 'folds': of_folds, 'assignment_id': folds.assignment_id, 'details': details}
    write_scores(folder, source, figures)
    write_notes(folder, args.config, folds, data)
    print(f'predictions: {folder / "predictions" / source}.json')
    print('\n'.join([format_table(overall), *fold_lines(folds, by_fold), f'mAP50 {overall.mAP50:.6f}']))
    return 0


if __name__ == '__main__':
    run(main)
