"""Compare the CRF's two backends on photographs: how far apart they are, how long they take, what they do to noise.

    pip install --target /tmp/crf -r requirements/crf.txt
    PYTHONPATH=/tmp/crf python benchmarks/crf.py [--data-root DIR ...] [--out benchmarks/crf.md]

The probabilities of three made-up models come from the true label maps: right by a margin, with noise in patches, which
the models share in part, and in single pixels.  The backends take turns on one thread; CPU time, and ratios are medians
of ratios within a picture and round, which a busy machine changes little.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from tools._launch import Parser, run  # noqa: E402

if TYPE_CHECKING:
    import numpy as np

    from custom_modules.ensemble import CrfParams

BACKENDS = ('pydensecrf', 'torch')
PHOTOGRAPHS = tuple(ROOT.parent / 'shared' / 'data' / name for name in ('recycle_seg', 'taco416'))
NUM_MODELS = 3
TOLERANCE = 1e-3
STEPS = ('one model', 'vote of three', 'vote + CRF')
RESCUES = {
    'vote + CRF + rescue (defaults: 30 to 1000 px, 80 % agree)': {},
    'the same, 60 % agree': {'min_agreement': 0.6},
    'the same, 60 % agree, from 10 px': {'min_agreement': 0.6, 'min_area': 10},
}


@dataclass
class Case:
    """A picture with what is known and what was made up.

    Attributes:
        picture: (H, W, 3) uint8, RGB.
        truth: (H, W) uint8; 255 does not count.
        members: Three (C, H, W) float32.
    """

    picture: np.ndarray
    truth: np.ndarray
    members: list[np.ndarray]

    @property
    def vote(self) -> np.ndarray:
        """Mean of the members, (C, H, W) float32."""
        return sum(self.members) / len(self.members)

    def cropped(self, size: int) -> Case:
        """Cut out the first ``size`` rows and columns."""
        members = [member[:, :size, :size] for member in self.members]
        return Case(self.picture[:size, :size], self.truth[:size, :size], members)


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--data-root', type=Path, nargs='+', help='folders with a train_all.json (default: synthetic)')
    parser.add_argument('--pictures', type=int, default=8, help='how many of each (default 8)')
    parser.add_argument('--size', type=int, default=512, help='they are resized to this side, px (default 512)')
    parser.add_argument('--classes', type=int, default=12, help='classes; those left over are empty (default 12)')
    parser.add_argument('--rounds', type=int, default=3, help='rounds to take the median of (default 3)')
    parser.add_argument('--out', type=Path, help='write the tables into this Markdown file, too')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Measure and print; return the exit code."""
    args = parse_args(argv)
    import torch

    from custom_modules.ensemble import CrfParams
    from custom_modules.utils import atomic_write

    torch.set_num_threads(1)
    groups = load_cases(args)
    results = {name: compare(cases, CrfParams(), args.rounds) for name, cases in groups.items()}
    name, cases = next(iter(groups.items()))
    odd = args.size - 1
    results[f'{name}, {odd} x {odd}'] = compare([case.cropped(odd) for case in cases], CrfParams(), 1)
    noise = [noise_case(args.size, args.classes)]
    results['nothing but noise'] = compare(noise, CrfParams(), args.rounds)
    title = f'{args.size} x {args.size}, {args.classes} classes, 10 iterations'
    text = '\n\n'.join(
        [
            '# Fully connected CRF: pydensecrf and PyTorch',
            '`python benchmarks/crf.py`',
            agreement_table(title, results),
            time_table(title, results),
            time_table('the first picture, 10 iterations but for', compare_parts(cases[0], args)),
            *(effect_table(f'{name}, made-up models', cases, args.classes) for name, cases in groups.items()),
        ]
    )
    print(text)
    if args.out:
        with atomic_write(args.out) as file:
            file.write(text + '\n')
    return 0


def load_cases(args: argparse.Namespace) -> dict[str, list[Case]]:
    """Load photographs, or draw pictures where there are none; returns them by what they are."""
    import tempfile

    from custom_modules.datasets.synthetic import make_synthetic

    if roots := args.data_root or [root for root in PHOTOGRAPHS if root.is_dir()]:
        return {f'{args.pictures} photographs ({root.name})': list(read_cases(root, args)) for root in roots}
    with tempfile.TemporaryDirectory() as folder:
        make_synthetic(Path(folder) / 'data', train=args.pictures, val=1, test=1, size=args.size, seed=0)
        return {f'{args.pictures} synthetic pictures': list(read_cases(Path(folder) / 'data', args))}


def read_cases(root: Path, args: argparse.Namespace) -> Iterator[Case]:
    """Read pictures with their label maps and make up probabilities."""
    import cv2
    import numpy as np

    from custom_modules.datasets import load_coco
    from custom_modules.datasets.label_maps import LabelMaps

    coco = load_coco(root / 'train_all.json')
    maps, side = LabelMaps(coco), (args.size, args.size)
    for image in coco.images[: args.pictures]:
        picture = cv2.imread(str(coco.image_root / image['file_name']), cv2.IMREAD_COLOR_RGB)
        picture = cv2.resize(picture, side, interpolation=cv2.INTER_AREA)
        truth = cv2.resize(maps[image['id']], side, interpolation=cv2.INTER_NEAREST)
        rng = np.random.default_rng(image['id'])
        yield Case(picture, truth, make_members(truth, args.classes, rng))


def noise_case(size: int, num_classes: int) -> Case:
    """Make the worst case for the lattice: no two neighbours have a like colour."""
    import numpy as np

    rng = np.random.default_rng(0)
    truth = rng.integers(0, num_classes, (size, size)).astype(np.uint8)
    picture = rng.integers(0, 256, (size, size, 3), dtype=np.uint8)
    return Case(picture, truth, make_members(truth, num_classes, rng))


