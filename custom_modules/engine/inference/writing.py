"""Predictions of many pictures into one file: by any number of processes, and across any number of kills."""

import contextlib
import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config

from ...evaluation import Predictions, PredictionWriter, notes_file, parse_lines, record_lines
from ...utils import UserError, atomic_write, check_output, find_file
from ..distributed import num_ranks, on_each_machine, on_main_rank, own_rank, start_distributed
from .detector import Detector
from .journal import Entry
from .loading import Batches
from .parts import Parts, parts_folder
from .pictures import Picture, file_size
from .progress import PredictionProgress


@dataclass(frozen=True)
class PictureResult:
    """What was found on a picture.

    Attributes:
        picture: The picture.
        predictions: Its rows.
        classes: Names of the classes by label.
        cat_ids: Category ids by label.
        is_new: False where an earlier, interrupted call found it.
    """

    picture: Picture
    predictions: Predictions
    classes: Sequence[str]
    cat_ids: Sequence[int]
    is_new: bool


def predict_to_file(
    cfg: Config,
    checkpoint: str | Path,
    pictures: Sequence[Picture],
    out: str | Path,
    *,
    device: str | torch.device | None = None,
    batch_size: int = 1,
    num_workers: int | None = None,
    tta: bool = False,
    amp: bool = False,
    ann: str | Path | None = None,
    cat_ids: Sequence[int] | None = None,
    each: Callable[[PictureResult], None] | None = None,
    progress: PredictionProgress | None = None,
) -> list[tuple[Picture, str]]:
    """Predict on pictures and write the results, alone or as one of torchrun's processes.

    What is finished is kept, batch by batch, in a folder beside ``out`` until all is: the same call after a kill, also
    with another number of processes, goes on from there and writes the same file as one that was never interrupted.
    On CPUs that holds to the last bit.

    Beside ``out`` come ``<name>.run.json``, which says what made it, and, if there are any,
    ``<name>.unreadable.json``.

    Args:
        cfg: Config the checkpoint was trained with.
        checkpoint: Its weights.
        pictures: What to predict on.
        out: COCO results json to write.
        device: Where to compute; None for the GPU, if there is one.
        batch_size: Pictures at a time.
        num_workers: Processes that load, never more than cores; None for the config's number.
        tta: Test-time augmentation, as the config's ``tta`` says.
        amp: Mixed precision.
        ann: Json the pictures are of, to be noted in ``<name>.run.json``.
        cat_ids: Category ids to write, by label; None for those the checkpoint was trained with.
        each: Called for every picture that could be read, before it counts as done, on the process that predicted it;
            after an interruption first for what is done already.
        progress: Told how far this process is; its share stands for the others'.

    Returns:
        The pictures that could not be read, each with the reason; the same on every process.

    Raises:
        UserError: Something does not fit together, or the output cannot be written.
    """
    check_output(out)
    if batch_size < 1:
        raise UserError(f'--batch-size {batch_size}: give a number from 1 on')
    out, started = Path(out), time.monotonic()
    start_distributed(cfg)
    detector = Detector(cfg, checkpoint, device=device, tta=tta, amp=amp)
    detector.cat_ids = list(cat_ids or detector.cat_ids)
    header = _header(cfg, checkpoint, pictures, detector, batch_size)
    parts = Parts(parts_folder(out), header, Batches(len(pictures), batch_size).total)
    own = Batches(len(pictures), batch_size, parts.remaining[own_rank() :: num_ranks()].tolist())
    workers = cfg.test_dataloader.get('num_workers', 0) if num_workers is None else num_workers
    with contextlib.closing(parts.open()) as journal, _memory_advice():
        if progress and own_rank() == 0:
            _begin(progress, parts, own)
        if each:
            _revisit(parts, pictures, own, detector, each)
        found = detector.predict_batches(pictures, own, num_workers=workers)
        for number, batch in zip(own.numbers, found, strict=True):
            journal.add(_entry(number, batch, pictures, detector, each))
            if progress and own_rank() == 0:
                progress.advance(min(len(batch) * num_ranks(), progress.total - progress.done))
    parts.collect()
    facts = _facts(cfg, checkpoint, ann, detector, header, len(pictures))
    unreadable = on_main_rank(_merge, parts, pictures, out, facts, started)
    parts.remove()
    return [(pictures[index], reason) for index, reason in unreadable]


def _header(
    cfg: Config, checkpoint: str | Path, pictures: Sequence[Picture], detector: Detector, batch_size: int
) -> dict[str, Any]:
    """Say what decides about the predictions; the device is not among it, on which only last digits depend.

    Raises:
        UserError: The processes are not to do the same.
    """
    header = {
        'checkpoint': on_each_machine(_file_digest, find_file(checkpoint)),
        'config': _digest([json.dumps([cfg.model, detector.pipelines], default=str, sort_keys=True)]),
        'pictures': _digest(f'{picture.image_id} {picture.name} {file_size(picture)}' for picture in pictures),
        'categories': detector.cat_ids,
        'batch_size': batch_size,
        'tta': detector.tta,
        'amp': detector.amp,
    }
    expected = on_main_rank(lambda: header)
    others = [key.replace('_', ' ') for key in header if header[key] != expected[key]]
    if others:
        raise UserError(
            f'process {own_rank()} was given other {", ".join(others)} than process 0; give all machines the same '
            f'files, and add none meanwhile'
        )
    return header


