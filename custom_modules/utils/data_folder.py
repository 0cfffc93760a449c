"""Finding a data folder and its json files, or saying what to do."""

import shlex
from pathlib import Path

from .errors import UserError
from .files import REPOSITORY
from .similar import did_you_mean, similar_paths


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
        return (
            'put a COCO json there (annotations of train and val; folders of label pictures: python '
            'tools/index_labels.py), or name another folder by --data-root'
        )
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
