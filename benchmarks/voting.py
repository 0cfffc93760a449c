"""Time voting on stored probabilities against plain numpy, side by side in one run, and measure its memory on all.

    python benchmarks/voting.py [--members 10] [--images 837] [--out benchmarks/voting.md]

Made-up probabilities of 8 bits, 12 classes of 512 x 512 pixels.  Speed: some pictures, in the system's cache, of which
all ways take turns; the labels must be equal.  Memory: the tool itself, in a process of its own, on all pictures, whose
files are written before (as many bytes as real ones, 26 GB for 10 x 837; the same 8 pictures over and over) and removed
afterwards.
"""

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import ROOT
from tools._launch import light, load_utils

NUM_CLASSES, SIDE, NUM_DIFFERENT = 12, 512, 8
NAIVE = 'numpy, float32 maps of all members loaded, mean, argmax'
NAIVE_FILES = 'the same from .npy files of float32'
LOOP = 'numpy, float32 maps added one after another, argmax'
WHOLE = 'numpy, stored numbers added one after another as uint16, argmax'
OURS, OURS_HARD, OURS_STORED = 'soft vote', 'hard vote', 'soft vote, probabilities to be written'
NOTES = """Numpy makes float32 of each stored number and passes over 12 MB a member several times; here a band of
rows is added up class by class from the mapped bytes of one member after another while it stays in the cache, and what
was looked at is given back to the system member by member. Rows are spread over the cores. The labels are those of
whole numbers added up, which the script asserts. Memory is the largest resident size of the whole process, pages of
mapped files included. Ten members x 837 pictures are 26 GB, more than this machine's memory: the tool's times on them
are those of the disk."""


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--members', type=int, default=10, help='members of the vote (default 10)')
    parser.add_argument('--images', type=int, default=837, help='pictures, for the memory (default 837)')
    parser.add_argument('--rounds', type=int, default=9, help='rounds to take the median of (default 9)')
    parser.add_argument('--folder', type=Path, help='where the files are made (default: a temporary folder)')
    parser.add_argument('--out', type=Path, help='write the tables into this Markdown file, too')
    return parser.parse_args(argv)


