"""Writing a synthetic data set: COCO files, pictures drawn by several processes, all or nothing."""

import contextlib
import hashlib
import json
import multiprocessing
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import chain
from pathlib import Path

import cv2

from ...utils import UserError, atomic_write
from .composition import compose
from .objects import CLASSES
from .plan import FREQUENCIES, SPLITS, PlannedObject, plan_split, stream

_GENERATOR = 'trash zoo synthetic data'
_SMALLEST, _LARGEST = 64, 2048
# A forked worker starts at once, a spawned one first imports the whole stack.
_START_METHOD = 'fork' if sys.platform == 'linux' else 'spawn'

Job = tuple[int, str, int, tuple[PlannedObject, ...]]


def make_synthetic(
    out_dir: str | Path,
    *,
    train: int = 240,
    val: int = 60,
    test: int = 60,
    size: int = 256,
    seed: int = 0,
    frequencies: str = 'sqrt',
    workers: int | None = None,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, dict]:
    """Draw a data set of trash pictures with exact outlines.

    The same arguments give the same bytes, for any number of workers.  What a
    picture holds follows from quotas over its split, and so depends on the
    number of pictures.  The folder appears under its name when it is complete.
    A folder this function wrote earlier is kept when arguments and code are
    the same, and replaced otherwise.

    Args:
        out_dir: Folder to write: ``train_all.json`` (train and val), ``train.json``, ``val.json``, ``test.json``
            (no annotations), ``test_answers.json`` and ``images/``.
        train: Number of training pictures.
        val: Number of validation pictures.
        test: Number of test pictures.
        size: Side of the square pictures in pixels.
        seed: Everything is drawn from it.
        frequencies: How often the classes come: 'real', 'flat', or 'sqrt' (square roots of the real shares, each 6 %
            or more).
        workers: Processes to draw with; the available cores by default.
        overwrite: Replace the folder whatever it holds.
        progress: Called with (pictures done, pictures in all) after each picture.

    Returns:
        The COCO content of train, val and test (with its answers), by split.

    Raises:
        UserError: An argument is out of range, or the folder holds something else.
    """
    out = Path(out_dir)
    counts = {'train': train, 'val': val, 'test': test}
    _check_numbers(counts, size, seed, frequencies, workers)
    info = _info(counts, size, seed, frequencies)
    if _is_complete(out, info) and not overwrite:
        return _read(out)
    _check_folder(out, overwrite)
    out.parent.mkdir(parents=True, exist_ok=True)
    partly = Path(tempfile.mkdtemp(prefix=f'.{out.name}.', suffix='.tmp', dir=out.parent))
    try:
        jobs = _jobs(counts, seed, frequencies)
        (partly / 'images').mkdir()
        splits = _collect(jobs, _drawn(jobs, seed, size, partly, _worker_count(workers, len(jobs)), progress), info)
        _write_annotations(partly, splits)
        os.chmod(partly, 0o755)
        _move_into_place(partly, out)
    finally:
        shutil.rmtree(partly, ignore_errors=True)
    return splits


def _check_numbers(counts: dict[str, int], size: int, seed: int, frequencies: str, workers: int | None) -> None:
    for split, count in counts.items():
        least = 0 if split == 'test' else 1
        if count < least:
            raise UserError(f'{split}={count} pictures cannot be made; give {least} or more')
    if not _SMALLEST <= size <= _LARGEST:
        raise UserError(f'size={size} is out of range; give {_SMALLEST} to {_LARGEST} pixels')
    if seed < 0:
        raise UserError(f'seed={seed} is negative; give 0 or more')
    if frequencies not in FREQUENCIES:
        raise UserError(f'frequencies {frequencies!r} is unknown; choose one of {", ".join(FREQUENCIES)}')
    if workers is not None and workers < 1:
        raise UserError(f'workers={workers} cannot draw; give 1 or more')


def _info(counts: dict[str, int], size: int, seed: int, frequencies: str) -> dict:
    return {
        'description': 'Generated pictures of trash, drawn by code; no photographs',
        'generator': _GENERATOR,
        'version': _source_hash(),
        'parameters': {**counts, 'size': size, 'seed': seed, 'frequencies': frequencies},
    }


