"""Predictions of many pictures into one file: by any number of processes, and across any number of kills."""

import contextlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config

from ...evaluation import notes_file
from ...utils import UserError, atomic_write
from ..distributed import num_ranks, on_main_rank, own_rank, start_distributed
from ..tasks import is_segmentation
from .detector import Detector
from .facts import facts_of, header_of
from .formats import Detections, OutputFormat, Probabilities, check_predictions
from .journal import Entry
from .loading import Batches
from .parts import Parts, parts_folder
from .pictures import Picture
from .progress import PredictionProgress
from .segmenter import Segmenter


@dataclass(frozen=True)
class PictureResult:
    """What was found on a picture.

    Attributes:
        picture: The picture.
        predictions: ``Predictions`` of a detector; stored probabilities, (C, H, W) uint8 or uint16, of a segmenter.
        classes: Names of the classes by label.
        cat_ids: Category ids by label.
        is_new: False where an earlier, interrupted call found it.
        palette: RGB colour per class; None where the checkpoint knows none.
    """

    picture: Picture
    predictions: Any
    classes: Sequence[str]
    cat_ids: Sequence[int]
    is_new: bool
    palette: Sequence | None = None


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
    dtype: str = 'uint8',
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
        out: What to write: a COCO results json, or the ``*.probs`` folder of a segmenter.
        device: Where to compute; None for the GPU, if there is one.
        batch_size: Pictures at a time.
        num_workers: Processes that load, never more than cores; None for the config's number.
        tta: Test-time augmentation, as the config's ``tta`` says.
        amp: Mixed precision.
        dtype: What a segmenter's probabilities are stored as, ``'uint8'`` or ``'uint16'``.
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
    check_predictions(cfg, out)
    if batch_size < 1:
        raise UserError(f'--batch-size {batch_size}: give a number from 1 on')
    out, started = Path(out), time.monotonic()
    start_distributed(cfg)
    predictor = (Segmenter if is_segmentation(cfg) else Detector)(cfg, checkpoint, device=device, tta=tta, amp=amp)
    predictor.cat_ids = list(cat_ids or predictor.cat_ids)
    segments = isinstance(predictor, Segmenter)
    form = Probabilities(predictor.classes, dtype) if segments else Detections(predictor.cat_ids)
    header = header_of(cfg, checkpoint, pictures, predictor, form, batch_size)
    parts = Parts(parts_folder(out), header, Batches(len(pictures), batch_size).total)
    own = Batches(len(pictures), batch_size, parts.remaining[own_rank() :: num_ranks()].tolist())
    workers = cfg.test_dataloader.get('num_workers', 0) if num_workers is None else num_workers

    def tell(index: int, predictions: Any, is_new: bool) -> None:
        if each:
            known = (predictor.classes, predictor.cat_ids, is_new, predictor.palette)
            each(PictureResult(pictures[index], predictions, *known))

    with contextlib.closing(parts.open()) as journal, _memory_advice():
        if progress and own_rank() == 0:
            _begin(progress, parts, own)
        if each:
            for index, kept in _kept(parts.entries(skip=own_rank(), step=num_ranks()), own):
                tell(index, form.restore(kept), False)
        found = predictor.predict_batches(pictures, own, num_workers=workers)
        for number, batch in zip(own.numbers, found, strict=True):
            journal.add(_entry(number, batch, pictures, form, tell))
            if progress and own_rank() == 0:
                progress.advance(min(len(batch) * num_ranks(), progress.total - progress.done))
    parts.collect()
    facts = facts_of(cfg, checkpoint, ann, predictor, header, len(pictures))
    unreadable = on_main_rank(_merge, parts, form, own, pictures, out, facts, started)
    parts.remove()
    return [(pictures[index], reason) for index, reason in unreadable]


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
    form: OutputFormat,
    tell: Callable[[int, Any, bool], None],
) -> Entry:
    """Turn a batch's results into what the journal keeps."""
    entry = Entry(number, [], [])
    for index, outcome in batch:
        if isinstance(outcome, str):
            entry.unreadable.append((index, outcome))
            continue
        kept, predictions = form.keep(pictures[index], outcome)
        entry.found.append(kept)
        tell(index, predictions, True)
    return entry


def _kept(entries: Iterable[Entry], batches: Batches) -> Iterator[tuple[int, bytes]]:
    """Yield position and result of the pictures of entries that could be read."""
    for entry in entries:
        unreadable = {index for index, _ in entry.unreadable}
        readable = [index for index in batches.pictures_of(entry.batch) if index not in unreadable]
        yield from zip(readable, entry.found, strict=True)


def _merge(
    parts: Parts,
    form: OutputFormat,
    batches: Batches,
    pictures: Sequence[Picture],
    out: Path,
    facts: Mapping[str, Any],
    started: float,
) -> list[tuple[int, str]]:
    """Write the output and what lies beside it; returns the unreadable pictures."""
    unreadable: list[tuple[int, str]] = []

    def entries() -> Iterator[Entry]:
        num_batches = 0
        for num_batches, entry in enumerate(parts.entries(), start=1):  # noqa: B007 - counts
            unreadable.extend(entry.unreadable)
            yield entry
        if num_batches != parts.num_batches:  # deleted meanwhile
            raise UserError(f'{parts.folder}: finished parts are gone; the same command makes them again')

    try:
        notes_file(out).unlink(missing_ok=True)  # of another file in a moment
        form.write(out, ((pictures[index], kept) for index, kept in _kept(entries(), batches)))
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
