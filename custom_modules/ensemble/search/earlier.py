"""Params that an earlier search found for the same members."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from custom_modules.utils import UserError

from .member_files import Maker, match_files, read_makers
from .member_params import MemberParams
from .params import FusionParams

Load = Callable[[Path], MemberParams]


def earlier_params(names: Sequence[str], candidates: Iterable[Path], load: Load = FusionParams.load) -> Path | None:
    """Find the newest params that were searched for the models of some files, for all of them and no other.

    Args:
        names: Files of predictions.
        candidates: Files of params.
        load: Reads one; a UserError says that it is of another kind.

    Returns:
        One of them; None where none fits.
    """
    newest_first = sorted(candidates, key=lambda path: path.stat().st_mtime, reverse=True)
    return next((path for path in newest_first if _is_for(path, names, load)), None)


def _is_for(path: Path, names: Sequence[str], load: Load) -> bool:
    try:
        members = load(path).members
        of_members, of_files = read_makers(path), {name: Maker.of_file(name) for name in names}
        places = match_files(members, members, names, of_members, of_files)
    except UserError:
        return False
    made = [(of_files[names[at]], of_members.get(member, Maker())) for member, at in zip(members, places, strict=True)]
    return len(members) == len(names) and not any(one.unlike(other) for one, other in made)