def _source_hash() -> str:
    """Fingerprint of this package's code: pictures of an older state of it are not taken for current ones."""
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted(here.rglob('*.py')):
        digest.update(path.relative_to(here).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _files() -> tuple[str, ...]:
    return ('train_all.json', 'train.json', 'val.json', 'test.json', 'test_answers.json')


def _stored_info(out: Path) -> dict | None:
    """The ``info`` of a folder made here before, None for any other."""
    try:
        info = json.loads((out / 'train_all.json').read_text(encoding='utf-8'))['info']
        return info if info['generator'] == _GENERATOR else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _is_complete(out: Path, info: dict) -> bool:
    """Whether the folder holds what would be made now, down to the number of pictures."""
    if _stored_info(out) != info or not all((out / name).is_file() for name in _files()):
        return False
    wanted = sum(info['parameters'][split] for split in SPLITS)
    return (out / 'images').is_dir() and sum(1 for _ in (out / 'images').glob('*.jpg')) == wanted


def _check_folder(out: Path, overwrite: bool) -> None:
    if not out.exists():
        return
    if not out.is_dir():
        raise UserError(f'{out} is a file; name a folder with --out')
    if any(out.resolve() in (place, *place.parents) for place in (Path.cwd(), Path.home())):
        raise UserError(f'{out} holds the working or the home folder; name a folder of its own with --out')
    if any(out.iterdir()) and _stored_info(out) is None and not overwrite:
        raise UserError(f'{out} is not empty and was not made by this tool; name another --out or add --overwrite')


def _move_into_place(partly: Path, out: Path) -> None:
    if not out.exists():
        partly.rename(out)
        return
    old = Path(tempfile.mkdtemp(prefix=f'.{out.name}.old.', suffix='.tmp', dir=out.parent))
    out.rename(old / out.name)
    partly.rename(out)
    shutil.rmtree(old)


def _jobs(counts: dict[str, int], seed: int, frequencies: str) -> list[Job]:
    planned = (
        (split, index, objects)
        for split in SPLITS
        for index, objects in enumerate(plan_split(seed, split, counts[split], frequencies))
    )
    return [(number, *job) for number, job in enumerate(planned, 1)]


def _image_name(number: int) -> str:
    return f'images/{number:06d}.jpg'


def _draw(seed: int, size: int, folder: Path, job: Job) -> list[dict]:
    number, split, index, planned = job
    picture = compose(stream(seed, split, index), planned, size)
    (folder / _image_name(number)).write_bytes(picture.jpeg)
    return picture.objects


def _worker_count(workers: int | None, pictures: int) -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1
    return max(1, min(workers or cores, pictures // 4))


@contextlib.contextmanager
def _one_opencv_thread() -> Iterator[None]:
    # Set before a fork: OpenCV's own threads do not exist in the child, and waiting for them would hang it.
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def _drawn(
    jobs: list[Job], seed: int, size: int, folder: Path, workers: int, progress: Callable[[int, int], None] | None
) -> Iterator[list[dict]]:
    """Draw all pictures, giving the annotations of each in order."""
    draw = partial(_draw, seed, size, folder)
    with contextlib.ExitStack() as stack:
        stack.enter_context(_one_opencv_thread())
        if workers == 1:
            results: Iterator[list[dict]] = map(draw, jobs)
        else:
            pool = ProcessPoolExecutor(workers, multiprocessing.get_context(_START_METHOD), cv2.setNumThreads, (1,))
            stack.callback(pool.shutdown, cancel_futures=True)
            results = pool.map(draw, jobs, chunksize=4)
        for done, objects in enumerate(results, 1):
            yield objects
            if progress is not None:
                progress(done, len(jobs))


def _collect(jobs: list[Job], drawn: Iterator[list[dict]], info: dict) -> dict[str, dict]:
    splits = {split: _empty(info) for split in SPLITS}
    next_id, size = 1, info['parameters']['size']
    for (number, split, _, _), objects in zip(jobs, drawn, strict=True):
        splits[split]['images'].append(
            {'id': number, 'file_name': _image_name(number), 'width': size, 'height': size, 'license': 0}
        )
        for item in objects:
            splits[split]['annotations'].append({'id': next_id, 'image_id': number, **item})
            next_id += 1
    return splits


def _empty(info: dict) -> dict:
    return {
        'info': info,
        'licenses': [{'id': 0, 'name': 'CC0 1.0', 'url': 'https://creativecommons.org/publicdomain/zero/1.0/'}],
        'images': [],
        'annotations': [],
        'categories': [{'id': label, 'name': name, 'supercategory': name} for label, name in enumerate(CLASSES)],
    }


def _write_annotations(folder: Path, splits: dict[str, dict]) -> None:
    both = [splits['train'], splits['val']]
    joined = {key: list(chain.from_iterable(part[key] for part in both)) for key in ('images', 'annotations')}
    contents = {
        'train_all.json': {**splits['train'], **joined},
        'train.json': splits['train'],
        'val.json': splits['val'],
        'test.json': {**splits['test'], 'annotations': []},
        'test_answers.json': splits['test'],
    }
    for name in _files():
        with atomic_write(folder / name) as file:
            json.dump(contents[name], file, separators=(',', ':'))


def _read(out: Path) -> dict[str, dict]:
    names = {'train': 'train.json', 'val': 'val.json', 'test': 'test_answers.json'}
    return {split: _content(out / name) for split, name in names.items()}


def _content(path: Path) -> dict:
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
        if content.keys() >= {'images', 'annotations', 'categories'}:
            return content
    except (OSError, ValueError, AttributeError):
        pass
    raise UserError(f'{path}: is damaged; --overwrite draws the data set again')
