"""Finding the files of a data folder and checking them before training."""

import shlex
from pathlib import Path

from custom_modules.utils import UserError, did_you_mean, similar_paths
from custom_modules.utils.files import REPOSITORY

from .checks import Findings, error_message, shown
from .checks.findings import NO_ANNOTATIONS, OTHER_CATEGORIES, SHARED_PICTURE
from .coco_data import CocoData, read_coco
from .shared_pictures import shared_pictures


def resolve_data_root(data_root: str | Path, *, option: str = '--data-root') -> Path:
    """Find the data folder.

    Args:
        data_root: Absolute, or relative to the working folder, or else to the repository.
        option: What names the folder on the command line, for the message.

    Returns:
        The folder.

    Raises:
        UserError: There is none; the message gives similar names, or else the command that makes one.
    """
    for folder in (Path(data_root), REPOSITORY / data_root):
        if folder.is_dir():
            return folder
    if Path(data_root).is_file():
        raise UserError(f'{data_root} is a file; give the folder it is in by {option}')
    places = dict.fromkeys([Path.cwd(), REPOSITORY])
    where = '' if Path(data_root).is_absolute() else f' (looked in {" and ".join(map(str, places))})'
    hint = did_you_mean(similar_paths(data_root, folders=True))
    missing = f'there is no data folder {data_root}{where}'
    if hint:  # mistyped: a folder of this name is not wanted
        raise UserError(f'{missing}{hint} Else name yours by {option}')
    raise UserError(
        f'{missing}: name yours by {option}, or make a synthetic one: '
        f'python tools/make_synthetic.py --out {shlex.quote(str(data_root))}'
    )


def resolve_ann(data_root: str | Path, name: str | Path) -> Path:
    """Find a json file: in the data folder, then in the working folder.

    Args:
        data_root: The data folder.
        name: The file, relative or absolute.

    Returns:
        Its path.

    Raises:
        UserError: There is none; see :func:`missing_ann`.
    """
    root = resolve_data_root(data_root)
    for path in (root / name, Path(name)):
        if path.is_file():
            return path
    raise UserError(missing_ann(root, name))


def missing_ann(root: Path, name: str | Path) -> str:
    """Say what to do about a json file that a data folder lacks.

    Args:
        root: The data folder.
        name: The file.

    Returns:
        One line: the json files there are, and the command that splits one of them where that helps.
    """
    return f'{root} has no {name}: {_remedy(root, Path(name).name)}'


def _remedy(root: Path, name: str) -> str:
    others = sorted(path.name for path in root.glob('*.json') if not path.name.startswith('test'))
    if not others:
        return 'put a COCO json there (annotations of train and val), or name another folder by --data-root'
    if len(others) == 1:
        return f'split the only json: {_split_command(root, others[0], others)}'
    remedy = (
        f'it has {", ".join(others)}; rename the one meant, or name it by --train-ann (training) or --ann (scoring)'
    )
    if name != 'val.json':
        return remedy
    whole = next((file for file in ('train_all.json', 'train.json') if file in others), others[0])
    return f'{remedy}, or split {whole}: {_split_command(root, whole, others)}'


def _split_command(root: Path, name: str, others: list[str]) -> str:
    """Give the command that splits a json into train.json and val.json; what has such a name is moved away first."""
    moves = {}
    if name in ('train.json', 'val.json'):
        moves[name] = 'train_all.json'
    elif 'train.json' in others:
        moves['train.json'] = 'train_old.json'

    def quoted(file: str) -> str:
        return shlex.quote(str(root / file))

    commands = [f'mv -n {quoted(old)} {quoted(new)}' for old, new in moves.items()]
    split = f'python tools/split_data.py {quoted(moves.get(name, name))} --out {shlex.quote(str(root))}'
    return ' && '.join([*commands, split])


def check_data_root(
    data_root: str | Path, train_ann: str | Path = 'train.json', val_ann: str | Path = 'val.json'
) -> tuple[CocoData, CocoData, list[str]]:
    """Check everything training reads before it starts.

    Args:
        data_root: The data folder.
        train_ann: Training annotations, looked up by ``resolve_ann``.
        val_ann: Validation annotations, likewise.

    Returns:
        Training data, validation data, and one line of warnings per file that has any.

    Raises:
        UserError: All errors of both files in one message.
    """
    root = resolve_data_root(data_root)
    results = [read_coco(resolve_ann(root, name), root) for name in (train_ann, val_ann)]
    for data, findings in results:
        if data is not None and not data.has_annotations:
            findings.add(NO_ANNOTATIONS, 'the list annotations is empty or missing')
    (train, train_findings), (val, val_findings) = results
    if train is not None and val is not None:
        compare_files(train, val, val_findings)
    if train_findings.num_errors or val_findings.num_errors:
        raise UserError(error_message([train_findings, val_findings]))
    return train, val, [line for line in (train.warning_line, val.warning_line) if line]


def compare_files(data: CocoData, other: CocoData, findings: Findings) -> None:
    """Note what does not fit between two files of one data set.

    Args:
        data: The training file.
        other: The validation or test file.
        findings: Those of ``other``: unequal categories are errors, shared pictures warnings.
    """
    ours, theirs = (list(zip(part.cat_ids, part.classes, strict=True)) for part in (data, other))
    if ours != theirs:
        findings.add(OTHER_CATEGORIES, f'{_difference(ours, theirs)}; {data.path.name} has {len(ours)}')
    for name, other_name in shared_pictures(data, other):
        findings.add(
            SHARED_PICTURE, shown(other_name) if name == other_name else f'{shown(other_name)} = {shown(name)}'
        )


def _difference(ours: list[tuple[int, str]], theirs: list[tuple[int, str]]) -> str:
    changed = [f'{number} {shown(name)}' for number, name in sorted(set(theirs) ^ set(ours))]
    return 'only one of them has ' + ', '.join(changed[:4]) + (', ...' if len(changed) > 4 else '')
