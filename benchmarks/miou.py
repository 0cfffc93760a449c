"""Time the counting behind mIoU against mmseg's histograms and numpy's bincount, side by side in one run.

    python benchmarks/miou.py [--size 512] [--classes 11] [--rounds 25] [--out benchmarks/miou.md]

All counters get the same label maps and take turns; the median of several rounds counts, in CPU time, and ratios are
medians of ratios within a round, which a busy machine changes little.  Equal counts are asserted.  Three kinds of maps:
what a segmenter predicts (patches with ragged outlines), the same with noise, and nothing but noise, the worst case.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

UPSTREAM = 'mmseg, three histograms of int64 tensors'
OURS = 'ours, from uint8'
FROM_TENSORS = 'ours, from int64 tensors'
REPEATS = 10  # calls of what takes less than the clock's grain, in one measurement


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--size', type=int, default=512, help='height and width, pixels (default 512)')
    parser.add_argument('--classes', type=int, default=11, help='classes (default 11)')
    parser.add_argument('--rounds', type=int, default=25, help='rounds to take the median of (default 25)')
    parser.add_argument('--out', type=Path, help='write the tables into this Markdown file, too')
    return parser.parse_args(argv)


def make_maps(kind: str, size: int, num_classes: int) -> tuple[Any, Any]:
    """Draw a predicted and a true label map.

    Args:
        kind: ``'patches'``, ``'patches and noise'`` or ``'noise'``.
        size: Height and width, pixels.
        num_classes: Classes.

    Returns:
        Two (size, size) uint8; 2 % of the truth is 255.
    """
    import cv2
    import numpy as np

    rng = np.random.default_rng(0)
    if kind == 'noise':
        labels, truth = rng.integers(0, num_classes, (2, size, size)).astype(np.uint8)
    else:
        truth = np.zeros((size, size), dtype=np.uint8)
        for _ in range(8):
            center, radii = rng.integers(0, size, 2).tolist(), rng.integers(size // 25, size // 4, 2).tolist()
            angle, label = float(rng.integers(180)), int(rng.integers(1, num_classes))
            cv2.ellipse(truth, center, radii, angle, 0, 360, label, -1)
        # Where a low-frequency field says so, the prediction comes from a few pixels further on.
        shifts = cv2.resize(rng.normal(0, 6, (2, size // 16 + 1, size // 16 + 1)).transpose(1, 2, 0), (size, size))
        rows, columns = np.clip(np.indices((size, size)) + np.rint(shifts).astype(int).transpose(2, 0, 1), 0, size - 1)
        labels = truth[rows, columns]
    if kind == 'patches and noise':
        noisy = rng.random(labels.shape) < 0.02
        labels[noisy] = rng.integers(0, num_classes, noisy.sum())
    truth[: size // 7, : size // 7] = 255
    return labels, truth


def counters(labels: Any, truth: Any, num_classes: int) -> dict[str, Callable[[], Any]]:
    """Return what counts, by name; all give the areas of intersection, union, prediction and truth."""
    import numpy as np
    import torch
    from mmseg.evaluation import IoUMetric

    from custom_modules.evaluation import count_boundaries, count_confusion
    from custom_modules.evaluation.trash_iou_metric import TrashIoUMetric, label_map

    tensors = [torch.from_numpy(one).long() for one in (labels, truth)]
    sample = {'img_id': 1, 'pred_sem_seg': {'data': tensors[0][None]}, 'gt_sem_seg': {'data': tensors[1][None]}}
    metric = TrashIoUMetric()
    metric.dataset_meta = {'classes': [f'class {label}' for label in range(num_classes)]}

    def areas(confusion: Any) -> list[Any]:
        both, predicted, true = confusion.diagonal(), confusion.sum(axis=0), confusion.sum(axis=1)
        return [both, predicted + true - both, predicted, true]

    def bincount() -> list[Any]:
        counted = truth != 255
        flat = truth[counted].astype(np.int64) * num_classes + labels[counted]
        return areas(np.bincount(flat, minlength=num_classes**2).reshape(num_classes, num_classes))

    def from_tensors() -> list[Any]:
        return areas(count_confusion(*map(label_map, tensors), num_classes))

    def process() -> None:
        metric.results.clear()
        metric.process(None, [sample])

    return {
        UPSTREAM: lambda: IoUMetric.intersect_and_union(*tensors, num_classes, 255),
        'numpy, bincount': bincount,
        OURS: lambda: areas(count_confusion(labels, truth, num_classes)),
        FROM_TENSORS: from_tensors,
        'ours, boundaries of all classes': lambda: count_boundaries(labels, truth, num_classes),
        'TrashIoUMetric.process: int64 tensors, confusion and boundaries': process,
    }


def literal_boundaries(labels: Any, truth: Any, num_classes: int) -> None:
    """Do what the paper's code does for one mask for each class of both maps: erode step by step."""
    import cv2
    import numpy as np

    from custom_modules.evaluation.boundary import boundary_width

    distance, square = boundary_width(*truth.shape), np.ones((3, 3), dtype=np.uint8)
    for one in (labels, truth):
        for label in range(num_classes):
            mask = cv2.copyMakeBorder((one == label).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
            _ = mask - cv2.erode(mask, square, iterations=distance)


def assert_equal(candidates: dict[str, Callable[[], Any]]) -> None:
    """Refuse to time counters that disagree."""
    expected = [area.tolist() for area in candidates[UPSTREAM]()]
    for name in ('numpy, bincount', OURS, FROM_TENSORS):
        found = [area.tolist() for area in candidates[name]()]
        assert found == expected, f'{name}: {found}, upstream {expected}'


def measure(candidates: dict[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """Run all in turns; return the CPU time of each round in ms."""
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for run in candidates.values():
        run()  # compiles
    for _ in range(rounds):
        for name, run in candidates.items():
            started = time.process_time()
            for _ in range(REPEATS):
                run()
            times[name].append((time.process_time() - started) * 1e3 / REPEATS)
    return times


def table(title: str, times: dict[str, list[float]]) -> str:
    """Return a Markdown table."""
    lines = ['', f'| {title} | CPU ms | mmseg / it |', '|---|---|---|']
    for name, own in times.items():
        ratio = statistics.median(theirs / mine for theirs, mine in zip(times[UPSTREAM], own, strict=True))
        lines.append(f'| {name} | {statistics.median(own):.3g} | {ratio:.3g}x |')
    return '\n'.join(lines)


def main(argv: list[str] | None = None) -> None:
    """Print the tables."""
    args = parse_args(argv)
    import torch

    import custom_modules  # noqa: F401 - installs the operators mmseg asks for
    from custom_modules.utils import atomic_write

    torch.set_num_threads(1)
    parts = ['# Counting for mIoU', '', '`python benchmarks/miou.py`']
    for kind in ('patches', 'patches and noise', 'noise'):
        maps = make_maps(kind, args.size, args.classes)
        candidates = counters(*maps, args.classes)
        assert_equal(candidates)
        candidates['boundaries as in the paper, one mask after the other'] = lambda maps=maps: literal_boundaries(
            *maps, args.classes
        )
        title = f'{kind}, {args.size} x {args.size}, {args.classes} classes'
        parts.append(table(title, measure(candidates, args.rounds)))
        print(parts[-1], flush=True)
    if args.out:
        with atomic_write(args.out) as file:
            file.write('\n'.join([*parts, '']))


if __name__ == '__main__':
    main()
