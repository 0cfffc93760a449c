"""What to predict on: pictures of a data set's split, loose files, folders and patterns."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...utils import UserError, atomic_write, did_you_mean, similar_paths


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture to predict on.

    Attributes:
        image_id: Its id in the predictions.
        path: Its file.
        name: What to call it: ``file_name`` of the json, or the path given.
        width: Width that the data set says it has, px; 0 where nobody says.
        height: Height that the data set says it has, px.
        root: Data folder that no link may lead out of; None for loose pictures.
    """

    image_id: int
    path: Path
    name: str
    width: int = 0
    height: int = 0
    root: Path | None = None


_SUFFIXES = {'.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff'}
_MAGIC = set('*?[')


def find_pictures(arguments: Sequence[str], ann: str | Path | None = None) -> list[Picture]:
    """Collect pictures from files, folders and patterns, or take those of a data set's json.

    Args:
        arguments: Files, folders (searched below, too) and glob patterns; or one json of a data set, in its data
            folder or in a folder below.
        ann: COCO json whose ids the pictures keep; without it ids are 1 to n in sorted path order.

    Returns:
        The pictures, each once.

    Raises:
        UserError: An argument names or matches nothing, or the json is damaged or does not know a picture.
    """
    if any(Path(argument).suffix == '.json' for argument in arguments):
        if len(arguments) > 1 or ann is not None:
            raise UserError('a json stands for all pictures of its data set: give it alone, without --ann')
        return _pictures_of_json(Path(arguments[0]))
    paths = sorted({path for argument in arguments for path in _expand(argument)})
    if ann is None:
        return [Picture(number, path, str(path)) for number, path in enumerate(paths, start=1)]
    from ...datasets import load_coco

    known = {image['file_name']: image for image in load_coco(ann, check_images=False).images}
    return [_known_picture(path, known, str(ann)) for path in paths]


def pictures_of_split(data_root: str | Path, ann: str | Path) -> list[Picture]:
    """Take all pictures of a data set's json; whether they can be read is seen when they are.

    Args:
        data_root: The data folder.
        ann: Its json, looked up in the folder, then in the working folder.

    Returns:
        The pictures by ascending id.

    Raises:
        UserError: The json is missing or has errors.
    """
    from ...datasets import load_coco, resolve_ann, resolve_data_root

    root = resolve_data_root(data_root)
    images = load_coco(resolve_ann(root, ann), root, check_images=False).images
    return [_picture_of(image, root) for image in sorted(images, key=lambda image: image['id'])]


def _pictures_of_json(path: Path) -> list[Picture]:
    """Take the pictures of a json that lies in its data folder or, as those of folds do, in a folder below."""
    root = path.absolute().parent
    pictures = pictures_of_split(root, path.absolute())
    if pictures and not pictures[0].path.exists():
        above = pictures_of_split(root.parent, path.absolute())
        return above if above[0].path.exists() else pictures
    return pictures


def matching_cat_ids(ann: str | Path, classes: Sequence[str]) -> list[int] | None:
    """Return the ids that a data set gives classes.

    Args:
        ann: COCO json.
        classes: Their names by label.

    Returns:
        The ids by label; None where the data set has other classes.
    """
    from ...datasets import load_coco

    data = load_coco(ann, check_images=False)
    return list(data.cat_ids) if list(data.classes) == list(classes) else None


def _picture_of(image: dict, root: Path) -> Picture:
    name = image['file_name']
    return Picture(image['id'], root / name, name, image['width'], image['height'], root)


def _known_picture(path: Path, known: dict[str, dict], ann: str) -> Picture:
    parts = path.parts
    for start in range(len(parts)):  # the longest ending of the path that the json knows
        name = '/'.join(parts[start:])
        if name in known:
            return Picture(known[name]['id'], path, name, known[name]['width'], known[name]['height'])
    raise UserError(f'{ann} does not know {path}; leave --ann out to number the pictures')


def _expand(argument: str) -> list[Path]:
    path = Path(argument)
    if path.is_file():
        return [path]
    if not path.exists() and not _MAGIC & set(argument):
        hint = did_you_mean([*similar_paths(path), *similar_paths(path, folders=True)])
        raise UserError(f'{argument}: there is no such picture or folder{hint}')
    if path.is_dir():
        found = [file for file in path.rglob('*') if file.suffix.lower() in _SUFFIXES]
    else:
        found = [file for file in _glob(path) if file.suffix.lower() in _SUFFIXES]
    if not found:
        raise UserError(f'{argument}: no picture there ({", ".join(sorted(_SUFFIXES))})')
    return found


def _glob(pattern: Path) -> list[Path]:
    anchor = Path(pattern.anchor)
    return list(anchor.glob(str(pattern.relative_to(anchor))))


def write_picture_list(pictures: Sequence[Picture], path: str | Path) -> None:
    """Write which id each loose picture got, as the ``images`` of a COCO json."""
    with atomic_write(path) as file:
        json.dump({'images': [{'id': p.image_id, 'file_name': p.name} for p in pictures]}, file, indent=1)


def file_size(picture: Picture) -> int:
    """Return the bytes of a picture's file, -1 where there is none."""
    try:
        return picture.path.stat().st_size
    except OSError:
        return -1
