"""Which file is which member of a fusion's params: told by what made it or by its name, never by its place alone."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from custom_modules.evaluation.prediction_notes import read_notes
from custom_modules.utils import UserError, find_file, read_object


@dataclass(frozen=True)
class Maker:
    """What made predictions, as far as the notes beside them say.

    Attributes:
        checkpoint: Folder and name of the checkpoint, such as ``htc_swin/best.pth``.
        config: Name of the config.
        sha256: Of the checkpoint.
        tta: Whether test-time augmentation was on.
    """

    checkpoint: str | None = None
    config: str | None = None
    sha256: str | None = None
    tta: bool = False

    @classmethod
    def of_file(cls, name: str) -> 'Maker':
        """Read the notes beside predictions; without notes nothing is known."""
        notes = read_notes(find_file(name))
        checkpoint, config = (Path(notes[key]) if notes.get(key) else None for key in ('checkpoint', 'config'))
        return cls(
            checkpoint and f'{checkpoint.parent.name}/{checkpoint.name}',
            config and (config.parent.name if config.name == 'config.py' else config.stem),
            notes.get('checkpoint_sha256'),
            bool(notes.get('tta')),
        )

    @classmethod
    def of_dict(cls, content: Mapping[str, Any]) -> 'Maker':
        """Read what :meth:`as_dict` gave."""
        return cls(*(content.get(key) for key in ('checkpoint', 'config', 'sha256')), bool(content.get('tta')))

    def as_dict(self) -> dict[str, Any]:
        """Return json values."""
        return asdict(self)

    def contradicts(self, other: 'Maker') -> bool:
        """Tell whether both are known and have neither checkpoint nor config in common."""
        shared = [
            getattr(self, key) == getattr(other, key)
            for key in ('sha256', 'checkpoint', 'config')
            if None not in (getattr(self, key), getattr(other, key))
        ]
        return bool(shared) and not any(shared)

    def unlike(self, other: 'Maker') -> str:
        """Say what to know where a file of this maker is taken for a member of another; empty for nothing."""
        found = []
        if Maker() in (replace(self, tta=False), replace(other, tta=False)):
            return ''
        if None not in (self.sha256, other.sha256) and self.sha256 != other.sha256:
            same_run = self.checkpoint == other.checkpoint
            found.append('from a run that was trained anew' if same_run else 'from another run of the same config')
        if self.tta != other.tta:
            found.append(f'with{"" if self.tta else "out"} test-time augmentation')
        return ', '.join(found)


def read_makers(path: str | Path) -> dict[str, Maker]:
    """Return what made the members of a params file: as the search noted, or else as the notes beside them say.

    Args:
        path: A file that ``FusionParams.load`` reads.
    """
    content = read_object(path)
    noted = content.get('made_by')
    if isinstance(noted, dict):
        return {name: Maker.of_dict(one) for name, one in noted.items() if isinstance(one, dict)}
    return {str(member['file']): Maker.of_file(str(member['file'])) for member in content.get('members', ())}


def match_files(
    members: Sequence[str],
    used: Sequence[str],
    names: Sequence[str],
    of_members: Mapping[str, Maker] | None = None,
    of_files: Mapping[str, Maker] | None = None,
) -> list[int]:
    """Find members among files, possibly those of another split.

    A file is a member's if it has its name; or was made by the same checkpoint, as the notes beside predictions say;
    by another one of the same config; or else is of the same run (``work_dirs/<run>/predictions/*``), has the same
    file name, or lies in a folder of the same name.  Of two files of a run the one with test-time augmentation is that
    of the member that had it.  What is known to be made by another config is never taken.

    Args:
        members: All members.
        used: Those to find.
        names: Files, in any order, others among them.
        of_members: What made the members, as far as it is known.
        of_files: What made the files, likewise.

    Returns:
        Positions in ``names`` of the used members, in their order.

    Raises:
        UserError: A member is missing, or two files could be it.
    """
    wanted = {member: (of_members or {}).get(member, Maker()) for member in members}
    given = {name: (of_files or {}).get(name, Maker()) for name in names}
    rules = [rule for rule in _RULES if _tells_apart(rule(*item) for item in wanted.items())]
    places = {member: _find(member, wanted[member], given, rules) for member in used}
    lost = next((member for member, fitting in places.items() if len(fitting) != 1), None)
    if lost is not None:
        problem = 'two files given could be the' if places[lost] else 'no file given is the'
        raise UserError(f'{problem} member {lost}{_made_by(wanted[lost])}: {_give_all(used)}')
    found = [fitting[0] for fitting in places.values()]
    twice = next((at for at in found if found.count(at) > 1), None)
    if twice is not None:
        raise UserError(f'{names[twice]} could be two members: {_give_all(used)}')
    return found


def match_in_order(members: Sequence[str], used: Sequence[str], names: Sequence[str]) -> list[int]:
    """Take files for members by their place, because the user says so.

    Args:
        members: All members.
        used: Those to find.
        names: A file for each member, or for each of those that are used, in the order of the params.

    Returns:
        Positions in ``names`` of the used members, in their order.

    Raises:
        UserError: The number fits neither.
    """
    if len(names) == len(members):
        return [members.index(member) for member in used]
    if len(names) == len(used):
        return list(range(len(used)))
    counts = (
        f'{len(members)}' if len(members) == len(used) else f'{len(members)}, or {len(used)} without those left out'
    )
    raise UserError(f'--in-order: {len(names)} files for {counts}: give one for each of {" ".join(members)}')


_Rule = Callable[[str, Maker], Hashable | None]

_RULES: tuple[_Rule, ...] = (
    lambda name, maker: name,
    lambda name, maker: maker.sha256 and (maker.sha256, maker.tta),
    lambda name, maker: maker.checkpoint and (maker.checkpoint, maker.tta),
    lambda name, maker: maker.checkpoint,
    lambda name, maker: maker.config and (maker.config, maker.tta),
    lambda name, maker: maker.config,
    lambda name, maker: (_run_of(name), Path(name).stem.endswith('_tta')),
    lambda name, maker: _run_of(name),
    lambda name, maker: Path(name).parent.name,
)
"""What a file has in common with its member, the surest first; None where it is not known."""


def _run_of(name: str) -> str:
    """Return what the files of one model for different splits have in common: the run's folder, or the file name."""
    path = Path(name)
    return path.parent.parent.name if path.parent.name == 'predictions' else path.stem


def _tells_apart(keys: Iterable[Hashable | None]) -> bool:
    known = [key for key in keys if key is not None]
    return len(set(known)) == len(known)


def _find(member: str, maker: Maker, given: Mapping[str, Maker], rules: Sequence[_Rule]) -> list[int]:
    """Return the places of the files that could be a member, by the first rule that leaves one, if any does."""
    several: list[int] = []
    for rule in rules:
        key = rule(member, maker)
        fitting = [
            at
            for at, (name, other) in enumerate(given.items())
            if key is not None and rule(name, other) == key and not other.contradicts(maker)
        ]
        if len(fitting) == 1:
            return fitting
        several = several or fitting
    return several


def _made_by(maker: Maker) -> str:
    return f' (made by {maker.checkpoint or maker.config})' if maker.checkpoint or maker.config else ''


def _give_all(used: Sequence[str]) -> str:
    return (
        f'give one file for each of {" ".join(used)} (the names of the params file); --in-order takes files of other '
        'runs in that order'
    )
