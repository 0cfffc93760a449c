"""Time loading masks, making mask targets, and pasting and encoding predicted masks, against upstream.

    python benchmarks/masks.py [--size 1024] [--repeats 20]

Every row is the fastest of several rounds in which all candidates take turns, so that ratios hold on a busy machine.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

NUM_INSTANCES, NUM_ROIS, TARGET = 5, 128, 28
NUM_PREDICTED = 100


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--size', type=int, default=1024, help='side of the picture, px (default 1024)')
    parser.add_argument('--repeats', type=int, default=20, help='rounds to take the fastest of (default 20)')
    return parser.parse_args(argv)


def make_annotations(size: int) -> tuple[list, list]:
    """Draw blobs of 40 corners, as polygons and as compressed run-length masks."""
    import numpy as np
    from faster_coco_eval.core import mask as coco_mask

    rng = np.random.RandomState(0)
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    polygons = []
    for _ in range(NUM_INSTANCES):
        radius = size * rng.uniform(0.02, 0.2) * (1 + 0.3 * np.sin(3 * angle + rng.uniform(0, 6)))
        center = rng.uniform(0.2, 0.8, 2) * size
        points = np.stack([center[0] + radius * np.cos(angle), center[1] + radius * np.sin(angle)], axis=1)
        polygons.append([points.clip(0, size).round(2).ravel().tolist()])
    rles = [coco_mask.merge(coco_mask.frPyObjects(polygon, size, size)) for polygon in polygons]
    return polygons, [{'size': rle['size'], 'counts': rle['counts'].decode()} for rle in rles]


def make_rois(polygons: list, size: int) -> tuple:
    """Place proposals around the objects: boxes (n, 4) xyxy float32 and the instance of each."""
    import numpy as np

    rng = np.random.RandomState(1)
    inds = rng.randint(0, NUM_INSTANCES, NUM_ROIS)
    points = [np.reshape(polygon, (-1, 2)) for polygon in polygons]
    boxes = np.array([[*p.min(axis=0), *p.max(axis=0)] for p in points])[inds]
    sides = np.tile(boxes[:, 2:] - boxes[:, :2], 2)
    return (boxes + sides * rng.uniform(-0.15, 0.15, boxes.shape)).clip(0, size).astype(np.float32), inds


def loaders(polygons: list, rles: list, size: int) -> dict[str, Callable]:
    """Give what each candidate does to one picture: load, flip, resize, crop, pad, as far as upstream can."""
    import numpy as np
    from mmdet.datasets.transforms import LoadAnnotations

    from custom_modules.transforms import LoadTrashAnnotations

    def load(step, masks: list):
        boxes = {'bbox': [0.0, 0.0, 9.0, 9.0], 'bbox_label': 0, 'ignore_flag': 0}
        results = {'ori_shape': (size, size), 'instances': [{**boxes, 'mask': mask} for mask in masks]}
        masks = step(results)['gt_masks'].flip('horizontal').rescale((int(size * 1.3), size * 2))
        return masks.crop(np.array([size // 8, size // 8, size, size])).pad((size, size))

    ours = LoadTrashAnnotations()
    as_bitmaps = LoadAnnotations(with_bbox=True, with_mask=True, poly2mask=True)
    as_polygons = LoadAnnotations(with_bbox=True, with_mask=True, poly2mask=False)
    return {
        'ours, polygons': lambda: load(ours, polygons),
        'ours, RLE': lambda: load(ours, rles),
        'upstream bitmaps': lambda: load(as_bitmaps, polygons),
        'upstream bitmaps of RLE': lambda: load(as_bitmaps, rles),
        'upstream polygons': lambda: load(as_polygons, polygons),
    }


def targets(polygons: list, rles: list, size: int) -> dict[str, Callable]:
    """Give what makes the targets of one picture and stage, for each candidate."""
    import numpy as np
    from mmdet.structures.mask import BitmapMasks, PolygonMasks

    from custom_modules.structures.instance_masks import InstanceMasks

    boxes, inds = make_rois(polygons, size)
    upstream = PolygonMasks([[np.array(part) for part in polygon] for polygon in polygons], size, size)
    candidates = {
        'ours, polygons': InstanceMasks(polygons, size, size),
        'ours, RLE': InstanceMasks(rles, size, size),
        'upstream bitmaps': BitmapMasks(upstream.to_ndarray().astype(np.uint8), size, size),
        'upstream polygons': upstream,
    }

    def maker(masks) -> Callable:
        return lambda: masks.crop_and_resize(boxes, (TARGET, TARGET), inds).to_ndarray()

    return {name: maker(masks) for name, masks in candidates.items()}


def make_predictions(size: int) -> tuple:
    """Draw what a mask head gives: smooth logits (n, 28, 28) float32 and boxes (n, 4) xyxy float32, as tensors."""
    import torch

    generator = torch.Generator().manual_seed(0)
    coarse = 4 * torch.randn(NUM_PREDICTED, 1, 7, 7, generator=generator)
    maps = torch.nn.functional.interpolate(coarse, (TARGET, TARGET), mode='bicubic')[:, 0]
    sides = size * 0.02 * 25 ** torch.rand(NUM_PREDICTED, 2, generator=generator)  # 2 to 50 % of the picture
    centers = size * torch.rand(NUM_PREDICTED, 2, generator=generator)
    return maps, torch.cat([centers - sides / 2, centers + sides / 2], dim=1).clamp(0, size)


def pasters(size: int) -> dict[str, Callable]:
    """Give what makes run-length masks of a picture's predictions, for each candidate."""
    import torch
    from mmdet.models import FCNMaskHead
    from mmengine.config import ConfigDict

    from custom_modules.evaluation import encode_masks
    from custom_modules.models import TrashFCNMaskHead

    maps, boxes = make_predictions(size)
    labels, settings = torch.zeros(len(maps), dtype=torch.int64), ConfigDict(mask_thr_binary=0.5)
    meta = {'ori_shape': (size, size), 'scale_factor': (1.0, 1.0)}

    def masks_of(head: type) -> Callable:
        predict = head(num_classes=1, num_convs=1, in_channels=8)._predict_by_feat_single
        return lambda: predict(maps[:, None], boxes, labels, meta, settings)

    paste = masks_of(FCNMaskHead)
    return {
        'ours': masks_of(TrashFCNMaskHead),
        'upstream': lambda: encode_masks(paste().numpy()),
        'upstream, pasting alone': paste,
    }


