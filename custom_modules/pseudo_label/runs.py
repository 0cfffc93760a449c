"""Which run made predictions, what it was trained on, and which run is the newest."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from custom_modules.evaluation import read_notes
from custom_modules.utils import find_file, read_object


@dataclass(frozen=True)
class Run:
    """A trained model in its run's folder.

    Attributes:
        checkpoint: Its weights.
        config: The resolved config beside them.
        data_root: Data folder it was trained on; None for that of the config.
        train_ann: Training json as it was named; None for train.json.
        on_fold: Whether it was trained on one fold.
        pseudo_round: Round of the pseudo labels it has learnt from, 0 for none; None where nothing says so.
    """

    checkpoint: Path
    config: Path
    data_root: str | None
    train_ann: str | None
    on_fold: bool
    pseudo_round: int | None = None


def run_of(checkpoint: str | Path) -> Run | None:
    """Return the run a checkpoint belongs to; None where it does not lie in a run's folder."""
    checkpoint = find_file(checkpoint)
    notes = read_object(checkpoint.resolve().parent / 'run.json')
    options = notes.get('options')
    if not isinstance(options, dict):
        return None
    config = checkpoint.with_name('config.py')
    named = options.get('data_root'), options.get('train_ann')
    return Run(checkpoint, config, *named, bool(notes.get('fold')), notes.get('pseudo_round'))


def newest_run(folder: str | Path) -> Run | None:
    """Return the run below a folder whose best checkpoint is the newest; None without any trained detector."""
    checkpoints = sorted(Path(folder).rglob('best.pth'), key=lambda path: path.stat().st_mtime, reverse=True)
    return next((run_of(path) for path in checkpoints if _is_detector(path)), None)


def _is_detector(checkpoint: Path) -> bool:
    config = checkpoint.with_name('config.py')
    is_run = run_of(checkpoint) is not None and config.is_file()
    return is_run and 'TrashDetDataset' in config.read_text(encoding='utf-8')


def are_current(predictions: Path, checkpoint: str | Path, ann: Path, *, tta: bool) -> bool:
    """Say whether predictions are there, by this checkpoint, on a json as it is now, with augmentation or without.

    Args:
        predictions: COCO results json, or a ``*.probs`` folder.
        checkpoint: Weights.
        ann: Json of the pictures.
        tta: Whether test-time augmentation is wanted.
    """
    notes = read_notes(predictions)
    if not predictions.exists() or bool(notes.get('tta')) is not tta:
        return False
    if Path(notes.get('ann') or '').resolve() != ann.resolve() or predictions.stat().st_mtime < ann.stat().st_mtime:
        return False
    with open(find_file(checkpoint), 'rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest() == notes.get('checkpoint_sha256')
