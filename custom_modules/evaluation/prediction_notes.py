"""What lies beside predictions: ``val.run.json`` beside ``val.json`` says what made them, on which json of pictures."""

from pathlib import Path
from typing import Any

from custom_modules.utils import read_object

_SUFFIX = '.run.json'


def predictions_name(ann: str | Path, *, tta: bool = False, suffix: str = '.json') -> str:
    """Return how predictions on a json are called: ``val.json``, and with test-time augmentation ``val_tta.json``.

    Args:
        ann: The json of the pictures.
        tta: Whether they are made with it.
        suffix: ``.probs`` for those of a segmenter.
    """
    return f'{Path(ann).stem}{"_tta" if tta else ""}{suffix}'


def notes_file(predictions: str | Path) -> Path:
    """Return the file that says what made predictions."""
    return Path(predictions).with_suffix(_SUFFIX)


def read_notes(predictions: str | Path) -> dict[str, Any]:
    """Return what is known of the making of predictions; empty where nothing is."""
    return read_object(notes_file(predictions))


def noted_predictions(folder: str | Path, suffix: str = '.json') -> list[tuple[Path, dict[str, Any]]]:
    """Find all predictions below a folder that say what they are about.

    Args:
        folder: Folder of all runs.
        suffix: Of the predictions looked for, ``.probs`` for those of segmenters.

    Returns:
        The files in the order of their names, each with its notes; ``ann`` in them is not empty.
    """
    found = []
    for notes in sorted(Path(folder).rglob(f'*{_SUFFIX}')):
        predictions, said = notes.with_name(f'{notes.name.removesuffix(_SUFFIX)}{suffix}'), read_object(notes)
        if isinstance(said.get('ann'), str) and said['ann'] and predictions.exists():
            found.append((predictions, said))
    return found
