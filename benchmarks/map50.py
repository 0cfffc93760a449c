"""Time mAP50 from arrays against pycocotools and faster-coco-eval, side by side in one run.

    python benchmarks/map50.py [--images 655] [--boxes 100 300] [--out benchmarks/map50.md]

All scorers get the same predictions in memory and take turns; the fastest of several rounds counts, in CPU time, which
a busy machine changes little.  The competitors are timed twice: as called by default (ten IoU thresholds, four size
ranges) and cut down to what mAP50 needs.  At the end a search over fusions is timed, which is what needs all this.
"""

import argparse
import contextlib
import io
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

NUM_OBJECTS, NUM_CLASSES, SIZE = 3300, 10, 1024
PYCOCOTOOLS = 'pycocotools'


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--images', type=int, default=655, help='pictures (default 655)')
    parser.add_argument('--boxes', type=int, nargs='+', default=[100, 300], help='boxes a picture (default 100 300)')
    parser.add_argument('--rounds', type=int, default=3, help='rounds to take the fastest of (default 3)')
    parser.add_argument('--out', type=Path, help='write the tables into this Markdown file, too')
    return parser.parse_args(argv)


def make_objects(num_images: int) -> dict:
    """Draw a data set, some of its objects crowds."""
    import numpy as np

    rng = np.random.default_rng(0)
    shares = rng.dirichlet(np.ones(NUM_CLASSES))
    image_of = np.sort(rng.integers(1, num_images + 1, NUM_OBJECTS))
    class_of = rng.choice(NUM_CLASSES, NUM_OBJECTS, p=shares)
    boxes = np.hstack([rng.uniform(0, 0.7, (NUM_OBJECTS, 2)), rng.uniform(0.01, 0.3, (NUM_OBJECTS, 2))]) * SIZE
    rows = zip(image_of.tolist(), class_of.tolist(), boxes.tolist(), strict=True)
    annotations = [
        {'id': number, 'image_id': image, 'category_id': label, 'bbox': box, 'area': box[2] * box[3], 'iscrowd': 0}
        for number, (image, label, box) in enumerate(rows, start=1)
    ]
    for number in rng.choice(NUM_OBJECTS, NUM_OBJECTS // 20, replace=False):
        annotations[number]['iscrowd'] = 1
    images = [{'id': number, 'width': SIZE, 'height': SIZE, 'file_name': ''} for number in range(1, num_images + 1)]
    categories = [{'id': label, 'name': str(label)} for label in range(NUM_CLASSES)]
    return {'images': images, 'annotations': annotations, 'categories': categories}


def make_predictions(coco: dict, boxes_per_image: int, seed: int = 0) -> Any:
    """Draw predictions: an eighth near an object, the others anywhere; scores with three decimals, so that many tie."""
    import numpy as np

    from custom_modules.evaluation import Predictions

    rng = np.random.default_rng([seed, boxes_per_image])
    fields = ('image_id', 'category_id', 'bbox')
    image_of, class_of, boxes = (np.array([record[field] for record in coco['annotations']]) for field in fields)
    count = len(coco['images']) * boxes_per_image
    near = rng.integers(0, len(boxes), count // 8)
    close = boxes[near] + rng.normal(0, 0.1, (len(near), 4)) * boxes[near][:, [2, 3, 2, 3]]
    num_far = count - len(near)
    far = np.hstack([rng.uniform(0, 0.7, (num_far, 2)), rng.uniform(0.005, 0.4, (num_far, 2))]) * SIZE
    order = rng.permutation(count)
    return Predictions(
        image_ids=np.concatenate([image_of[near], rng.integers(1, len(coco['images']) + 1, num_far)])[order],
        category_ids=np.concatenate([class_of[near], rng.choice(class_of, num_far)])[order],
        boxes_xywh=np.abs(np.vstack([close, far]))[order],
        scores=np.concatenate([rng.beta(2, 3, len(near)), rng.beta(0.5, 6, num_far)]).round(3)[order],
    )


def scorers(coco: dict, predictions: Any) -> dict[str, Callable[[], float]]:
    """Return what gives mAP50, by name; each starts from what its package takes in memory."""
    import numpy as np
    from faster_coco_eval import COCO as FasterCoco
    from faster_coco_eval.core.faster_eval_api import COCOeval_faster
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    from custom_modules.evaluation import FastMap50, bootstrap_weights

    records = list(predictions.records())

    def upstream(coco_type: type, eval_type: type, reduced: bool) -> Callable[[], float]:
        def run() -> float:
            with contextlib.redirect_stdout(io.StringIO()):
                truth = coco_type()
                truth.dataset = coco
                truth.createIndex()
                evaluator = eval_type(truth, truth.loadRes([dict(record) for record in records]), 'bbox')
                if reduced:
                    evaluator.params.iouThrs = np.array([0.5])
                    evaluator.params.areaRng, evaluator.params.areaRngLbl = [[0, 1e10]], ['all']
                    evaluator.params.maxDets = [100]
                evaluator.evaluate()
                evaluator.accumulate()
            precision = evaluator.eval['precision'][0, :, :, 0, -1]
            return float(precision[precision > -1].mean())

        return run

    scorer = FastMap50(coco)
    matched = scorer(predictions)
    order = np.argsort(predictions.image_ids, kind='stable')
    starts = np.searchsorted(predictions.image_ids[order], np.arange(1, len(coco['images']) + 2))
    arrays = (starts, predictions.boxes_xywh[order], predictions.category_ids[order], predictions.scores[order])
    resamples = bootstrap_weights(len(coco['images']), 1000, seed=0)
    return {
        PYCOCOTOOLS: upstream(COCO, COCOeval, reduced=False),
        'pycocotools, mAP50 only': upstream(COCO, COCOeval, reduced=True),
        'faster-coco-eval': upstream(FasterCoco, COCOeval_faster, reduced=False),
        'faster-coco-eval, mAP50 only': upstream(FasterCoco, COCOeval_faster, reduced=True),
        'ours, from a data set and predictions': lambda: FastMap50(coco)(predictions).map50(),
        'ours, from arrays': lambda: scorer.match(*arrays).map50(),
        'ours, a subset or resample of what is matched': matched.map50,
        'ours, 1,000 resamples of what is matched': lambda: float(matched.map50(resamples)[0]),
    }


def measure(candidates: dict[str, Callable[[], float]], rounds: int) -> dict[str, tuple[float, float]]:
    """Run all in turns; return the shortest CPU time of each in ms, and its score."""
    best: dict[str, tuple[float, float]] = {}
    for name in (name for name in candidates if name.startswith('ours')):
        candidates[name]()  # compiles
    for _ in range(rounds):
        for name, run in candidates.items():
            started = time.process_time()
            score = run()
            elapsed = (time.process_time() - started) * 1e3
            best[name] = min(best.get(name, (float('inf'), score)), (elapsed, score))
    return best


def table(title: str, results: dict[str, tuple[float, float]]) -> str:
    """Return a Markdown table."""
    reference = results[PYCOCOTOOLS]
    lines = ['', title, '', '| | CPU ms | pycocotools / it | difference of mAP50 |', '|---|---|---|---|']
    for name, (elapsed, score) in results.items():
        same_images = '1,000' not in name
        difference = f'{abs(score - reference[1]):.1e}' if same_images else ''
        lines.append(f'| {name} | {elapsed:.3g} | {reference[0] / elapsed:.3g}x | {difference} |')
    return '\n'.join(lines)


def time_search(coco: dict, boxes_per_image: int) -> str:
    """Search over fusions of four members; return a line of text."""
    from custom_modules.ensemble import search_fusion

    members = {f'm{seed}': make_predictions(coco, boxes_per_image, seed) for seed in range(4)}
    search_fusion(coco, members, budget=40)  # compiles
    cpu, wall = time.process_time(), time.perf_counter()
    result = search_fusion(coco, members)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    pictures = f'{len(coco["images"])} pictures x 4 members x {boxes_per_image} boxes'
    return (
        f'Search: {len(result.trials)} trials on {pictures} in '
        f'{wall:.0f} s, {cpu:.0f} s of CPU: {300 * cpu / len(result.trials):.0f} s of CPU for 300 trials'
    )


def main(argv: list[str] | None = None) -> None:
    """Print the tables."""
    args = parse_args(argv)
    from custom_modules.utils import atomic_write

    coco = make_objects(args.images)
    parts = ['# mAP50 from arrays', '', '`python benchmarks/map50.py`']
    for boxes in args.boxes:
        title = f'{args.images} pictures x {boxes} boxes, {NUM_OBJECTS} objects, {NUM_CLASSES} classes'
        parts.append(table(title, measure(scorers(coco, make_predictions(coco, boxes)), args.rounds)))
        print(parts[-1], flush=True)
    parts += ['', time_search(coco, args.boxes[-1]), '']
    print('\n'.join(parts[-3:]))
    if args.out:
        with atomic_write(args.out) as file:
            file.write('\n'.join(parts))


if __name__ == '__main__':
    main()
