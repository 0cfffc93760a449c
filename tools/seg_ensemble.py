"""Let the predictions of several segmenters vote.

    python tools/seg_ensemble.py
    python tools/seg_ensemble.py a/val.probs b/val.probs --ann data/synthetic/val.json --out work_dirs/ensemble/ab.probs
    python tools/seg_ensemble.py a/val.probs b/val.probs --ann data/synthetic/val.json --search
    python tools/seg_ensemble.py a/test.probs b.csv c_labels --ann data/trash/test.json --params val.params.json
    python tools/seg_ensemble.py a/test.probs b/test.probs --ann data/trash/test.json --crf --rescue --out voted.csv

Members are folders of probabilities (.probs, 8 or 16 bits), folders of label pictures (.png) and competition csv
(256 x 256), mixed; those of another size are resized by their probabilities, never by their labels, to the size that
--ann gives, or else that the first probabilities have.  Without members, those of all runs under work_dirs/ on the same
split vote.  Where --ann has answers, each member, the vote and the vote without each member are scored; then the last
line printed is the score.

A soft vote takes the weighted mean of the probabilities; in a hard one each member's most probable class gets its
weight.  Of classes with as many votes the one with the larger mean wins, of equal ones the lower label.  --params gives
weights by class, too.

A file is the member of --params that was made by the same run or config, as the notes beside predictions say, or,
without notes, that is named like it; --in-order takes any, in the order of the members.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools._fusion_params import read_params, tell_earlier_params
from tools._fusion_scores import progress_line
from tools._launch import Parser, run
from tools._vote_options import SETTINGS, check_files, check_options, choose_inputs
from tools._vote_scores import class_lines, comparison_lines, comparison_to_dict

if TYPE_CHECKING:
    from custom_modules.datasets import CocoData
    from custom_modules.ensemble.voting.comparison import VoteComparison
    from custom_modules.ensemble.voting.electorate import Electorate
    from custom_modules.ensemble.voting.params import VoteParams
    from custom_modules.ensemble.voting.refine import Photographs

METHODS = ('soft', 'hard')


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('predictions', nargs='*', type=Path, help='members of the vote (default: those of all runs)')
    parser.add_argument('--ann', type=Path, help='COCO json of the pictures: ids, sizes, classes, answers to score by')
    parser.add_argument(
        '--out',
        type=Path,
        help='FOLDER.probs for probabilities, FILE.csv for a competition, or a folder without suffix for label '
        'pictures (default: work_dirs/ensemble/<json or first member>.probs)',
    )
    parser.add_argument('--method', choices=METHODS, help='what members give: probabilities or a vote (default: soft)')
    parser.add_argument('--weights', nargs='+', type=float, metavar='W', help='one a member, in order (default: 1)')
    parser.add_argument(
        '--intersection', action='store_true', help='vote on the pictures that all members have, where they differ'
    )
    parser.add_argument('--crf', action='store_true', help='fit the vote to the photographs beside --ann')
    parser.add_argument(
        '--rescue', action='store_true', help='write small objects back that members agree on and the CRF removed'
    )
    parser.add_argument('--bits', type=int, choices=[8, 16], help='of each stored probability (default: 8)')
    parser.add_argument('--params', type=Path, metavar='JSON', help='vote as an earlier --search found best')
    parser.add_argument(
        '--in-order',
        action='store_true',
        help='take the members in the order of those of --params, whatever made them',
    )
    parser.add_argument('--search', action='store_true', help='look for the best settings on the answers of --ann')
    parser.add_argument('--budget', type=int, help='votes that --search tries (default: 1000)')
    parser.add_argument('--seed', type=int, help='of --search (default: 0)')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Vote, score where there are answers, and write."""
    args = parse_args(argv)
    check_options(args)
    choose_inputs(args)
    check_files(args)
    from custom_modules.ensemble.voting import open_members

    coco = read_ann(args)
    electorate = open_members(args.predictions, coco, intersection=args.intersection)
    tell_members(electorate)
    params = find_params(args, coco, electorate)
    photographs = find_photographs(coco, electorate, params)
    forget(args.out)
    comparison = vote(args, coco, electorate, params, photographs)
    save_notes(args, electorate, params)
    print(f'{len(electorate.pictures)} pictures: {args.out}')
    if comparison is not None:
        report(args, electorate, params, comparison)
    elif coco is not None:
        print(f'{args.ann} has no answers, nothing scored')
    return 0


