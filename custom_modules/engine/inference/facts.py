"""What decides about predictions, and what is said beside them about their making."""

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ...utils import UserError, find_file
from ..distributed import num_ranks, on_each_machine, on_main_rank, own_rank
from .formats import OutputFormat
from .pictures import Picture, file_size
from .predictor import Predictor


def header_of(
    cfg: Config,
    checkpoint: str | Path,
    pictures: Sequence[Picture],
    predictor: Predictor,
    form: OutputFormat,
    batch_size: int,
) -> dict[str, Any]:
    """Say what decides about predictions; the device is not among it, on which only last digits depend.

    Args:
        cfg: The model's config.
        checkpoint: Its weights.
        pictures: What is predicted on.
        predictor: The model.
        form: What its results are kept as.
        batch_size: Pictures at a time.

    Returns:
        Plain values, the same on all processes.

    Raises:
        UserError: The processes are not to do the same.
    """
    header = {
        'checkpoint': on_each_machine(_file_digest, find_file(checkpoint)),
        'config': _digest([json.dumps([cfg.model, predictor.pipelines], default=str, sort_keys=True)]),
        'pictures': _digest(f'{picture.image_id} {picture.name} {file_size(picture)}' for picture in pictures),
        **form.facts,
        'batch_size': batch_size,
        'tta': predictor.tta,
        'amp': predictor.amp,
    }
    expected = on_main_rank(lambda: header)
    others = [key.replace('_', ' ') for key in header if header[key] != expected[key]]
    if others:
        raise UserError(
            f'process {own_rank()} was given other {", ".join(others)} than process 0; give all machines the same '
            f'files, and add none meanwhile'
        )
    return header


def facts_of(
    cfg: Config,
    checkpoint: str | Path,
    ann: str | Path | None,
    predictor: Predictor,
    header: Mapping[str, Any],
    num_pictures: int,
) -> dict[str, Any]:
    """Say what made predictions, for those who read them.

    Args:
        cfg: The model's config.
        checkpoint: Its weights.
        ann: Json the pictures are of, if they are of one.
        predictor: The model.
        header: Of :func:`header_of`.
        num_pictures: How many there are.

    Returns:
        Plain values.
    """
    return {
        'command': sys.argv,
        'config': str(cfg.filename),
        'checkpoint': str(find_file(checkpoint).resolve()),
        'checkpoint_sha256': header['checkpoint'],
        'ann': None if ann is None else str(Path(ann).resolve()),
        'tta': predictor.tta,
        'amp': predictor.amp,
        'batch_size': header['batch_size'],
        'device': str(predictor.device),
        'num_processes': num_ranks(),
        'classes': predictor.classes,
        'cat_ids': predictor.cat_ids,
        'num_pictures': num_pictures,
    }


def _digest(texts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode('utf-8', 'surrogateescape') + b'\0')
    return digest.hexdigest()


def _file_digest(path: Path) -> str:
    with open(path, 'rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()
