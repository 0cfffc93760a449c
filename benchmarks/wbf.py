"""Time fusion of boxes against ensemble-boxes, side by side in one run, and from files to a file.

    python benchmarks/wbf.py [--models 4] [--boxes 300] [--images 4871] [--out benchmarks/wbf.md]

One picture, one core: both get the same arrays and take turns, the fastest of several rounds counts, and the results
must be equal.  Then a whole data set: prediction files of five models are read, fused on all cores, and written.
"""

import argparse
import contextlib
import io
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools._launch import light, load_utils

NUM_FILES, BOXES_PER_FILE, NUM_CLASSES = 5, 100, 10
NOTES = """The original joins numpy arrays box by box; here a kernel sorts the boxes of each label by merging what is
sorted already, keeps the fused boxes of a label side by side, divides only where an overlap can be the best one, and
adds to running sums instead of fusing a cluster anew. The original's nms is compiled already. Lists take the time that
numpy needs to make arrays of them. Results of the first tables are equal to 1e-5, which the script asserts. CPU
seconds tell what a free machine needs, where the load says that this one was not."""
NAMES = ('weighted_boxes_fusion', 'non_maximum_weighted', 'nms', 'soft_nms')


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--models', type=int, default=4, help='models of the one picture (default 4)')
    parser.add_argument('--boxes', type=int, nargs='+', default=[300, 1000], help='boxes a model (default 300 1000)')
    parser.add_argument('--images', type=int, default=4871, help='pictures of the files, 0 for none (default 4871)')
    parser.add_argument('--rounds', type=int, default=7, help='rounds to take the fastest of (default 7)')
    parser.add_argument('--out', type=Path, help='write the tables into this Markdown file, too')
    return parser.parse_args(argv)


