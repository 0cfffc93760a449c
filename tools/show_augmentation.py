"""Draw what a model sees in training: pictures after augmentation, with boxes, class names and masks, or label maps.

    python tools/show_augmentation.py configs/demo/htc_swin.py --data-root data/synthetic --out sheet.jpg

The pictures are those the first batches of the given epoch hold, drawn from the same random numbers as training
draws them (normalisation, padding and resizing of whole batches come after what is shown).  Ignore regions of detectors
are grey, pixels that do not count for a segmenter hatched.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tools._launch import Parser, check_paths, run

IGNORED = 'ignore region'
CELL_WIDTH = 440  # px, of a picture on the sheet


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file, e.g. configs/trash/htc_swin_b_mosaic.py')
    parser.add_argument('--data-root', help="folder of the data set (default: the config's data_root)")
    parser.add_argument('--train-ann', help='training json, in the data root or here (default: train.json)')
    parser.add_argument('--out', type=Path, default=Path('augmentation.jpg'), help='picture to write (%(default)s)')
    parser.add_argument('--num', type=int, default=12, metavar='N', help='how many pictures (default: 12)')
    parser.add_argument('--columns', type=int, default=4, metavar='N', help='pictures in a row (default: 4)')
    parser.add_argument('--seed', type=int, help="the run's seed (default: the config's, 0)")
    parser.add_argument('--epoch', type=int, default=1, metavar='N', help='epoch of the training, from 1 (default: 1)')
    parser.add_argument('--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='change the config')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Write the sheet; return the exit code."""
    args = parse_args(argv)
    check_paths(args.config, data_root=args.data_root)
    import cv2

    from custom_modules.engine import load_config
    from custom_modules.engine.config import parse_overrides
    from custom_modules.engine.data import use_data
    from custom_modules.engine.tasks import is_segmentation
    from custom_modules.utils import UserError, atomic_write

    for name in ('num', 'columns', 'epoch'):
        if getattr(args, name) < 1:
            raise UserError(f'--{name} {getattr(args, name)}: give a number from 1 on')
    if args.out.suffix.lower() not in ('.jpg', '.jpeg', '.png'):
        raise UserError(f'--out {args.out}: name a .jpg or .png file')
    cfg = load_config(args.config, parse_overrides(args.cfg_options))
    for line in use_data(cfg, args.data_root, args.train_ann):
        print(line)
    seed = args.seed if args.seed is not None else cfg.get('randomness', {}).get('seed') or 0
    samples, metainfo = training_samples(cfg, seed=seed, epoch=args.epoch - 1, num=args.num)
    draw = draw_label_maps if is_segmentation(cfg) else draw_sheet
    written, code = cv2.imencode(args.out.suffix, draw(samples, metainfo, args.columns))
    assert written
    with atomic_write(args.out, 'wb') as file:
        file.write(code.tobytes())
    print(f'{args.out}: {len(samples)} pictures of epoch {args.epoch}, seed {seed}')
    return 0


def training_samples(cfg, *, seed: int, epoch: int, num: int) -> tuple[list[dict], dict]:
    """Load the first samples of an epoch as the training loader does.

    Args:
        cfg: Config that knows its data.
        seed: Of the run.
        epoch: From 0.
        num: How many, at most one pass.

    Returns:
        The packed samples, and what the data set says of itself (``classes``, ``palette``).
    """
    from itertools import islice

    from mmengine.registry import DATA_SAMPLERS, DATASETS

    from custom_modules.engine.seeding import SeededDataset
    from custom_modules.engine.tasks import in_scope_of

    with in_scope_of(cfg):
        dataset = DATASETS.build(cfg.train_dataloader.dataset)
        dataset.full_init()
        for hook in cfg.get('custom_hooks') or []:
            if hook['type'] == 'StopMixingHook' and epoch >= cfg.train_cfg.max_epochs - hook['num_last_epochs']:
                dataset.update_skip_type_keys(hook['transforms'])
        dataset = SeededDataset(dataset, seed=seed)
        order = DATA_SAMPLERS.build(dict(cfg.train_dataloader.sampler), default_args=dict(dataset=dataset, seed=seed))
        order.set_epoch(epoch)
        return [dataset[key] for key in islice(order, num)], dataset.metainfo