def report_pasting(times: dict[str, float], candidates: dict[str, Callable], size: int) -> None:
    """Print a table of times, ratios to upstream, and the pixels that differ."""
    from custom_modules.evaluation import decode_masks

    different = int((decode_masks(candidates['ours']()) != candidates['upstream, pasting alone']().numpy()).sum())
    print(f'\nPredicted masks, pasted and encoded: {NUM_PREDICTED} instances, {size} px\n')
    print('|  | ms | upstream / it | transient bitmaps |\n|---|---|---|---|')
    for name, value in times.items():
        memory = '0' if name == 'ours' else f'{NUM_PREDICTED * size**2 / 1e6:.0f} MB'
        print(f'| {name} | {value:.2f} | {times["upstream"] / value:.3g}x | {memory} |')
    print(f'\n{different} of {NUM_PREDICTED * size**2:,} pixels differ')


def fastest(candidates: dict[str, Callable], repeats: int) -> dict[str, float]:
    """Time candidates in turns; gives the shortest time of each in ms."""
    times = {name: float('inf') for name in candidates}
    for round_number in range(repeats + 1):
        for name, run in candidates.items():
            if round_number > 3 and times[name] > 100:
                continue
            start = time.perf_counter()
            run()
            elapsed = (time.perf_counter() - start) * 1e3
            if round_number:  # the first round compiles
                times[name] = min(times[name], elapsed)
    return times


def report(title: str, times: dict[str, float], agreement: dict[str, float] | None = None) -> None:
    """Print a table of times, ratios to upstream's bitmaps and polygons, and agreement."""
    columns = ('', 'ms', 'upstream bitmaps / it', 'upstream polygons / it', 'pixels as upstream bitmaps')
    print(f'\n{title}\n\n| {" | ".join(columns)} |\n{"|---" * len(columns)}|')
    for name, value in times.items():
        ratios = ' | '.join(f'{times[other] / value:.3g}x' for other in ('upstream bitmaps', 'upstream polygons'))
        equal = f'{agreement[name]:.2%}' if agreement else ''
        print(f'| {name} | {value:.3f} | {ratios} | {equal} |')


def main(argv: list[str] | None = None) -> None:
    """Print all tables."""
    args = parse_args(argv)
    import torch

    import custom_modules  # noqa: F401 - installs the operators before mmdet asks for them

    torch.set_num_threads(1)
    polygons, rles = make_annotations(args.size)
    where = f'{NUM_INSTANCES} instances, {args.size} px'
    report(f'Load, flip, resize, crop, pad: {where}', fastest(loaders(polygons, rles, args.size), args.repeats))
    makers = targets(polygons, rles, args.size)
    reference = makers['upstream bitmaps']()
    agreement = {name: float((run() == reference).mean()) for name, run in makers.items()}
    report(f'Targets: {NUM_ROIS} RoIs, {where}, {TARGET} x {TARGET}', fastest(makers, args.repeats), agreement)
    candidates = pasters(args.size)
    report_pasting(fastest(candidates, args.repeats), candidates, args.size)


if __name__ == '__main__':
    main()