def _facts(
    cfg: Config,
    checkpoint: str | Path,
    ann: str | Path | None,
    detector: Detector,
    header: Mapping[str, Any],
    num_pictures: int,
) -> dict[str, Any]:
    """Say what made the predictions, for those who read them."""
    return {
        'command': sys.argv,
        'config': str(cfg.filename),
        'checkpoint': str(find_file(checkpoint).resolve()),
        'checkpoint_sha256': header['checkpoint'],
        'ann': None if ann is None else str(Path(ann).resolve()),
        'tta': detector.tta,
        'amp': detector.amp,
        'batch_size': header['batch_size'],
        'device': str(detector.device),
        'num_processes': num_ranks(),
        'classes': detector.classes,
        'cat_ids': detector.cat_ids,
        'num_pictures': num_pictures,
    }


def _digest(texts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode('utf-8', 'surrogateescape') + b'\0')
    return digest.hexdigest()


def _file_digest(path: Path) -> str:
    with open(path, 'rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()


@contextlib.contextmanager
def _memory_advice() -> Iterator[None]:
    try:
        yield
    except torch.OutOfMemoryError:
        raise UserError(
            'the card ran out of memory; use a smaller --batch-size or --amp. Finished pictures are kept for the same '
            '--batch-size only'
        ) from None


def _begin(progress: PredictionProgress, parts: Parts, batches: Batches) -> None:
    if parts.discarded:
        what = ', '.join(key.replace('_', ' ') for key in parts.discarded)
        progress.tell(f'{parts.folder}: left by an interrupted call with other {what}, discarded')
    progress.begin(batches.num_pictures, batches.num_pictures - batches.count(parts.remaining))


def _entry(
    number: int,
    batch: list[tuple[int, Any]],
    pictures: Sequence[Picture],
    detector: Detector,
    each: Callable[[PictureResult], None] | None,
) -> Entry:
    """Turn a batch's results into what the journal keeps."""
    entry = Entry(number, [], [])
    for index, outcome in batch:
        if isinstance(outcome, str):
            entry.unreadable.append((index, outcome))
            continue
        predictions = Predictions.from_instances(pictures[index].image_id, outcome, detector.cat_ids)
        entry.lines.extend(record_lines(predictions))
        if each:
            each(PictureResult(pictures[index], predictions, detector.classes, detector.cat_ids, is_new=True))
    return entry


def _revisit(
    parts: Parts,
    pictures: Sequence[Picture],
    batches: Batches,
    detector: Detector,
    each: Callable[[PictureResult], None],
) -> None:
    """Hand on what earlier calls have done, a share to each process."""
    for entry in parts.entries(skip=own_rank(), step=num_ranks()):
        predictions, gone = parse_lines(entry.lines), {index for index, _ in entry.unreadable}
        for index in batches.pictures_of(entry.batch):
            if index not in gone:
                own = predictions.select(predictions.image_ids == pictures[index].image_id)
                each(PictureResult(pictures[index], own, detector.classes, detector.cat_ids, is_new=False))


def _merge(
    parts: Parts, pictures: Sequence[Picture], out: Path, facts: Mapping[str, Any], started: float
) -> list[tuple[int, str]]:
    """Write the output and what lies beside it; returns the unreadable pictures."""
    unreadable, num_batches = [], 0
    try:
        notes_file(out).unlink(missing_ok=True)  # of another file in a moment
        with PredictionWriter(out) as writer:
            for entry in parts.entries():
                writer.add_lines(entry.lines)
                unreadable += entry.unreadable
                num_batches += 1
            if num_batches != parts.num_batches:  # deleted meanwhile
                raise UserError(f'{parts.folder}: finished parts are gone; the same command makes them again')
        _list_unreadable(unreadable, pictures, out)
        times = {'finished': time.strftime('%Y-%m-%d %H:%M:%S'), 'seconds': round(time.monotonic() - started, 1)}
        with atomic_write(notes_file(out)) as file:
            json.dump({**facts, 'num_unreadable': len(unreadable), **times}, file, indent=2)
    except OSError as error:
        raise UserError(
            f'{out}: cannot be written ({error.strerror}); all predictions are kept, the same command writes them'
        ) from None
    return unreadable


def _list_unreadable(unreadable: list[tuple[int, str]], pictures: Sequence[Picture], out: Path) -> None:
    path = out.with_suffix('.unreadable.json')
    if not unreadable:
        path.unlink(missing_ok=True)
        return
    records = [
        {'image_id': pictures[index].image_id, 'file_name': pictures[index].name, 'reason': reason}
        for index, reason in unreadable
    ]
    with atomic_write(path) as file:
        json.dump(records, file, indent=1)