def read_ann(args: argparse.Namespace) -> CocoData | None:
    """Read the data set, if one is named."""
    from custom_modules.datasets import load_coco
    from custom_modules.utils import UserError

    if args.ann is None:
        return None
    coco = load_coco(args.ann, check_images=False)
    if args.search and not coco.has_annotations:
        raise UserError(f'--search: {args.ann} has no answers to search by; give the json of a scored split')
    return coco


def tell_members(electorate: Electorate) -> None:
    """Say what votes, and on what."""
    for member in electorate.members:
        print(f'{member.path}: {member.kind}')
    if electorate.left_out:
        print(f'--intersection: {electorate.left_out} pictures of {electorate.source} are left out')


def find_params(args: argparse.Namespace, coco: CocoData | None, electorate: Electorate) -> VoteParams:
    """Return the settings: searched for, read, or those of the command line; say which members they leave out."""
    from custom_modules.ensemble.voting.params import VoteParams
    from custom_modules.ensemble.voting.refine import default_settings
    from custom_modules.utils import UserError

    names = electorate.names
    if args.search:
        params = search(args, coco, electorate)
    elif args.params is not None:
        params = read_params(args, names, VoteParams.load)
        if params.classes != electorate.classes:
            raise UserError(
                f'--params {args.params}: is for the classes {", ".join(params.classes)}, {electorate.source} has '
                f'{", ".join(electorate.classes)}; search on this data set'
            )
    else:
        if not args.crf and all(getattr(args, name) == value for name, value in SETTINGS.items()):
            about = ['--ann', str(args.ann)] if args.ann else []
            tell_earlier_params(args, 'seg_ensemble.py', VoteParams.load, is_usual, about)
        weights = tuple(args.weights or [1.0] * len(names))
        steps = {name: default_settings(name) for name in ('crf', 'rescue') if getattr(args, name)}
        params = VoteParams(tuple(names), electorate.classes, weights, args.method, **steps)
    used = params.for_files(names)
    dropped = [name for name in names if name not in used.members]
    if dropped:
        print(f'left out: {" ".join(dropped)}')
    if not args.search:
        print(used.describe())
    return used


def is_usual(params: VoteParams) -> bool:
    """Tell whether params are what a vote takes without any."""
    plain = params.method == SETTINGS['method'] and params.class_weights is None and params.crf is None
    return plain and len(set(params.weights)) == 1


def search(args: argparse.Namespace, coco: CocoData, electorate: Electorate) -> VoteParams:
    """Look for the best settings, print what was found and keep it beside the output."""
    from dataclasses import replace

    from custom_modules.datasets.label_maps import LabelMaps
    from custom_modules.ensemble.search import Maker
    from custom_modules.ensemble.voting.pixel_sample import draw_sample
    from custom_modules.ensemble.voting.refine import Photographs
    from custom_modules.ensemble.voting.refinement import search_refinement
    from custom_modules.ensemble.voting.search import search_vote

    truth = LabelMaps(coco)
    photographs = Photographs(coco, electorate.pictures) if args.crf else None
    with progress_line('pictures read') as progress:
        sample = draw_sample(electorate, truth, seed=args.seed, progress=progress)
    print(f'searching on {sample.share:.1%} of the pixels, which stand for all')
    with progress_line('votes tried', 'mIoU') as progress:
        result = search_vote(electorate, sample, budget=args.budget, seed=args.seed, progress=progress)
    print(result.report())
    more = {}
    if photographs is not None:
        with progress_line('pictures refined') as progress:
            options = {'rescue': args.rescue, 'seed': args.seed, 'progress': progress}
            found = search_refinement(electorate, result.params, truth, photographs, **options)
        print(found.report())
        result, more = replace(result, params=found.params), {'refinement': found.as_dict()}
    path = args.out.with_suffix('.params.json')
    result.save(path, {name: Maker.of_file(name) for name in electorate.names}, **more, pixel_share=sample.share)
    print(f'for other predictions of these models: --params {path}')
    return result.params


