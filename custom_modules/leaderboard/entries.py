"""Finding what was predicted under a folder of runs, and on which json."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from custom_modules.evaluation.prediction_notes import noted_predictions
from custom_modules.utils import UserError, read_object

from .figures import DETECTION, SEGMENTATION
from .run_config import read_run_config

MODEL, TTA, FUSION, VALIDATION = 'model', 'TTA', 'fusion', 'validation'


@dataclass(frozen=True)
class Entry:
    """Predictions, or a training's own validation.

    Attributes:
        name: The run's folder, and the file where it is not named after the json.
        kind: ``model``, ``TTA``, ``fusion``, or ``validation`` for a run that only its training has scored.
        ann: The json.
        file: The predictions; for a validation the figures of the best epoch.
        run: The run's folder; None for a fusion and for checkpoints from elsewhere.
        seed: Of the training, None where it is not known.
        date: When it was made.
        views: Pictures' worth of computing that each picture takes, 1 without TTA.
        members: Files of predictions that were fused.
        weights: Of the members, where they are known.
        task: ``detection`` or ``segmentation``: what it is ranked among.
    """

    name: str
    kind: str
    ann: Path
    file: Path
    run: Path | None = None
    seed: int | None = None
    date: str = ''
    views: float = 1.0
    members: tuple[Path, ...] = ()
    weights: tuple[float, ...] = ()
    task: str = DETECTION


def find_entries(work_dirs: str | Path) -> list[Entry]:
    """Find all predictions that say what they are about, and runs that nothing but their training has scored.

    Args:
        work_dirs: Folder of all runs.
    """
    work_dirs = Path(work_dirs).resolve()
    noted = [pair for suffix in ('.json', '.probs') for pair in noted_predictions(work_dirs, suffix)]
    found = [_of_predictions(file, said, work_dirs) for file, said in noted]
    tested = {(entry.run, entry.ann) for entry in found}
    states = sorted(work_dirs.rglob('state.json'))
    trained = [entry for path in states if (entry := _of_training(path.parent, work_dirs))]
    return [*found, *(entry for entry in trained if (entry.run, entry.ann) not in tested)]


def splits(entries: Sequence[Entry]) -> list[tuple[Path, int]]:
    """List the jsons with the number of entries on each, most first; those that are gone are left out."""
    counts = {entry.ann: 0 for entry in entries if entry.ann.is_file()}
    for entry in entries:
        if entry.ann in counts:
            counts[entry.ann] += 1
    return sorted(counts.items(), key=lambda item: -item[1])


def entries_on(entries: Sequence[Entry], ann: str | Path) -> dict[str, list[Entry]]:
    """Select the entries on one json, by task; detectors and segmenters may be about the same pictures."""
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.ann == Path(ann).resolve():
            found.setdefault(entry.task, []).append(entry)
    return dict(sorted(found.items()))


def _of_predictions(file: Path, said: dict[str, Any], work_dirs: Path) -> Entry:
    ann, is_fusion = Path(said['ann']).resolve(), said.get('kind') == FUSION
    checkpoint = said.get('checkpoint')
    run = Path(checkpoint).resolve().parent if checkpoint else None
    run = run if run and (run / 'config.py').is_file() else None
    tta = said.get('tta')
    return Entry(
        name=_name(file, ann, work_dirs),
        kind=FUSION if is_fusion else TTA if tta else MODEL,
        ann=ann,
        file=file,
        run=run,
        seed=_seed(run),
        date=str(said.get('finished') or said.get('written') or _written(file)),
        views=_views(tta),
        members=_members(said),
        weights=_weights(said),
        task=SEGMENTATION if file.suffix == '.probs' else DETECTION,
    )


def _members(said: dict) -> tuple[Path, ...]:
    """Give the files that were fused; those that a search left out cost nothing."""
    members = (member for member in said.get('members', ()) if isinstance(member, dict))
    return tuple(Path(member['file']) for member in members if member.get('used', True))


def _weights(said: dict) -> tuple[float, ...]:
    weights = (said.get('params') or {}).get('weights') or ()
    return tuple(weight for weight in weights if isinstance(weight, int | float))


def _of_training(run: Path, work_dirs: Path) -> Entry | None:
    figures = run / 'val' / 'metrics.json'
    try:
        config = read_run_config(run / 'config.py')
        dataset = config['val_dataloader']['dataset']
        ann = (Path(dataset.get('data_root') or '') / dataset['ann_file']).resolve()
    except (UserError, KeyError, TypeError, AttributeError):
        return None
    if not figures.is_file() or read_object(run / 'state.json').get('best') is None:
        return None
    name = run.relative_to(work_dirs).as_posix()
    date = str(read_object(run / 'run.json').get('finished') or _written(figures))
    task = SEGMENTATION if config.get('default_scope') == 'mmseg' else DETECTION
    return Entry(name, VALIDATION, ann, figures, run, _seed(run), date, task=task)


def _name(file: Path, ann: Path, work_dirs: Path) -> str:
    folder = file.parent.parent if file.parent.name == 'predictions' else file.parent
    name = folder.relative_to(work_dirs).as_posix()
    in_own_folder = file.parent.name == 'predictions' and file.stem == ann.stem
    return name if in_own_folder else f'{name}/{file.stem}'.removeprefix('./')


def _seed(run: Path | None) -> int | None:
    if run is None:
        return None
    try:
        return read_run_config(run / 'config.py').get('randomness', {}).get('seed')
    except UserError:
        return None


def _views(tta: Any) -> float:
    """Add up the views of a picture, each by its area."""
    if not isinstance(tta, dict):
        return 1.0
    areas = sum(scale**2 for scale in tta.get('scales', [1.0]))
    return areas * len(tta.get('flips', [1])) * len(tta.get('quarter_turns', [1]))


def _written(path: Path) -> str:
    return time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(path.stat().st_mtime))
