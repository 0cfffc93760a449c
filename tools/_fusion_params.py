"""The params of an earlier search: which file is which member of them, and whether there are some; of votes, too."""

from __future__ import annotations

import argparse
import shlex
from typing import TYPE_CHECKING

from tools import _fusion_options

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from custom_modules.ensemble.search.member_params import MemberParams
    from custom_modules.ensemble.search.params import FusionParams


def read_params(args: argparse.Namespace, names: list[str], load: Callable[[Path], MemberParams]) -> MemberParams:
    """Read ``--params`` under the names of the files given; say which file is taken for which member.

    Args:
        args: ``params`` and ``in_order`` are looked at.
        names: The files.
        load: Reads a file of params.
    """
    from custom_modules.ensemble.search import Maker, read_makers
    from custom_modules.utils import find_file

    path = find_file(args.params)
    params, of_members = load(path), read_makers(path)
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


def tell_earlier_params(
    args: argparse.Namespace,
    tool: str,
    load: Callable[[Path], MemberParams],
    is_usual: Callable[[MemberParams], bool],
    about: list[str],
) -> None:
    """Name the command that takes the params an earlier search found, where there are some.

    Args:
        args: ``predictions``, ``out`` and ``chosen_here`` are looked at.
        tool: Name of the script.
        load: Reads a file of params.
        is_usual: Tells whether params are what is taken without any.
        about: Options of the command that say what the files are about.
    """
    from custom_modules.ensemble.search import earlier_params
    from custom_modules.utils import as_typed

    if len(args.predictions) < 2:
        return
    pattern = '*.params.json'
    candidates = {*args.out.parent.resolve().glob(pattern), *_fusion_options.WORK_DIRS.resolve().rglob(pattern)}
    found = earlier_params([str(path) for path in args.predictions], candidates, load)
    if found is None:
        return
    if is_usual(load(found)):
        print(f'equal weights, which an earlier --search for these members found best: {as_typed(found)}')
    else:
        files = [] if args.chosen_here else map(str, args.predictions)
        command = shlex.join(['python', f'tools/{tool}', *files, *about, '--params', as_typed(found)])
        print(f'equal weights; those that an earlier --search found for these members: {command}')


def is_usual(params: FusionParams) -> bool:
    """Tell whether params are what a fusion takes without any: equal weights and the usual settings."""
    usual = {name: value for name, value in _fusion_options.SETTINGS.items() if name != 'weights'}
    same = all(getattr(params, name) == value for name, value in usual.items())
    return same and params.score_scale is None and len(set(params.weights)) == 1