def make_picture(num_models: int, num_boxes: int, num_classes: int = NUM_CLASSES, seed: int = 0) -> tuple:
    """Draw boxes that all models find, each a little elsewhere, best first as detectors give them.

    Returns:
        Boxes (n, 4) xyxy in [0, 1], scores (n,) and labels (n,) of each model.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    center, side = rng.random((num_boxes, 2)), rng.uniform(0.02, 0.4, (num_boxes, 2))
    labels = rng.integers(0, num_classes, num_boxes)
    parts = []
    for _ in range(num_models):
        middle = center + rng.normal(0, 0.03, center.shape) * side
        half = side * np.exp(rng.normal(0, 0.1, side.shape)) / 2
        scores = rng.random(num_boxes)
        order = np.argsort(-scores)
        parts.append((np.hstack([middle - half, middle + half]).clip(0, 1)[order], scores[order], labels[order]))
    return tuple(zip(*parts, strict=True))


def seconds(function: Callable) -> float:
    """Time one call, in silence: the original prints."""
    with contextlib.redirect_stdout(io.StringIO()):
        start = time.perf_counter()
        function()
        return time.perf_counter() - start


def time_picture(num_models: int, num_boxes: int, rounds: int) -> list[str]:
    """Time the four functions on one picture; each row: name, ms of arrays, of lists, of the original, ratio."""
    import ensemble_boxes
    import numpy as np

    from custom_modules import ensemble

    picture = make_picture(num_models, num_boxes)
    lists = [[part.tolist() for part in parts] for parts in picture]
    rows = []
    for name in NAMES:
        ours, theirs = getattr(ensemble, name), getattr(ensemble_boxes, name)
        for mine, original in zip(ours(*picture), theirs(*map(list, picture)), strict=True):
            np.testing.assert_allclose(mine, original, atol=1e-5)
        calls = (lambda: ours(*picture), lambda: ours(*lists), lambda: theirs(*map(list, picture)))  # noqa: B023
        fastest = [
            min(column) for column in zip(*([_turn(call) for call in calls] for _ in range(rounds)), strict=True)
        ]
        arrays, of_lists, original = (1000 * value for value in fastest)
        ratio = original / arrays
        rows.append(f'| {name} | {arrays:.2f} | {of_lists:.2f} | {original:.1f} | {ratio:.0f}x |')
    return rows


def _turn(call: Callable) -> float:
    """Time a call as often as 20 ms allow, at least once."""
    fastest = spent = seconds(call)
    while spent < 0.02:
        duration = seconds(call)
        fastest, spent = min(fastest, duration), spent + duration
    return fastest


def make_files(folder: Path, num_images: int) -> dict[int, tuple[int, int]]:
    """Write prediction files of all pictures, 1024 px; returns height and width of each picture by id."""
    import numpy as np

    from custom_modules.evaluation import Predictions, write_predictions
    from custom_modules.evaluation.predictions import round_significant

    pictures = [make_picture(NUM_FILES, BOXES_PER_FILE, seed=seed) for seed in range(50)]
    ids = np.repeat(np.arange(1, num_images + 1), BOXES_PER_FILE)
    for number in range(NUM_FILES):
        boxes, scores, labels = (
            np.concatenate([pictures[index % len(pictures)][column][number] for index in range(num_images)])
            for column in range(3)
        )
        boxes_xywh = round_significant(np.hstack([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]]) * 1024)
        write_predictions(folder / f'{number}.json', Predictions(ids, labels, boxes_xywh, round_significant(scores)))
    return dict.fromkeys(range(1, num_images + 1), (1024, 1024))


def time_files(num_images: int) -> list[str]:
    """Time reading, fusing and writing of prediction files; each row: step, seconds, those of the CPU, amount."""
    from custom_modules.ensemble import MemberBoxes
    from custom_modules.evaluation import read_predictions, write_predictions

    rows, spent = [], []

    def clocks() -> tuple[float, float]:
        return time.perf_counter(), time.process_time()

    def step(name: str, function: Callable, amount: Callable):
        before = clocks()
        result = function()
        spent.append([after - at for after, at in zip(clocks(), before, strict=True)])
        rows.append(f'| {name} | {spent[-1][0]:.2f} | {spent[-1][1]:.2f} | {amount(result)} |')
        return result

    with tempfile.TemporaryDirectory() as folder:
        sizes = make_files(Path(folder), num_images)
        paths, out = sorted(Path(folder).glob('*.json')), Path(folder) / 'fused.json'
        small = MemberBoxes.from_predictions([read_predictions(path) for path in paths[:1]], sizes)
        small.fuse()  # what was compiled for an earlier run is loaded
        megabytes = sum(path.stat().st_size for path in paths) / 1e6
        members = step('read', lambda: [read_predictions(path) for path in paths], lambda _: f'{megabytes:.0f} MB')
        boxes = step(
            'sort by picture',
            lambda: MemberBoxes.from_predictions(members, sizes),
            lambda b: f'{len(b.scores):,} boxes',
        )
        fused = step('fuse', boxes.fuse, lambda f: f'{len(f):,} fused boxes')
        result = step('to pixels', fused.to_predictions, lambda p: f'{len(p):,} rows')
        step('write', lambda: write_predictions(out, result), lambda _: f'{out.stat().st_size / 1e6:.0f} MB')
    wall, cpu = map(sum, zip(*spent, strict=True))
    return [*rows, f'| all | {wall:.2f} | {cpu:.2f} | |']


def time_original(num_images: int, sample: int = 40) -> str:
    """Give a row with the time ensemble-boxes needs for as many pictures, from a sample of them."""
    import ensemble_boxes

    pictures = [make_picture(NUM_FILES, BOXES_PER_FILE, seed=seed) for seed in range(sample)]
    spent = sum(seconds(lambda: ensemble_boxes.weighted_boxes_fusion(*map(list, picture))) for picture in pictures)  # noqa: B023
    return f'| fuse with ensemble-boxes, from {sample} pictures | {spent / sample * num_images:.0f} | | |'


def main(argv: list[str] | None = None) -> None:
    """Measure and print the tables."""
    args = parse_args(argv)
    warnings.simplefilter('ignore')  # the original's, about boxes at the border
    lines = []

    def tell(*new: str) -> None:
        lines.extend(new)
        print(*new, sep='\n', flush=True)

    load_utils()
    with light():
        from custom_modules.utils import atomic_write
        from custom_modules.utils.jit import num_threads

        columns = 'ours, arrays, ms | ours, lists, ms | ensemble-boxes, arrays, ms | ratio of arrays |'
        for num_boxes in args.boxes:
            case = f'{args.models} models x {num_boxes} boxes, {NUM_CLASSES} classes'
            tell('', f'| {case} | {columns}', '|---|---|---|---|---|')
            tell(*time_picture(args.models, num_boxes, args.rounds))
        if args.images:
            case = f'{NUM_FILES} files x {args.images:,} pictures x {BOXES_PER_FILE} boxes, {num_threads()} thread(s)'
            case += f', load {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores'
            tell('', f'| {case} | s | CPU s | |', '|---|---|---|---|')
            tell(*time_files(args.images), time_original(args.images))
    if args.out:
        with atomic_write(args.out) as file:
            file.write('\n'.join(['# Fusion of boxes', '', '`python benchmarks/wbf.py`', *lines, '', NOTES, '']))


if __name__ == '__main__':
    main()