def make_members(truth: np.ndarray, num_classes: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Make up the probabilities of models, right by a margin with noise of which they share half."""
    import cv2
    import numpy as np

    def patches() -> np.ndarray:
        coarse = rng.normal(0, 1, (num_classes, -(-truth.shape[0] // 8), -(-truth.shape[1] // 8))).astype(np.float32)
        return np.stack([cv2.resize(plane, truth.shape[::-1]) for plane in coarse])

    known = np.where(truth == 255, 0, truth)
    right = 3.0 * (np.arange(num_classes)[:, None, None] == known)
    shared = patches()
    return [softmax(right + shared + patches() + 0.7 * rng.normal(0, 1, right.shape)) for _ in range(NUM_MODELS)]


def softmax(logits: np.ndarray) -> np.ndarray:
    """Normalise over the first axis, float32."""
    import numpy as np

    powers = np.exp(logits - logits.max(axis=0))
    return (powers / powers.sum(axis=0)).astype(np.float32)


def compare_parts(case: Case, args: argparse.Namespace) -> dict[str, dict[str, list[float]]]:
    """Compare with fewer classes, iterations and kernels, of which the share of each follows."""
    from custom_modules.ensemble import CrfParams

    few = [member[:4] / member[:4].sum(axis=0) for member in case.members]
    found = {'4 classes': compare([replace(case, members=few)], CrfParams(), args.rounds)}
    settings = {f'{count} iterations': CrfParams(num_iterations=count) for count in (1, 5)}
    settings |= {'Gaussian kernel alone': CrfParams(bilateral_compat=0)}
    return found | {name: compare([case], params, args.rounds) for name, params in settings.items()}


def compare(cases: list[Case], params: CrfParams, rounds: int) -> dict[str, list[float]]:
    """Refine the vote of each case with both backends, in turns.

    Returns:
        CPU ms by backend, their ``ratio`` of each round, and of each picture the shares of pixels with other ``labels``
        and with a probability ``apart`` by more than 0.001, and the ``largest`` difference.
    """
    from custom_modules.ensemble import dense_crf

    found: dict[str, list[float]] = {name: [] for name in (*BACKENDS, 'ratio', 'labels', 'apart', 'largest')}
    for case in cases:
        inputs = (case.vote, case.picture, params)
        one, other = (dense_crf(*inputs, backend=name) for name in BACKENDS)
        apart = abs(one - other).max(axis=0)
        found['labels'].append(float((one.argmax(axis=0) != other.argmax(axis=0)).mean()))
        found['apart'].append(float((apart > TOLERANCE).mean()))
        found['largest'].append(float(apart.max()))
        for _ in range(rounds):
            for name in BACKENDS:
                started = time.process_time()
                dense_crf(*inputs, backend=name)
                found[name].append((time.process_time() - started) * 1e3)
            found['ratio'].append(found['pydensecrf'][-1] / found['torch'][-1])
    return found


def agreement_table(title: str, results: dict[str, dict[str, list[float]]]) -> str:
    """Tell how far apart the backends are."""
    lines = [
        f'| {title} | pixels with another label | with a probability apart by > {TOLERANCE} | largest difference |',
        '|---|---|---|---|',
    ]
    for name, found in results.items():
        labels, apart = (100 * statistics.mean(found[key]) for key in ('labels', 'apart'))
        lines.append(f'| {name} | {labels:.4f} % | {apart:.4f} % | {max(found["largest"]):.1e} |')
    return '\n'.join(lines)


def time_table(title: str, results: dict[str, dict[str, list[float]]]) -> str:
    """Tell how long they take."""
    lines = [f'| {title} | pydensecrf, CPU ms | torch, CPU ms | pydensecrf / torch |', '|---|---|---|---|']
    for name, found in results.items():
        theirs, ours, ratio = (statistics.median(found[key]) for key in (*BACKENDS, 'ratio'))
        lines.append(f'| {name} | {theirs:.0f} | {ours:.0f} | {ratio:.2f}x |')
    return '\n'.join(lines)


def effect_table(title: str, cases: list[Case], num_classes: int) -> str:
    """Score the steps from one model to the rescue, with the default settings of the CRF."""
    import numpy as np

    from custom_modules.ensemble import RescueParams, dense_crf, rescue_small_objects
    from custom_modules.ensemble.probs import argmax_labels
    from custom_modules.evaluation import count_confusion

    counts = {step: np.zeros((num_classes, num_classes), np.int64) for step in (*STEPS, *RESCUES)}
    for case in cases:
        members = [argmax_labels(member) for member in case.members]
        refined = argmax_labels(dense_crf(case.vote, case.picture, backend='torch'))
        steps = dict(zip(STEPS, (members[0], argmax_labels(case.vote), refined), strict=True))
        for step, settings in RESCUES.items():
            steps[step] = rescue_small_objects(refined, members, RescueParams(**settings))
        for step, labels in steps.items():
            counts[step] += count_confusion(labels, case.truth, num_classes)
    lines = [f'| {title} | mIoU | right pixels |', '|---|---|---|']
    for step, confusion in counts.items():
        both, there = confusion.diagonal(), confusion.sum(axis=1)
        ious = both[there > 0] / (there + confusion.sum(axis=0) - both)[there > 0]
        lines.append(f'| {step} | {ious.mean():.4f} | {100 * both.sum() / there.sum():.2f} % |')
    return '\n'.join(lines)


if __name__ == '__main__':
    run(main)
