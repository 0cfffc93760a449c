"""pseudo_label.py for detectors: labels from boxes."""

from __future__ import annotations

import argparse

from tools._pseudo_data import Data, Found
from tools._pseudo_options import wishes_of
from tools._pseudo_sources import Sources


def label(args: argparse.Namespace, sources: Sources, data: Data) -> Found:
    """Choose labels and ignore regions among the predictions."""
    from custom_modules.evaluation import read_predictions
    from custom_modules.pseudo_label import format_report, make_report
    from custom_modules.pseudo_label.labelling import label_pictures
    from custom_modules.pseudo_label.merging import box_records
    from custom_modules.pseudo_label.sheet import label_sheet

    labelled = label_pictures(
        data.real,
        data.unlabelled,
        [read_predictions(path, data.listed) for path in sources.members],
        answered=data.answered,
        answered_members=[read_predictions(path, data.answered) for path in sources.answered_members] or None,
        wishes=wishes_of(args),
    )
    report = make_report(
        data.real,
        data.unlabelled,
        labelled.labels,
        labelled.calibration,
        checked=labelled.checked,
        missed=labelled.missed,
        answers=data.answers,
        skipped=data.skipped,
    )
    records = box_records(labelled.labels, with_masks=data.real.has_masks)
    return Found(records, report, format_report(report), label_sheet(data.unlabelled, labelled.labels))
