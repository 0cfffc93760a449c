"""What seg_ensemble.py checks and chooses before it reads anything."""

from __future__ import annotations

import argparse
from pathlib import Path

from tools import _fusion_options
from tools._fusion_options import words

# What --params and --search decide themselves, with the values it has otherwise.
SETTINGS = {'method': 'soft', 'weights': None}
SEARCHING = {'budget': 1000, 'seed': 0}


def check_options(args: argparse.Namespace) -> None:
    """Refuse options that cannot be meant or would have no effect, and fill in what was left out."""
    from custom_modules.utils import UserError

    if args.params and (args.crf or args.rescue):
        raise UserError(f'--{"crf" if args.crf else "rescue"}: --params says whether it follows the vote; leave it out')
    if args.rescue and not args.crf:
        raise UserError('--rescue brings back what the CRF removed: it has no effect without --crf')
    _fusion_options.settle(args, SETTINGS, SEARCHING)
    _fusion_options.check_numbers(args)


def choose_inputs(args: argparse.Namespace) -> None:
    """Without files take those of all runs on one split; say what was chosen."""
    from custom_modules.utils import as_typed, find_file

    if args.ann is not None:
        args.ann = find_file(args.ann)
    args.chosen_here = not args.predictions
    if args.chosen_here:
        from custom_modules.ensemble.predicted_splits import choose_split

        split = choose_split(_fusion_options.WORK_DIRS, args.ann, to_search=args.search, suffix='.probs')
        args.ann, args.predictions = Path(as_typed(split.ann)), [Path(as_typed(path)) for path in split.members]
        print(f'voting with the predictions of {len(args.predictions)} runs on {args.ann}: {words(args.predictions)}')
        if split.others:
            others = words(map(as_typed, split.others))
            print(
                f'most runs have predicted it, of several such splits one with answers; --ann takes another: {others}'
            )
        if split.further:
            print(
                f'one folder of each run, called alike where there are; others: {words(map(as_typed, split.further))}'
            )
    if args.out is None:
        name = f'{(args.ann or args.predictions[0]).stem}.probs'
        args.out = Path(as_typed(_fusion_options.WORK_DIRS / 'ensemble' / name))


def check_files(args: argparse.Namespace) -> None:
    """Refuse what cannot be voted on or written before the files are read."""
    from custom_modules.utils import UserError, did_you_mean, find_file, similar_paths

    places = [find_file(path).resolve() for path in args.predictions]
    if len(set(places)) < len(places):
        twice = next(path for path, place in zip(args.predictions, places, strict=True) if places.count(place) > 1)
        raise UserError(f'{twice} is given twice; let it count more by --weights')
    if args.weights and len(args.weights) != len(places):
        raise UserError(f'--weights: {len(args.weights)} for {len(places)} files; give one a file, in their order')
    for name in ('ann', 'params'):
        path = getattr(args, name)
        if path is not None and not find_file(path).is_file():
            raise UserError(f'--{name} {path}: no such file{did_you_mean(similar_paths(path))}')
    if args.search and args.ann is None:
        raise UserError('--search needs the answers: give the COCO json the predictions are about by --ann')
    if args.crf and args.ann is None:
        raise UserError('--crf needs the photographs: give the COCO json that lies beside them by --ann')
    _check_out(args, [*places, *filter(None, [args.ann, args.params])])


def _check_out(args: argparse.Namespace, inputs: list[Path]) -> None:
    from custom_modules.ensemble.probs import INDEX
    from custom_modules.ensemble.voting.output import CONTENTS
    from custom_modules.utils import UserError, check_output, check_output_folder

    if args.bits and args.out.suffix != '.probs':
        raise UserError(f'--bits {args.bits} is about probabilities, {args.out} gets labels; leave it out')
    if args.out.suffix == '.csv':
        check_output(args.out, ('.csv',), inputs=inputs)
        return
    if args.out.suffix not in ('.probs', ''):
        raise UserError(f'--out {args.out}: give FOLDER.probs, FILE.csv, or a folder without suffix for label pictures')
    target = args.out.resolve()
    for path in inputs:
        if path.resolve().is_relative_to(target) or (target.is_relative_to(path.resolve()) and path.is_dir()):
            raise UserError(f'--out {args.out}: {path} is read, and would be replaced; give another name')
    check_output_folder(args.out, holds=INDEX if args.out.suffix == '.probs' else CONTENTS)
