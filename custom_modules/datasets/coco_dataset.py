"""What the data sets of a COCO json share: classes from the file, nothing dropped without being counted."""

import os
from pathlib import Path
from typing import Any

from mmengine.dataset import BaseDataset
from mmengine.logging import print_log

from custom_modules.utils import UserError, resolve_ann, resolve_data_root

from .coco_data import CocoData, load_coco
from .instances import as_instance
from .palette import class_palette
from .pseudo_records import is_pseudo

_FILTERS = {'filter_empty_gt': False, 'min_size': 0}


class CocoDataset(BaseDataset):
    """Data from a COCO json, for one task or another.

    Class names, their number and order come from the file; nothing is
    dropped without being counted; pictures without objects stay in training.

    Each data info has ``img_path``, ``img_id``, ``file_name``, ``height``,
    ``width`` and ``instances``, see :func:`~custom_modules.datasets.instances.as_instance`;
    a picture with pseudo labels has ``is_pseudo``, True.

    Args:
        ann_file: The json, looked up in the data root, then in the working folder.
        data_root: The data folder; relative to the working folder, or else to the repository.
        data_prefix: ``img``: folder below the data root that file names start from.
        metainfo: Class names come from the file; ``classes`` given here must be the same.
        filter_cfg: ``filter_empty_gt``: leave out pictures without objects to train on;
            ``min_size``: leave out pictures with a side below this, px.  Training only.
        check_images: Check the picture files too; the tools have done so before they build a data set.
        kwargs: Passed on to ``BaseDataset``.

    Attributes:
        coco: The ``CocoData`` it came from.
        left_out: What training leaves out, by reason, with counts.

    Raises:
        UserError: The data has errors, ``metainfo`` contradicts the file, or nothing is left to train on.
    """

    METAINFO: dict = {}

    def __init__(
        self,
        ann_file: str,
        *,
        data_root: str | None = '',
        data_prefix: dict | None = None,
        metainfo: dict | None = None,
        filter_cfg: dict | None = None,
        check_images: bool = False,
        **kwargs: Any,
    ) -> None:
        unknown = set(filter_cfg or {}) - set(_FILTERS)
        if unknown:
            raise UserError(
                f'filter_cfg of {ann_file}: {", ".join(sorted(unknown))} is unknown; it takes {list(_FILTERS)}'
            )
        self.check_images = check_images
        self.coco: CocoData | None = None
        self.left_out: dict[str, int] = {}
        super().__init__(
            ann_file=os.fspath(ann_file),
            data_root=os.fspath(data_root or ''),
            data_prefix=dict(data_prefix or {'img': ''}),
            metainfo=metainfo,
            filter_cfg={**_FILTERS, **(filter_cfg or {})},
            **kwargs,
        )

    def _join_prefix(self) -> None:
        """Find the json and the folder of the pictures."""
        if self.data_root:
            self.ann_file = str(resolve_ann(self.data_root, self.ann_file))
            root = resolve_data_root(self.data_root)
        else:
            root = Path(self.ann_file).parent
        self.data_prefix = {key: str(root / prefix) for key, prefix in self.data_prefix.items()}

    def load_data_list(self) -> list[dict]:
        """Read the file through ``load_coco``.

        Returns:
            One data info per image of the file.
        """
        self.coco = load_coco(self.ann_file, self.data_prefix['img'], check_images=self.check_images)
        self._set_metainfo()
        groups = self.coco.annotations_of()
        return [self._data_info(image, groups[image['id']]) for image in self.coco.images]

    def _classes(self) -> tuple[tuple[str, ...], list, tuple[int, ...]]:
        """Give names, colours and category ids by label."""
        return self.coco.classes, class_palette(self.coco.classes), self.coco.cat_ids

    def _set_metainfo(self) -> None:
        classes, palette, cat_ids = self._classes()
        wanted = self._metainfo.get('classes')
        if wanted is not None and tuple(wanted) != classes:
            raise UserError(
                f'metainfo names the classes {tuple(wanted)}, but {self.ann_file} has {classes}: take '
                'metainfo out of the config, the names come from the json'
            )
        own = {'classes': classes, 'palette': palette, 'cat_ids': cat_ids}
        self._metainfo = {**own, **self._metainfo, 'classes': classes}

    def _data_info(self, image: dict, annotations: list[dict]) -> dict:
        return {
            'img_path': str(Path(self.data_prefix['img'], image['file_name'])),
            'img_id': image['id'],
            'file_name': image['file_name'],
            'height': image['height'],
            'width': image['width'],
            'instances': [as_instance(record, self.coco.label_of) for record in annotations],
            **({'is_pseudo': True} if is_pseudo(image) else {}),
        }

    def filter_data(self) -> list[dict]:
        """Leave out what ``filter_cfg`` asks for; never in test mode.

        Returns:
            The data infos that stay.
        """
        kept = self.data_list if self.test_mode else [info for info in self.data_list if self._stays(info)]
        if not kept:
            raise UserError(f'{self.ann_file}: no picture is left to train on (left out: {self.left_out})')
        if self.left_out:
            text = ', '.join(f'{count} {reason}' for reason, count in self.left_out.items())
            print_log(f'{self.ann_file}: left out of training: {text}', logger='current')
        return kept

    def _stays(self, info: dict) -> bool:
        if min(info['height'], info['width']) < self.filter_cfg['min_size']:
            self._count('small pictures', 1)
            return False
        if self.filter_cfg['filter_empty_gt'] and self._is_empty(info):
            self._count('pictures without objects', 1)
            return False
        return True

    def _is_empty(self, info: dict) -> bool:
        return all(instance['ignore_flag'] for instance in info['instances'])

    def _count(self, reason: str, number: int) -> None:
        if number:
            self.left_out[reason] = self.left_out.get(reason, 0) + number

    def get_data_info(self, idx: int) -> dict:
        """Get the data info of one picture.

        Args:
            idx: Its position; subclasses of int and numpy integers are fine.

        Returns:
            The data info with ``sample_idx``, a plain int.
        """
        return super().get_data_info(int(idx))

    def __getstate__(self) -> dict:
        """Leave the annotations behind when a worker is spawned: the data infos hold them."""
        coco = self.coco.without_annotations() if self.coco is not None else None
        return {**self.__dict__, 'coco': coco}
