"""Where pseudo labels come from: predictions that are there, or a checkpoint that makes them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools import ROOT
from tools._launch import check_paths


@dataclass(frozen=True)
class Sources:
    """What labels are made from.

    Attributes:
        root: The data folder.
        unlabelled: Json of the pictures to label.
        members: Predictions on them, one file per model.
        answered: Json with answers; None for fixed thresholds without.
        answered_members: Predictions on that, one file per model, or none.
        checkpoints: What made them, where it is known.
        is_segmentation: Whether they are probabilities of segmenters; otherwise boxes of detectors.
        to_predict: Jsons by the files among these that the checkpoint has yet to make.
    """

    root: Path
    unlabelled: Path
    members: list[Path]
    answered: Path | None
    answered_members: list[Path]
    checkpoints: list[Path]
    is_segmentation: bool = False
    to_predict: dict[Path, Path] = field(default_factory=dict)


def from_files(args: argparse.Namespace) -> Sources:
    """Take the predictions of ``--predictions`` and ``--calibrate``.

    Raises:
        UserError: A file is missing, or nothing says what data they are about.
    """
    from custom_modules.evaluation import predictions_name, read_notes
    from custom_modules.utils import UserError, resolve_ann, resolve_data_root

    members = _existing(args.predictions, '--predictions')
    noted, notes = _noted_ann(members, '--predictions'), [read_notes(path) for path in members]
    if args.data_root is None and noted is None:
        raise UserError('--predictions: nothing beside them says what data they are about; give --data-root')
    root = resolve_data_root(args.data_root or noted.parent)
    unlabelled = resolve_ann(root, args.unlabelled or noted or 'test.json')
    _check_noted(unlabelled, noted, '--unlabelled')
    ann, suffix = args.calibrate_ann or 'val.json', members[0].suffix
    names = [predictions_name(ann, tta=bool(one.get('tta')), suffix=suffix) for one in notes]
    beside = [path.with_name(name) for path, name in zip(members, names, strict=True)]
    answered_members = _calibrating(args, beside)
    answered = _answered(args, root, answered_members) if answered_members else None
    checkpoints = [Path(one['checkpoint']) for one in notes if one.get('checkpoint')]
    is_segmentation = _are_probs([*members, *answered_members])
    return Sources(root, unlabelled, members, answered, answered_members, checkpoints, is_segmentation)


def _are_probs(files: Sequence[Path]) -> bool:
    """Whether predictions are probabilities of segmenters; of both tasks there may not be some."""
    from custom_modules.utils import UserError

    probs, boxes = ([path for path in files if (path.suffix == '.probs') is wanted] for wanted in (True, False))
    if probs and boxes:
        raise UserError(
            f'{probs[0]} holds probabilities of a segmenter, {boxes[0]} boxes of a detector; give predictions of one '
            'task'
        )
    return bool(probs)


def _existing(names: Sequence[str | Path], option: str) -> list[Path]:
    """Find files of predictions; each counts as a model of its own, so none may come twice."""
    from custom_modules.utils import UserError, did_you_mean, find_file, similar_paths

    files = [find_file(name) for name in names]
    for path in files:
        if not path.exists():
            raise UserError(f'{path}: no such predictions file{did_you_mean(similar_paths(path))}')
        if path.is_dir() is not (path.suffix == '.probs'):
            raise UserError(f'{path}: give a json of a detector or a *.probs folder of a segmenter')
    places = [path.resolve() for path in files]
    twice = next((path for path, place in zip(files, places, strict=True) if places.count(place) > 1), None)
    if twice is not None:
        raise UserError(f'{option}: {twice} is given twice; give one for each model')
    return files


def _noted_ann(files: Sequence[Path], option: str) -> Path | None:
    """Return the json that predictions say they are about, if it is there."""
    from custom_modules.evaluation import read_notes
    from custom_modules.utils import UserError

    anns = [Path(ann) for path in files if (ann := read_notes(path).get('ann')) and Path(ann).is_file()]
    other = next((ann for ann in anns if ann.resolve() != anns[0].resolve()), None)
    if other is not None:
        raise UserError(f'{option}: the files are about different pictures, {anns[0]} and {other}')
    return anns[0] if anns else None


def _check_noted(ann: Path, noted: Path | None, option: str) -> None:
    from custom_modules.utils import UserError

    if noted is not None and noted.resolve() != ann.resolve():
        raise UserError(f'{option} {ann}: the predictions are about {noted}')


def _calibrating(args: argparse.Namespace, beside: list[Path]) -> list[Path]:
    """Return predictions with answers: those named, or those that lie beside the others."""
    from custom_modules.utils import UserError

    if args.calibrate:
        return _existing(args.calibrate, '--calibrate')
    missing = [path for path in beside if not path.exists()]
    if not missing:
        return beside
    if args.score_thr is not None:
        return []
    raise UserError(
        f'{missing[0]}: no such predictions to find thresholds by; make them by tools/test.py, name others by '
        f'--calibrate, or give a fixed --score-thr'
    )


def _answered(args: argparse.Namespace, root: Path, files: Sequence[Path], default: str = 'val.json') -> Path:
    """Return the json with answers that predictions are about."""
    from custom_modules.utils import resolve_ann

    noted = _noted_ann(files, '--calibrate')
    answered = resolve_ann(root, args.calibrate_ann or noted or default)
    _check_noted(answered, noted, '--calibrate-ann')
    return answered


def use_newest_run(args: argparse.Namespace) -> None:
    """Complete a bare call: the newest detector and its data set.

    Raises:
        UserError: There is none.
    """
    from custom_modules.pseudo_label.runs import newest_run
    from custom_modules.utils import UserError, as_typed

    found = newest_run(ROOT / 'work_dirs')
    if found is None:
        raise UserError('no trained detector below work_dirs/: run `make demo` or tools/train.py first')
    args.config, args.checkpoint = str(found.config), str(found.checkpoint)
    args.data_root = args.data_root or found.data_root
    print(f'newest detector: {as_typed(found.checkpoint)}')


def from_model(args: argparse.Namespace) -> Sources:
    """Say which predictions of a checkpoint are taken; those that are not there yet are not made yet."""
    check_paths(args.config, data_root=args.data_root)
    from custom_modules.engine import load_config
    from custom_modules.engine.data import chosen_root
    from custom_modules.engine.folds import validation_json
    from custom_modules.engine.inference import default_output
    from custom_modules.engine.tasks import is_segmentation
    from custom_modules.pseudo_label.runs import are_current
    from custom_modules.utils import UserError, resolve_ann, resolve_data_root

    cfg = load_config(args.config)
    root = resolve_data_root(chosen_root(cfg, args.data_root))
    unlabelled = resolve_ann(root, args.unlabelled or 'test.json')
    calibrating = _calibrating(args, []) if args.calibrate else []
    if calibrating and _are_probs(calibrating) is not is_segmentation(cfg):
        kind = 'a segmenter' if is_segmentation(cfg) else 'a detector'
        raise UserError(f'--calibrate {calibrating[0]}: {args.config} is {kind}; give predictions of one task')
    answered = _answered(args, root, calibrating, validation_json(args.checkpoint))
    files = {ann: default_output(cfg, args.checkpoint, ann, tta=args.tta) for ann in (unlabelled, answered)}
    missing = [ann for ann, out in files.items() if not are_current(out, args.checkpoint, ann, tta=args.tta)]
    if calibrating:
        answered_members = calibrating
    elif args.score_thr is None or answered not in missing:
        answered_members = [files[answered]]
    else:  # a fixed threshold needs none; with them the report tells more
        answered, answered_members = None, []
    members, wanted = [files[unlabelled]], [files[unlabelled], *answered_members]
    to_predict = {files[ann]: ann for ann in missing if files[ann] in wanted}
    made_by, task = [Path(args.checkpoint)], is_segmentation(cfg)
    return Sources(root, unlabelled, members, answered, answered_members, made_by, task, to_predict)


def predict_missing(args: argparse.Namespace, sources: Sources) -> None:
    """Make the predictions that are not there yet, those with answers first; the others are named."""
    if args.predictions:
        return
    from custom_modules.engine import load_config, trust_checkpoints
    from custom_modules.engine.inference import PredictionProgress, choose_device, test
    from custom_modules.utils import as_typed
    from tools._predicting import list_unreadable, told_when_stopped

    for out in [*sources.answered_members, *sources.members]:
        if out not in sources.to_predict:
            print(f'predictions: {as_typed(out)}, there already')
            continue
        ann = sources.to_predict[out]
        progress, device = PredictionProgress(sys.stderr), choose_device(args.device)
        options = {'tta': args.tta, 'amp': args.amp, 'batch_size': args.batch_size, 'device': device}
        data = {'data_root': str(sources.root), 'ann': str(ann.resolve()), 'out': str(out)}
        with trust_checkpoints(args.trust_checkpoint), told_when_stopped(progress):
            outcome = test(load_config(args.config), args.checkpoint, **data, **options, progress=progress)
        list_unreadable(outcome['unreadable'])
        name = 'mIoU' if sources.is_segmentation else 'mAP50'
        score = outcome['scores'].get(name)
        print(f'predictions: {as_typed(out)}' + ('' if score is None else f', {name} {score:.4f}'))
