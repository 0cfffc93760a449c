"""Which runs have predicted the same split: what a bare call of ``wbf_ensemble.py`` or ``seg_ensemble.py`` takes."""

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from custom_modules.evaluation.prediction_notes import noted_predictions
from custom_modules.utils import UserError, as_typed, read_object

NOT_RUNS = ('ensemble', 'benchmarks')
"""Folders of ``work_dirs`` whose predictions are not a run's to fuse."""


@dataclass(frozen=True)
class PredictedSplit:
    """Predictions of several runs on one json.

    Attributes:
        ann: The json.
        members: A file of predictions for each run, in the order of their folders.
        further: Other files of these runs, such as those without test-time augmentation.
        newest: When the newest of them was written, seconds since 1970.
        others: Jsons that were not chosen though two runs or more have predicted them, most members first.
    """

    ann: Path
    members: tuple[Path, ...]
    further: tuple[Path, ...]
    newest: float
    others: tuple[Path, ...] = ()


def predicted_splits(work_dirs: str | Path, suffix: str = '.json') -> list[PredictedSplit]:
    """Find the jsons that runs have predicted.

    A file of predictions counts when the ``.run.json`` beside it names the json.  Of several files of one run, with and
    without test-time augmentation for example, the one called like those of most runs does, so that like is fused with
    like; where as many have either, the one written last.

    Args:
        work_dirs: Folder of all runs.
        suffix: Of the predictions, ``.probs`` for those of segmenters.

    Returns:
        Most members first, among as many the newest first.
    """
    work_dirs = Path(work_dirs)
    files: dict[Path, dict[Path, list[Path]]] = defaultdict(lambda: defaultdict(list))
    for path, notes in noted_predictions(work_dirs, suffix):
        in_run = path.parent.name == 'predictions' and path.relative_to(work_dirs).parts[0] not in NOT_RUNS
        if in_run and Path(notes['ann']).is_file():
            files[Path(notes['ann']).resolve()][path.parent.parent].append(path)
    splits = [_split(ann, [sorted(paths, key=_written) for paths in runs.values()]) for ann, runs in files.items()]
    return sorted(splits, key=lambda split: (-len(split.members), -split.newest))


def _split(ann: Path, runs: list[list[Path]]) -> PredictedSplit:
    """Take of each run's files, which come from old to new, the last one of the commonest name."""
    counts = Counter(name for paths in runs for name in {path.name for path in paths})
    written = {path.name: _written(path) for path in sorted(chain.from_iterable(runs), key=_written)}
    # Ranked over all runs, so that no two of them take different ones of two names that both have.
    members = tuple(
        max(paths, key=lambda path: (counts[path.name], written[path.name], _written(path))) for paths in runs
    )
    further = tuple(path for path in chain.from_iterable(runs) if path not in members)
    return PredictedSplit(ann, members, further, max(map(_written, members)))


def choose_split(
    work_dirs: str | Path, ann: str | Path | None = None, *, to_search: bool = False, suffix: str = '.json'
) -> PredictedSplit:
    """Choose the split that most runs have predicted; of several one with answers, where the fusion can be scored.

    Args:
        work_dirs: Folder of all runs.
        ann: The json to look for; any by default.
        to_search: Prefer one with answers, though more runs have predicted another.
        suffix: Of the predictions, ``.probs`` for those of segmenters.

    Raises:
        UserError: Fewer than two runs have predicted one; the message says what to run first.
    """
    splits, model = predicted_splits(work_dirs, suffix), 'segmenter' if suffix == '.probs' else 'detector'
    if ann is not None:
        splits = [split for split in splits if split.ann == Path(ann).resolve()]
    fusible = [split for split in splits if len(split.members) > 1]
    if fusible:
        most = fusible if to_search else [one for one in fusible if len(one.members) == len(fusible[0].members)]
        chosen = next(filter(_has_answers, most), most[0]) if len(most) > 1 else most[0]
        return replace(chosen, others=tuple(one.ann for one in fusible if one is not chosen))
    on = f' on {ann}' if ann is not None else ''
    if splits:
        member, name = splits[0].members[0], splits[0].ann.name
        raise UserError(
            f'only {as_typed(member)} is there to fuse, two are needed: train another {model}, then python '
            f'tools/test.py CONFIG CHECKPOINT {_split_option(name)}; or name other files of predictions'
        )
    trained, command = _newest_trained(Path(work_dirs)), f'python tools/test.py CONFIG CHECKPOINT for each {model}'
    if trained is not None:
        config, checkpoint = as_typed(trained.with_name('config.py')), as_typed(trained)
        command = f'python tools/test.py {config} {checkpoint}, and likewise for another {model}'
    raise UserError(f'no run under {as_typed(work_dirs)} has predictions{on} yet; first run {command}')


def _has_answers(split: PredictedSplit) -> bool:
    return bool(read_object(split.ann).get('annotations'))


def _split_option(name: str) -> str:
    return {'val.json': '--split val', 'test.json': '--split test'}.get(name, f'--ann {name}')


def _newest_trained(work_dirs: Path) -> Path | None:
    found = [path for path in work_dirs.rglob('best.pth') if path.relative_to(work_dirs).parts[0] not in NOT_RUNS]
    return max((path for path in found if path.with_name('config.py').is_file()), key=_written, default=None)


def _written(path: Path) -> float:
    return path.stat().st_mtime
