"""The one reader of COCO json files: everything that needs a data set gets it from here."""

import os
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from custom_modules.utils import UserError

from .checks import (
    Findings,
    check_annotations,
    check_categories,
    check_file_names,
    check_image_files,
    check_images,
    check_label_files,
    check_label_records,
    error_message,
    has_values,
    read_coco_json,
    shown,
)


@dataclass(frozen=True)
class CocoData:
    """A COCO file, checked and repaired; not to be changed.

    Training and scoring use the same repaired annotations, with one
    difference: boxes with a side below 1 px are here, and scored, but
    ``TrashDetDataset`` leaves them out of training.

    Attributes:
        path: The json file.
        image_root: The folder its file names start from.
        images: Image records: ``id``, ``file_name``, ``width``, ``height`` (px), and what else the file has; in a
            set of label pictures ``label_file`` (relative to ``image_root``) and ``labels`` (classes on it, from 0).
        annotations: Repaired records: ``id``, ``image_id``, ``category_id``, ``bbox`` (x, y, width, height in px,
            inside the picture), ``area`` (px2), ``iscrowd``, and where the file has them ``ignore`` (0 or 1),
            ``score`` (0 to 1) and a usable ``segmentation``: a list of polygons x1, y1, x2, y2, ... in px, or a
            compressed RLE (``size``: [height, width], ``counts``: text; uncompressed ones are converted).
        categories: Category records sorted by id; in a set of label pictures with ``values``, the raw values of the
            class, and perhaps ``color`` ([red, green, blue]).
        findings: What was found; warnings only.
        extra: The file's other top-level keys (``info``, ``licenses``, ...); in a set of label pictures ``void``, the
            raw values that do not count.
    """

    path: Path
    image_root: Path
    images: list[dict]
    annotations: list[dict]
    categories: list[dict]
    findings: Findings
    extra: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """Category names; the label of a class is its position."""
        return tuple(category['name'] for category in self.categories)

    @cached_property
    def cat_ids(self) -> tuple[int, ...]:
        """Category ids by label."""
        return tuple(category['id'] for category in self.categories)

    @cached_property
    def label_of(self) -> dict[int, int]:
        """Labels by category id."""
        return {cat_id: label for label, cat_id in enumerate(self.cat_ids)}

    @cached_property
    def has_masks(self) -> bool:
        """Whether any instance has a usable mask."""
        return any('segmentation' in annotation for annotation in self.annotations)

    @cached_property
    def has_annotations(self) -> bool:
        """Whether there is anything to train on or to score with."""
        return bool(self.annotations) or self.has_label_files

    @cached_property
    def has_label_files(self) -> bool:
        """Whether its truth are label pictures."""
        return any('label_file' in image for image in self.images)

    @cached_property
    def has_label_values(self) -> bool:
        """Whether its classes are values of label pictures; true also where there are none, in a test split."""
        return not self.annotations and has_values(self.categories)

    @property
    def warning_line(self) -> str:
        """All repairs with their counts in one line; empty without any."""
        return self.findings.warning_line()

    def annotations_of(self) -> dict[int, list[dict]]:
        """Group the annotations.

        Returns:
            The annotations by image id, an empty list for images without any.
        """
        groups: dict[int, list[dict]] = {image['id']: [] for image in self.images}
        for annotation in self.annotations:
            groups[annotation['image_id']].append(annotation)
        return groups

    def as_json(self) -> dict[str, Any]:
        """Give the repaired content in the layout of a COCO file."""
        lists = {'images': self.images, 'annotations': self.annotations, 'categories': self.categories}
        return {**self.extra, **lists}

    def without_annotations(self) -> 'CocoData':
        """Give a small copy that holds images and categories only."""
        return replace(self, annotations=[])

    def __deepcopy__(self, memo: dict) -> 'CocoData':
        return self  # never changed, so it can be shared


def load_coco(ann_path: str | Path, image_root: str | Path | None = None, *, check_images: bool = True) -> CocoData:
    """Read, check and repair a COCO json file.

    Category ids may start anywhere and have gaps; labels are positions in
    the categories sorted by id.  A file without annotations is fine.

    Args:
        ann_path: The json file.
        image_root: The folder its file names start from; by default the json's own.
        check_images: Also check the picture files (headers and last bytes, 0.03 ms each).

    Returns:
        The data, repaired, with its warnings counted in ``findings``.

    Raises:
        UserError: The file has errors; the message holds all kinds with counts and examples.
    """
    data, findings = read_coco(ann_path, image_root, check_images=check_images)
    if data is None:
        raise UserError(error_message([findings]))
    return data


def read_coco(
    ann_path: str | Path, image_root: str | Path | None = None, *, check_images: bool = True, decode: bool = False
) -> tuple[CocoData | None, Findings]:
    """Read a COCO json file as ``load_coco`` does, and give the findings even where there are errors.

    Args:
        ann_path: The json file.
        image_root: The folder its file names start from; by default the json's own.
        check_images: Also check the picture files.
        decode: Decode the pictures in full (slow).

    Returns:
        The data, or None where there are errors, and the findings.
    """
    path = Path(ann_path)
    root = path.parent if image_root is None else Path(image_root)
    findings = Findings(shown(os.fspath(path), 300), '' if root == path.parent else shown(os.fspath(root), 300))
    content = read_coco_json(path, findings)
    if content is None:
        return None, findings
    categories = check_categories(content.pop('categories'), findings)
    images = _check_images(content.pop('images'), root if check_images else None, findings, decode=decode)
    records = content.pop('annotations', None) or []
    labelled = check_label_records(content, images, categories, findings, has_annotations=bool(records))
    if check_images:
        values = {'categories': categories, 'void': content.get('void', [])}
        check_label_files(labelled, root, findings, **values)
    annotations = check_annotations(
        records,
        {image['id']: image for image in images},
        {category['id'] for category in categories},
        findings,
    )
    if findings.num_errors:
        return None, findings
    return CocoData(path, root, images, annotations, categories, findings, content), findings


def _check_images(records: list, root: Path | None, findings: Findings, *, decode: bool) -> list[dict]:
    """Check image records and, where ``root`` is given, the pictures.

    Args:
        records: The file's ``images``.
        root: The folder the file names start from, or None to leave the pictures alone.
        findings: Where errors are noted.
        decode: Decode the pictures in full.

    Returns:
        The checked records.
    """
    images = check_images(records, findings)
    safe = check_file_names(images, findings)
    if root is not None:
        check_image_files(safe, root, findings, decode=decode)
    return images
