"""What a picture's result is kept as in a journal, and what journals become."""

import struct
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from torch import Tensor

from ...ensemble.probs import INDEX, STEPS, SUFFIX
from ...ensemble.probs_writing import ProbsWriter, quantise
from ...evaluation import Predictions, PredictionWriter, parse_lines, record_lines
from ...utils import UserError, check_output, check_output_folder, refuse_data_set
from ..tasks import is_segmentation
from .pictures import Picture


class OutputFormat(ABC):
    """How the results of a task become bytes and a file."""

    @property
    @abstractmethod
    def facts(self) -> dict[str, Any]:
        """What decides about the bytes beside the model and the pictures, plain values."""

    @abstractmethod
    def keep(self, picture: Picture, outcome: Any) -> tuple[bytes, Any]:
        """Turn what a predictor finds on a picture into bytes, and into what they stand for.

        Raises:
            UserError: The model gives no numbers.
        """

    @abstractmethod
    def restore(self, kept: bytes) -> Any:
        """Turn bytes into what they stand for."""

    @abstractmethod
    def write(self, out: Path, kept: Iterable[tuple[Picture, bytes]]) -> None:
        """Write the output; it appears only when all is written.

        Args:
            out: Its name.
            kept: Pictures and their bytes in order, one by one.
        """


class Detections(OutputFormat):
    """COCO result records, which stand for :class:`~custom_modules.evaluation.Predictions`.

    Args:
        cat_ids: Category id of each label.
    """

    def __init__(self, cat_ids: Sequence[int]) -> None:
        self.cat_ids = list(cat_ids)

    @property
    def facts(self) -> dict[str, Any]:
        return {'categories': self.cat_ids}

    def keep(self, picture: Picture, outcome: Any) -> tuple[bytes, Predictions]:
        predictions = Predictions.from_instances(picture.image_id, outcome, self.cat_ids)
        return '\n'.join(record_lines(predictions)).encode(), predictions

    def restore(self, kept: bytes) -> Predictions:
        return parse_lines(kept.decode().splitlines())

    def write(self, out: Path, kept: Iterable[tuple[Picture, bytes]]) -> None:
        with PredictionWriter(out) as writer:
            for _, lines in kept:
                writer.add_lines(lines.decode().splitlines())


class Probabilities(OutputFormat):
    """Class probabilities as a ``*.probs`` folder has them: (C, H, W) whole numbers.

    They are rounded where they were computed, so that a quarter of the bytes leaves a GPU.

    Args:
        classes: Names by label.
        dtype: Of :data:`~custom_modules.ensemble.probs.STEPS`.
    """

    _SIZE = struct.Struct('<II')

    def __init__(self, classes: Sequence[str], dtype: str = 'uint8') -> None:
        self.classes, self.dtype = list(classes), dtype

    @property
    def facts(self) -> dict[str, Any]:
        return {'classes': self.classes, 'probabilities': self.dtype}

    def keep(self, picture: Picture, outcome: Tensor) -> tuple[bytes, np.ndarray]:
        if not torch.isfinite(outcome).all():
            raise UserError(
                f'image {picture.image_id}: the model predicts NaN or infinite numbers: its weights are damaged'
            )
        on_cpu = outcome.device.type == 'cpu'
        stored = quantise(outcome.numpy(), self.dtype) if on_cpu else quantise_tensor(outcome, self.dtype)
        return self._SIZE.pack(*stored.shape[1:]) + stored.tobytes(), stored

    def restore(self, kept: bytes) -> np.ndarray:
        size = self._SIZE.unpack_from(kept)
        return np.frombuffer(kept, self.dtype, offset=self._SIZE.size).reshape(len(self.classes), *size)

    def write(self, out: Path, kept: Iterable[tuple[Picture, bytes]]) -> None:
        with ProbsWriter(out, self.classes, self.dtype) as writer:
            for picture, block in kept:
                writer.add_raw(picture.image_id, picture.name, self.restore(block))


def quantise_tensor(probs: Tensor, dtype: str) -> np.ndarray:
    """Do what :func:`~custom_modules.ensemble.probs_writing.quantise` does where a tensor is, on a GPU.

    Args:
        probs: (C, H, W), 0 to 1.
        dtype: Of :data:`~custom_modules.ensemble.probs.STEPS`.

    Returns:
        The same whole numbers.
    """
    steps, probs = STEPS[dtype], probs.float()
    rounded = probs.mul(steps).round_().clamp_(0, steps)
    winners = probs.argmax(0, keepdim=True)  # of equal ones the first
    rounded.scatter_add_(0, winners, (rounded.argmax(0, keepdim=True) != winners).float())
    # Wider than needed for 16 bits: torch has few operators for unsigned ones.
    small = rounded.clamp_(max=steps).to(torch.uint8 if dtype == 'uint8' else torch.int32)
    return small.cpu().contiguous().numpy().astype(dtype, copy=False)


def output_suffix(cfg: Config) -> str:
    """Return what the predictions of a config's model end in."""
    return SUFFIX if is_segmentation(cfg) else '.json'


def check_predictions(cfg: Config, out: str | Path) -> None:
    """Refuse a name that the predictions of a config's model cannot be written to; nothing is made yet.

    Raises:
        UserError: It ends in something else, is taken by something else, or lies where nothing can be written.
    """
    suffix = output_suffix(cfg)
    if Path(out).suffix != suffix:
        what = 'a segmenter writes a folder of probabilities' if is_segmentation(cfg) else 'a detector writes COCO json'
        raise UserError(f'--out {out}: {what}; give a name that ends in {suffix}')
    if is_segmentation(cfg):
        check_output_folder(out, holds=INDEX)
    else:
        check_output(out)
        refuse_data_set(out)
