"""Which round of pseudo labels a training learns from."""

from pathlib import Path
from typing import Any

from mmengine.config import Config

from ..datasets.pseudo_records import round_of
from ..utils import find_file, read_object, resolve_ann
from .data import reading_parts


def learnt_round(cfg: Config, resumed: Path | None = None) -> int:
    """Return the newest round among the training files and what the start weights have learnt from; 0 for none.

    ``run.json`` keeps it, so that labels of this model are the next round whatever becomes of the files.

    Args:
        cfg: Config whose data and start weights have been chosen.
        resumed: Checkpoint the training goes on from, of which the same holds.
    """
    parts = reading_parts(cfg.train_dataloader.dataset)
    files = [read_object(resolve_ann(part.data_root, part.ann_file)) for part in parts]
    return max(*map(round_of, files), _round_of_run(cfg.get('load_from')), _round_of_run(resumed))


def _round_of_run(checkpoint: Any) -> int:
    """Return what the run of a checkpoint learnt from; 0 for published weights."""
    if not checkpoint or '://' in str(checkpoint):
        return 0
    learnt = read_object(find_file(checkpoint).resolve().parent / 'run.json').get('pseudo_round')
    return learnt if isinstance(learnt, int) else 0
