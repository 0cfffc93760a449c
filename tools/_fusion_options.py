"""What wbf_ensemble.py checks and chooses before it reads anything."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

from tools import ROOT

# What --params and --search decide themselves, with the values it has otherwise.
SETTINGS = {'method': 'wbf', 'iou_thr': 0.55, 'skip_box_thr': 0.0, 'conf_type': 'avg', 'weights': None}
SEARCHING = {'budget': 300, 'seed': 0}
WORK_DIRS = ROOT / 'work_dirs'


def check_options(args: argparse.Namespace) -> None:
    """Refuse options that cannot be meant or would have no effect, and fill in what was left out."""
    from custom_modules.utils import UserError

    if args.conf_type is not None and args.method not in (None, 'wbf'):
        raise UserError(f'--conf-type has no effect on --method {args.method}; leave it out')
    settle(args, SETTINGS, SEARCHING)
    _check_numbers(args)


def settle(args: argparse.Namespace, settings: dict, searching: dict) -> None:
    """Refuse options beside a search or params that decide them, and fill in what was left out.

    Args:
        args: The command line; changed.
        settings: What --params and --search decide themselves, with the values it has otherwise.
        searching: What belongs to --search alone, with its defaults.
    """
    from custom_modules.utils import UserError

    given = {name: getattr(args, name) for name in (*settings, *searching) if getattr(args, name) is not None}
    for name, other in (('search', 'finds them itself'), ('params', 'names the file that has them')):
        clash = [setting for setting in settings if setting in given]
        if getattr(args, name) and clash:
            raise UserError(f'{option_name(clash[0])}: --{name} {other}; leave one of them out')
    if args.search and args.params:
        raise UserError('--search finds params, --params uses those of an earlier search; leave one of them out')
    for name in searching:
        if name in given and not args.search:
            raise UserError(f'{option_name(name)} has no effect without --search')
    if args.in_order and not args.params:
        raise UserError('--in-order has no effect without --params')
    for name, value in {**settings, **searching, **given}.items():
        setattr(args, name, value)


def _check_numbers(args: argparse.Namespace) -> None:
    check_numbers(
        args,
        ('iou_thr', 0 < args.iou_thr <= 1, 'give a number above 0 and up to 1'),
        ('skip_box_thr', 0 <= args.skip_box_thr <= 1, 'give a number from 0 to 1'),
        ('max_per_image', args.max_per_image is None or args.max_per_image > 0, 'give a number from 1 on'),
        ('image_size', min(args.image_size or [1]) > 0, 'give width and height in pixels'),
    )


def check_numbers(args: argparse.Namespace, *own: tuple[str, bool, str]) -> None:
    """Refuse numbers that cannot be meant.

    Args:
        args: The command line.
        own: Further checks: an argument, whether it is fine, and the remedy.
    """
    from math import isfinite

    from custom_modules.utils import UserError

    weights = args.weights or [1.0]
    checks = [
        *own,
        ('weights', all(isfinite(weight) and weight >= 0 for weight in weights), 'give numbers from 0 on'),
        ('weights', any(weights), 'one of them must be above 0'),
        ('budget', args.budget > 0, 'give a number from 1 on'),
        ('seed', args.seed >= 0, 'give a number from 0 on'),
    ]
    for name, is_fine, remedy in checks:
        if not is_fine:
            value = getattr(args, name)
            shown = ' '.join(f'{number:g}' for number in value) if isinstance(value, list) else value
            raise UserError(f'{option_name(name)} {shown}: {remedy}')


def option_name(name: str) -> str:
    """Return the option of an argument."""
    return f'--{name.replace("_", "-")}'


def choose_inputs(args: argparse.Namespace) -> None:
    """Without files take those of all runs on one split; say what was chosen."""
    from custom_modules.utils import UserError, as_typed, find_file

    if args.ann is not None:
        args.ann = find_file(args.ann)
    args.chosen_here = not args.predictions
    if args.chosen_here:
        if args.image_size:
            raise UserError('--image-size is about files without --ann: name the files to fuse')
        from custom_modules.ensemble.predicted_splits import choose_split

        split = choose_split(WORK_DIRS, args.ann, to_search=args.search)
        args.ann, args.predictions = Path(as_typed(split.ann)), [Path(as_typed(path)) for path in split.members]
        print(f'fusing the predictions of {len(args.predictions)} runs on {args.ann}: {words(args.predictions)}')
        if split.others:
            others = words(map(as_typed, split.others))
            print(
                f'most runs have predicted it, of several such splits one with answers; --ann takes another: {others}'
            )
        if split.further:
            print(f'one file of each run, called alike where there are; others: {words(map(as_typed, split.further))}')
    if args.out is None:
        first = args.predictions[0]
        name = f'{args.ann.stem}.json' if args.ann else f'{first.stem}{first.suffix if first.is_file() else ".json"}'
        args.out = Path(as_typed(WORK_DIRS / 'ensemble' / name))


def words(paths: Iterable[Path | str]) -> str:
    """Put paths into a line."""
    return ' '.join(map(str, paths))


def check_files(args: argparse.Namespace) -> None:
    """Refuse what cannot be fused or written before the files are read."""
    from custom_modules.submission import detect_format
    from custom_modules.utils import UserError, check_output, did_you_mean, find_file, refuse_data_set, similar_paths

    formats = {path: detect_format(find_file(path)) for path in args.predictions}
    places = [find_file(path).resolve() for path in args.predictions]
    if len(set(places)) < len(places):
        twice = next(path for path, place in zip(args.predictions, places, strict=True) if places.count(place) > 1)
        raise UserError(f'{twice} is given twice; let it count more by --weights')
    if args.weights and len(args.weights) != len(formats):
        raise UserError(f'--weights: {len(args.weights)} for {len(formats)} files; give one a file, in their order')
    if args.ann is not None and not args.ann.is_file():
        raise UserError(f'--ann {args.ann}: no such file{did_you_mean(similar_paths(args.ann))}')
    if args.params is not None and not find_file(args.params).is_file():
        raise UserError(f'--params {args.params}: no such file{did_you_mean(similar_paths(args.params))}')
    if args.search and args.ann is None:
        raise UserError('--search needs the answers: give the COCO json the files are about by --ann')
    check_output(args.out, ('.json', '.csv'), inputs=[*places, *filter(None, [args.ann, args.params])])
    refuse_data_set(args.out)
    if args.ann is None:
        kind = 'json' if args.out.suffix == '.json' else 'csv'
        other = next((path for path, found in formats.items() if found in ('json', 'csv') and found != kind), None)
        if other is not None:
            raise UserError(f'{other}: without --ann, which joins names and ids, it goes to {other.suffix} only')
