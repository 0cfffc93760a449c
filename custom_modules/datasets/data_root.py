"""Checking the files of a data folder before training."""

from pathlib import Path

from custom_modules.utils import UserError, resolve_ann, resolve_data_root

from .checks import Findings, error_message, shown
from .checks.findings import NO_ANNOTATIONS, OTHER_CATEGORIES, OTHER_TRUTH, SHARED_PICTURE
from .coco_data import CocoData, read_coco
from .shared_pictures import shared_pictures


def check_data_root(
    data_root: str | Path, train_ann: str | Path = 'train.json', val_ann: str | Path = 'val.json'
) -> tuple[CocoData, CocoData, list[str]]:
    """Check everything training reads before it starts.

    Args:
        data_root: The data folder.
        train_ann: Training annotations, looked up by ``resolve_ann``.
        val_ann: Validation annotations, likewise.

    Returns:
        Training data, validation data, and one line of warnings per file that has any.

    Raises:
        UserError: All errors of both files in one message.
    """
    root = resolve_data_root(data_root)
    results = [read_coco(resolve_ann(root, name), root) for name in (train_ann, val_ann)]
    for data, findings in results:
        if data is not None and not data.has_annotations:
            what = 'no image has a label_file' if data.has_label_values else 'the list annotations is empty or missing'
            findings.add(NO_ANNOTATIONS, what)
    (train, train_findings), (val, val_findings) = results
    if train is not None and val is not None:
        compare_files(train, val, val_findings)
    if train_findings.num_errors or val_findings.num_errors:
        raise UserError(error_message([train_findings, val_findings]))
    return train, val, [line for line in (train.warning_line, val.warning_line) if line]


def compare_files(data: CocoData, other: CocoData, findings: Findings) -> None:
    """Note what does not fit between two files of one data set.

    Args:
        data: The training file.
        other: The validation or test file.
        findings: Those of ``other``: unequal categories, and objects in one and label pictures in the other, are
            errors, shared pictures warnings.
    """
    ours, theirs = (list(zip(part.cat_ids, part.classes, strict=True)) for part in (data, other))
    if data.has_annotations and other.has_annotations and data.has_label_files != other.has_label_files:
        findings.add(OTHER_TRUTH, f'{(data if data.has_label_files else other).path.name} has label pictures')
    if ours != theirs:
        findings.add(OTHER_CATEGORIES, f'{_difference(ours, theirs)}; {data.path.name} has {len(ours)}')
    for name, other_name in shared_pictures(data, other):
        findings.add(
            SHARED_PICTURE, shown(other_name) if name == other_name else f'{shown(other_name)} = {shown(name)}'
        )


def _difference(ours: list[tuple[int, str]], theirs: list[tuple[int, str]]) -> str:
    changed = [f'{number} {shown(name)}' for number, name in sorted(set(theirs) ^ set(ours))]
    return 'only one of them has ' + ', '.join(changed[:4]) + (', ...' if len(changed) > 4 else '')