def find_photographs(coco: CocoData | None, electorate: Electorate, params: VoteParams) -> Photographs | None:
    """Find the photographs, where the settings have a CRF."""
    from custom_modules.ensemble.voting.refine import Photographs, step_params
    from custom_modules.utils import UserError

    for name in ('crf', 'rescue'):
        if getattr(params, name) is not None:
            step_params(name, getattr(params, name))
    if params.crf is None:
        return None
    if coco is None:
        raise UserError('--params has a CRF, which needs the photographs: give the json that lies beside them by --ann')
    return Photographs(coco, electorate.pictures)


def forget(out: Path) -> None:
    """Remove what lies beside an earlier output."""
    from custom_modules.evaluation import notes_file

    for beside in (notes_file(out), out.with_suffix('.metrics.json')):  # of another vote in a moment
        beside.unlink(missing_ok=True)


def vote(
    args: argparse.Namespace,
    coco: CocoData | None,
    electorate: Electorate,
    params: VoteParams,
    photographs: Photographs | None,
) -> VoteComparison | None:
    """Vote on one picture after another, write them, and count on the way where there are answers."""
    from custom_modules.datasets.label_maps import LabelMaps, coco_palette
    from custom_modules.datasets.palette import segmentation_palette
    from custom_modules.ensemble.voting.comparison import Comparing
    from custom_modules.ensemble.voting.outcomes import outcomes
    from custom_modules.ensemble.voting.output import write_outcomes

    palette = segmentation_palette(electorate.classes) if coco is None else coco_palette(coco)
    dtype = f'uint{args.bits or 8}' if args.out.suffix == '.probs' else None
    comparing = None
    if coco is not None and coco.has_annotations:
        comparing = Comparing(electorate, params, LabelMaps(coco))
    with progress_line('pictures') as progress:
        found = outcomes(
            electorate,
            params,
            dtype=dtype,
            compare=comparing is not None,
            photographs=photographs,
            progress=progress,
        )
        if comparing is not None:
            found = comparing.watch(found)
        write_outcomes(args.out, found, electorate.classes, palette, dtype)
    return None if comparing is None else comparing.result()


def report(args: argparse.Namespace, electorate: Electorate, params: VoteParams, comparison: VoteComparison) -> None:
    """Print the scores and keep them beside the output."""
    from custom_modules.evaluation import format_table, result_to_dict
    from custom_modules.utils import atomic_write

    scores = comparison.result.summary()
    figures = {'scores': scores, 'details': [result_to_dict(comparison.result)]}
    with atomic_write(args.out.with_suffix('.metrics.json')) as file:
        json.dump({**figures, 'comparison': comparison_to_dict(comparison)}, file, indent=2)
    alone = params.members[0] if params.is_single and len(electorate.members) > 1 else None
    lines = comparison_lines(comparison, searched=args.search, alone=alone)
    print('\n'.join([format_table(comparison.result), '', *class_lines(comparison), '', *lines]))
    print(f'mIoU {scores["mIoU"]:.6f}')


def save_notes(args: argparse.Namespace, electorate: Electorate, params: VoteParams) -> None:
    """Say beside the output what made it."""
    from dataclasses import asdict

    from custom_modules.evaluation import notes_file
    from custom_modules.utils import atomic_write, find_file

    notes = {
        'command': sys.argv,
        'kind': 'fusion',
        'ann': None if args.ann is None else str(args.ann.resolve()),
        'members': [
            {
                'file': str(find_file(member.path).resolve()),
                'sha256': digest(find_file(member.path)),
                'format': member.kind,
                'used': str(member.path) in params.members,
            }
            for member in electorate.members
        ],
        'params': asdict(params),
        'searched_here': args.search,
        'intersection': args.intersection,
        'classes': list(electorate.classes),
        'num_pictures': len(electorate.pictures),
        'written': time.strftime('%Y-%m-%d %H:%M:%S'),
    }
    with atomic_write(notes_file(args.out)) as file:
        json.dump(notes, file, indent=2)


def digest(path: Path) -> str | None:
    """Return the sha256 of a file; None for a folder."""
    if path.is_dir():
        return None
    with path.open('rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()


if __name__ == '__main__':
    run(main, needs_model=False)
