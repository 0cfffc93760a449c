"""The params of an earlier search: which file is which member of them, and whether there are some."""

from __future__ import annotations

import argparse
import shlex
from typing import TYPE_CHECKING

from tools import _fusion_options

if TYPE_CHECKING:
    from custom_modules.ensemble.search.params import FusionParams


def read_params(args: argparse.Namespace, names: list[str]) -> FusionParams:
    """Read ``--params`` under the names of the files given; say which file is taken for which member."""
    from custom_modules.ensemble.search import FusionParams, Maker, read_makers
    from custom_modules.utils import find_file

    path = find_file(args.params)
    params, of_members = FusionParams.load(path), read_makers(path)
    of_files = {name: Maker.of_file(name) for name in names}
    if args.in_order:
        used = params.in_order(names)
    else:
        used = params.for_files(names, of_members=of_members, of_files=of_files)
    for name, member in zip(used.members, (params.members[index] for index in params.used), strict=True):
        unlike = of_files[name].unlike(of_members.get(member, Maker()))
        if name != member or unlike:
            print(f'{name}: taken for {member} of --params{f", but {unlike}" if unlike else ""}')
    return used


def tell_earlier_params(args: argparse.Namespace) -> None:
    """Where nothing but the usual settings is asked for, name the command that takes those an earlier search found."""
    from custom_modules.ensemble.search import FusionParams, earlier_params
    from custom_modules.utils import as_typed

    usual = all(getattr(args, name) == value for name, value in _fusion_options.SETTINGS.items())
    if len(args.predictions) < 2 or not usual:
        return
    pattern = '*.params.json'
    candidates = {*args.out.parent.resolve().glob(pattern), *_fusion_options.WORK_DIRS.resolve().rglob(pattern)}
    found = earlier_params([str(path) for path in args.predictions], candidates)
    if found is None:
        return
    if is_usual(FusionParams.load(found)):
        print(f'equal weights, which an earlier --search for these members found best: {as_typed(found)}')
    else:
        files = [] if args.chosen_here else map(str, args.predictions)
        about = ['--ann', str(args.ann)] if args.ann else ['--image-size', *map(str, args.image_size or ())]
        command = shlex.join(['python', 'tools/wbf_ensemble.py', *files, *about, '--params', as_typed(found)])
        print(f'equal weights; those that an earlier --search found for these members: {command}')


def is_usual(params: FusionParams) -> bool:
    """Tell whether params are what a fusion takes without any: equal weights and the usual settings."""
    usual = {name: value for name, value in _fusion_options.SETTINGS.items() if name != 'weights'}
    same = all(getattr(params, name) == value for name, value in usual.items())
    return same and params.score_scale is None and len(set(params.weights)) == 1
