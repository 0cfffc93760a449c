"""pseudo_label.py for segmenters: label maps from probabilities."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from tools._pseudo_data import Data, Found
from tools._pseudo_sources import Sources

if TYPE_CHECKING:
    from custom_modules.pseudo_label.pixel_labelling import PixelLabeller


def label(args: argparse.Namespace, sources: Sources, data: Data) -> Found:
    """Find thresholds, label picture by picture, and write the label pictures where they are wished for."""
    from custom_modules.ensemble.mean_probs import MeanProbs
    from custom_modules.pseudo_label.pixel_labelling import PixelLabeller, PixelWishes, label_all
    from custom_modules.pseudo_label.pixel_report import format_pixel_report, make_pixel_report
    from custom_modules.pseudo_label.sheet import pixel_sheet
    from custom_modules.utils import UserError

    if data.real.has_label_values:
        raise UserError(
            f'{data.real.path}: is a set of label pictures, which has no objects to add labels to; pseudo labels are '
            'for COCO annotations'
        )
    names = ('target_precision', 'confidence', 'score_thr', 'min_area')
    labeller = PixelLabeller(
        data.real,
        MeanProbs(sources.members),
        PixelWishes(**{name: getattr(args, name) for name in names}),
        data.answered,
        MeanProbs(sources.answered_members) if sources.answered_members else None,
    )
    labelled = label_all(labeller, data.unlabelled, data.answers)
    report = make_pixel_report(data.real, data.unlabelled, labelled, min_area=args.min_area, skipped=data.skipped)
    if args.label_pictures is not None:
        write_label_pictures(labeller, data, args.label_pictures)
    sheet = pixel_sheet(data.unlabelled, lambda image_id: labeller(image_id).labels, labelled.records)
    return Found(labelled.records, report, format_pixel_report(report), sheet)


def write_label_pictures(labeller: PixelLabeller, data: Data, folder: Path) -> None:
    """Write a label picture for every picture that was to be labelled, called as those of predict.py."""
    from custom_modules.datasets.label_maps import coco_palette
    from custom_modules.datasets.label_pictures import drawn_name, write_labels

    palette = coco_palette(data.real)
    for image in data.unlabelled.images:
        name = drawn_name(image['id'], image['file_name'], '_labels.png')
        write_labels(folder / name, labeller(image['id']).labels, palette)