def make_pictures(seed: int) -> Any:
    """Draw stored probabilities, (8, 12, 512, 512) uint8: smooth, as those of segmenters."""
    import cv2
    import numpy as np

    rng = np.random.default_rng(seed)
    pictures = np.empty((NUM_DIFFERENT, NUM_CLASSES, SIDE, SIDE), np.uint8)
    for stored in pictures:
        coarse = rng.normal(0, 3, (NUM_CLASSES, SIDE // 16, SIDE // 16)).astype(np.float32)
        logits = np.stack([cv2.resize(plane, (SIDE, SIDE)) for plane in coarse])
        powers = np.exp(logits - logits.max(axis=0))
        np.rint(powers / powers.sum(axis=0) * 255, out=powers)
        stored[:] = powers.clip(0, 255)
    return pictures


def write_members(folder: Path, num_members: int, num_images: int) -> list[Path]:
    """Write the probabilities of all members."""
    from custom_modules.ensemble import ProbsWriter

    paths = []
    for number in range(num_members):
        pictures = make_pictures(number)
        paths.append(folder / f'{number}.probs')
        with ProbsWriter(paths[-1], [f'class {label}' for label in range(NUM_CLASSES)]) as writer:
            for image in range(num_images):
                writer.add_raw(image + 1, f'{image + 1}.jpg', pictures[image % NUM_DIFFERENT])
    return paths


def ways(folder: Path, paths: list[Path]) -> dict[str, Callable[[int], Any]]:
    """Return what votes on a picture, by name."""
    import numpy as np

    from custom_modules.ensemble import open_probs
    from custom_modules.ensemble.voting import open_members, vote_labels, vote_stored

    maps = [open_probs(path) for path in paths]
    electorate = open_members(paths)
    equal = np.ones((len(paths), NUM_CLASSES))
    by_id = {picture.id: picture for picture in electorate.pictures}
    for number, one in enumerate(maps):
        for image in range(1, NUM_DIFFERENT + 1):
            np.save(folder / f'{number}_{image}.npy', one[image])

    def numpy_mean(image: int) -> Any:
        return np.mean(np.stack([one[image] for one in maps]), axis=0).argmax(axis=0)

    def numpy_files(image: int) -> Any:
        loaded = [np.load(folder / f'{number}_{image}.npy') for number in range(len(maps))]
        return np.mean(np.stack(loaded), axis=0).argmax(axis=0)

    def numpy_loop(image: int) -> Any:
        total = np.zeros((NUM_CLASSES, SIDE, SIDE), np.float32)
        for one in maps:
            total += one[image]
        return total.argmax(axis=0)

    def numpy_whole(image: int) -> Any:
        total = np.zeros((NUM_CLASSES, SIDE, SIDE), np.uint16)
        for one in maps:
            total += one.raw(image)
        return total.argmax(axis=0)

    def layers(image: int) -> list:
        return [member.layer(by_id[image]) for member in electorate.members]

    return {
        NAIVE: numpy_mean,
        NAIVE_FILES: numpy_files,
        LOOP: numpy_loop,
        WHOLE: numpy_whole,
        OURS: lambda image: vote_labels(layers(image), (SIDE, SIDE), equal),
        OURS_HARD: lambda image: vote_labels(layers(image), (SIDE, SIDE), equal, 'hard'),
        OURS_STORED: lambda image: vote_stored(layers(image), (SIDE, SIDE), equal),
    }


def time_ways(folder: Path, num_members: int, rounds: int) -> list[str]:
    """Time all ways in turns; each row: name, ms and CPU ms a picture, how many times faster than the first."""
    functions = ways(folder, write_members(folder, num_members, NUM_DIFFERENT))
    images = range(1, NUM_DIFFERENT + 1)
    for image in images:
        assert (functions[OURS](image) == functions[WHOLE](image)).all()
    # Float32 sums of 255ths are not equal where whole numbers are.
    same = statistics.mean(float((functions[OURS](image) == functions[NAIVE](image)).mean()) for image in images)
    print(f'labels equal to those of float32 sums: {same:.4%} of the pixels')
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in functions}
    for function in functions.values():
        function(1)
    for _ in range(rounds):
        for name, function in functions.items():
            spent[name].append(_seconds(lambda: [function(image) for image in images]))  # noqa: B023
    rows = []
    for name, times in spent.items():
        wall, cpu = (1000 / NUM_DIFFERENT * statistics.median(column) for column in zip(*times, strict=True))
        ratios = [
            statistics.median(first[at] / own[at] for first, own in zip(spent[NAIVE], times, strict=True))
            for at in range(2)
        ]
        rows.append(f'| {name} | {wall:.1f} | {cpu:.1f} | {ratios[0]:.1f}x | {ratios[1]:.1f}x |')
    return rows


def _seconds(function: Callable[[], Any]) -> tuple[float, float]:
    """Time a call: by the clock, and of the CPU."""
    wall, cpu = time.perf_counter(), time.process_time()
    function()
    return time.perf_counter() - wall, time.process_time() - cpu


def measure_memory(folder: Path, num_members: int, num_images: int) -> list[str]:
    """Run the tool on all pictures and on some; each row: what, seconds, MiB above the bare interpreter and imports."""
    started = time.perf_counter()
    paths = write_members(folder, num_members, num_images)
    print(f'{num_members} members x {num_images} pictures written in {time.perf_counter() - started:.0f} s', flush=True)
    bare, imports = _peak(['-c', 'pass']), _peak(['-c', _IMPORTS])
    rows = []
    for count, members in ((num_images, num_members), (num_images // 8, num_members), (num_images // 8, 2)):
        used = [str(_first_pictures(folder, path, count)) for path in paths[:members]]
        for out in ('labels', 'labels.probs'):
            started = time.perf_counter()
            peak = _peak(['tools/seg_ensemble.py', *used, '--out', str(folder / out)])
            seconds = time.perf_counter() - started
            what = f'{members} x {count} to {"probabilities" if out.endswith("probs") else "label pictures"}'
            rows.append(
                f'| {what} | {seconds:.0f} | {1000 * seconds / count:.0f} | {peak - bare:.0f} | {peak - imports:.0f} |'
            )
            print(rows[-1], flush=True)
    return rows


_IMPORTS = 'import tools._launch as t\nwith t.light():\n import numba, cv2, PIL.Image, custom_modules.ensemble.voting'


def _first_pictures(folder: Path, path: Path, count: int) -> Path:
    """Make a folder with the first pictures of another; the data is the same file."""
    part = folder / f'{count}' / path.name
    part.mkdir(parents=True, exist_ok=True)
    index = json.loads((path / 'index.json').read_text())
    index['pictures'] = index['pictures'][:count]
    (part / 'index.json').write_text(json.dumps(index))
    if not (part / 'data.bin').exists():
        os.link(path / 'data.bin', part / 'data.bin')
    return part


def _peak(arguments: list[str]) -> float:
    """Return the largest resident memory of a Python process, MiB; pages of mapped files count."""
    code = 'import os, resource, sys; os.wait4(os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ), 0); '
    code += 'print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)'
    command = [sys.executable, '-c', code, sys.executable, *arguments]
    output = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return int(output.split('\n')[-2]) / 1024


def main(argv: list[str] | None = None) -> None:
    """Measure and print the tables."""
    args = parse_args(argv)
    lines = []

    def tell(*new: str) -> None:
        lines.extend(new)
        print(*new, sep='\n', flush=True)

    load_utils()
    with light(), contextlib.ExitStack() as stack:
        from custom_modules.utils import atomic_write
        from custom_modules.utils.jit import num_threads

        folder = args.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        if args.folder:
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
        what = f'{args.members} members, {NUM_CLASSES} x {SIDE} x {SIDE}, 8 bits'
        threads = f'{num_threads()} thread(s), load {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores'
        tell('# Voting', '', '`python benchmarks/voting.py`', '')
        tell(f'| {what}; {threads} | ms a picture | CPU ms | times as fast | by CPU |', '|---|---|---|---|---|')
        tell(*time_ways(folder, args.members, args.rounds))
        if args.images:
            rows = measure_memory(folder, args.members, args.images)
            columns = 's | ms a picture | MiB above bare Python | above imports'
            tell('', f'| tools/seg_ensemble.py, members x pictures | {columns} |')
            tell('|---|---|---|---|---|', *rows)
        tell('', NOTES)
        if args.out:
            with atomic_write(args.out) as file:
                file.write('\n'.join(lines) + '\n')


if __name__ == '__main__':
    main()