def draw_label_maps(samples: list[dict], metainfo: dict, columns: int):
    """Draw packed samples of a segmenter on a sheet with a legend; returns it, BGR."""
    import numpy as np

    from custom_modules.visualization import class_legend, contact_sheet, draw_labels, fit_picture

    palette, cells, titles, used = metainfo['palette'], [], [], set()
    for sample in samples:
        labels = sample['data_samples'].gt_sem_seg.data[0].numpy().astype(np.uint8)
        image = picture_of(sample)
        # At the size of a cell outlines are drawn thin, and a small picture is enlarged.
        cells.append(draw_labels(fit_picture(image, CELL_WIDTH, CELL_WIDTH * 4 // 3), labels, palette))
        titles.append(Path(sample['data_samples'].metainfo.get('img_path', '')).name)
        used.update(np.unique(labels).tolist())
    sheet = contact_sheet(cells, columns, titles)
    shown = [label for label in sorted(used) if label < len(palette) and any(palette[label])]
    return np.vstack([sheet, class_legend(metainfo['classes'], palette, sheet.shape[1], shown)])


def draw_sheet(samples: list[dict], metainfo: dict, columns: int):
    """Draw packed samples of a detector on a sheet with a legend; returns it, BGR."""
    import numpy as np

    from custom_modules.datasets import class_palette
    from custom_modules.visualization import class_legend, contact_sheet

    classes = list(metainfo['classes'])
    palette = [*class_palette(classes), (150, 150, 150)]
    names = [*classes, IGNORED]
    cells, titles, used = [], [], set()
    for sample in samples:
        cell, labels = draw_sample(sample, names, palette)
        cells.append(cell)
        titles.append(Path(sample['data_samples'].metainfo.get('img_path', '')).name)
        used.update(labels)
    sheet = contact_sheet(cells, columns, titles)
    return np.vstack([sheet, class_legend(names, palette, sheet.shape[1], sorted(used))])


def picture_of(sample: dict):
    """Return the picture of a packed sample, (H, W, 3) uint8 BGR."""
    import numpy as np

    image = sample['inputs'].numpy().transpose(1, 2, 0)
    return np.ascontiguousarray(np.clip(image, 0, 255).astype(np.uint8))


def draw_sample(sample: dict, names: list[str], palette: list):
    """Draw one packed sample at the size of a sheet's cell; returns it and the labels on it."""
    import numpy as np

    from custom_modules.visualization import Objects, draw_detections, fit_picture

    image = picture_of(sample)
    fitted = fit_picture(image, CELL_WIDTH, CELL_WIDTH * 4 // 3)
    ground_truth, ignored = sample['data_samples'].gt_instances, sample['data_samples'].ignored_instances
    boxes = [part.bboxes.tensor.numpy() for part in (ground_truth, ignored)]
    labels = [*ground_truth.labels.tolist(), *[len(names) - 1] * len(ignored)]
    masks = [mask for part in (ground_truth, ignored) for mask in drawn_masks(part, fitted.shape[:2])]
    shown = Objects(np.concatenate(boxes), np.array(labels, np.int64)).resized(
        (image.shape[1], image.shape[0]), (fitted.shape[1], fitted.shape[0])
    )
    return draw_detections(fitted, shown.boxes_xyxy, shown.labels, None, names, palette, masks), labels


def drawn_masks(instances, size: tuple[int, int]) -> list:
    """Draw the masks of some instances at (height, width); None for those without."""
    if 'masks' not in instances:
        return [None] * len(instances)
    masks = instances.masks.resize(size)
    return [
        bitmap.astype(bool) if has_mask else None
        for bitmap, has_mask in zip(masks.to_ndarray(), masks.has_mask, strict=True)
    ]


if __name__ == '__main__':
    run(main)
