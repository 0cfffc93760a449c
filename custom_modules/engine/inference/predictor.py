"""A trained model, ready to predict on pictures; what detectors and segmenters share."""

import contextlib
import copy
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config, ConfigDict
from mmengine.registry import MODELS

from ...utils import UserError
from ..amp import autocast
from ..config_mistakes import config_mistakes
from ..fitting import load_weights
from ..tasks import in_scope_of, is_segmentation, scope_of
from ..tta import Augmentation
from ..workers import most_workers
from .classes import fit_to_checkpoint
from .loading import Batches, PictureDataset, picture_loader
from .pictures import Picture


class Predictor(ABC):
    """A trained model with its test pipeline.

    Args:
        cfg: Config it was trained with; is fitted to the checkpoint.
        checkpoint: Its weights.
        device: Where to compute; None for the GPU, if there is one.
        tta: Test-time augmentation, as the config's ``tta`` says.
        amp: Mixed precision.

    Attributes:
        classes: Names of the classes by label.
        cat_ids: Category ids by label.
        palette: RGB colour per class; None where the checkpoint knows none.
        amp: Whether in mixed precision.
        pipelines: Test pipelines, one per view.

    Raises:
        UserError: Config, checkpoint and device do not fit together.
    """

    augmentation_type = Augmentation

    def __init__(
        self,
        cfg: Config,
        checkpoint: str | Path,
        *,
        device: str | torch.device | None = None,
        tta: bool = False,
        amp: bool = False,
    ) -> None:
        self.device = device if isinstance(device, torch.device) else choose_device(device)
        self.cfg, self.amp = cfg, amp
        pipeline = _test_dataset(cfg).pipeline
        self._augmentation = self.augmentation_type(cfg) if tta else None
        self.pipelines = self._augmentation.pipelines if tta else [pipeline]
        content = fit_to_checkpoint(cfg, checkpoint)
        self.classes: list[str] = content['meta']['classes']
        self.cat_ids: list[int] = content['meta']['cat_ids']
        self.palette: list | None = content['meta'].get('palette')
        with in_scope_of(cfg), config_mistakes(str(cfg.filename)):
            model = MODELS.build(copy.deepcopy(cfg.model))  # query detectors write into what they are given
        load_weights(model, content, str(checkpoint))
        self.model = model.to(self.device).eval()

    @property
    def tta(self) -> dict[str, Any] | None:
        """Settings of the test-time augmentation; None without."""
        return self._augmentation and self._augmentation.settings.to_dict()

    def predict(
        self, pictures: Sequence[Picture], *, batch_size: int = 1, num_workers: int = 2
    ) -> Iterator[tuple[Picture, Any]]:
        """Predict on pictures, loading ahead.

        Args:
            pictures: What to predict on.
            batch_size: Pictures at a time.
            num_workers: Processes that load.

        Yields:
            Each picture, in order, with what the model finds on it (see the subclass), or with the text of what is
            wrong with its file.
        """
        for batch in self.predict_batches(pictures, Batches(len(pictures), batch_size), num_workers=num_workers):
            yield from ((pictures[index], outcome) for index, outcome in batch)

    @torch.inference_mode()
    def predict_batches(
        self, pictures: Sequence[Picture], batches: Batches, *, num_workers: int = 2
    ) -> Iterator[list[tuple[int, Any]]]:
        """Predict on some batches of pictures, loading ahead.

        Args:
            pictures: All pictures.
            batches: The batches wanted.
            num_workers: Processes that load.

        Yields:
            A list per batch: position of the picture, and what is found on it or what is wrong with its file.
        """
        workers = min(num_workers, most_workers(), len(batches))
        dataset = PictureDataset(pictures, self.pipelines, scope_of(self.cfg))
        for batch in picture_loader(dataset, batches, workers):
            good = [samples for _, samples in batch if not isinstance(samples, str)]
            results = iter(self._predict_good(good) if good else [])
            yield [(index, samples if isinstance(samples, str) else next(results)) for index, samples in batch]

    def _predict_good(self, samples: list[list[dict]]) -> list[Any]:
        precision = autocast(self.device) if self.amp else contextlib.nullcontext()
        with in_scope_of(self.cfg), precision:
            return self._predict_samples(samples)

    @abstractmethod
    def _predict_samples(self, samples: list[list[dict]]) -> list[Any]:
        """Predict on a batch of pictures, given the samples of each picture's views."""


def choose_device(name: str | None) -> torch.device:
    """Return the device to compute on.

    Args:
        name: What the user wrote, such as ``cuda:1``; None for the GPU, if there is one.

    Raises:
        UserError: There is no such device here.
    """
    name = name or ('cuda' if torch.cuda.is_available() else 'cpu')
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).item()  # 'meta' fails here
    except (RuntimeError, AssertionError, NotImplementedError):
        cards = torch.cuda.device_count()
        found = f'cpu{", cuda:0" if cards else ""}{f" to cuda:{cards - 1}" if cards > 1 else ""}'
        raise UserError(f'--device {name}: no such device here; there is {found}') from None
    return device


def _test_dataset(cfg: Config) -> ConfigDict:
    dataset = (cfg.get('test_dataloader') or {}).get('dataset') or {}
    if 'pipeline' not in dataset or not isinstance(cfg.get('test_evaluator'), dict):
        block = 'segmentation' if is_segmentation(cfg) else 'detection'
        raise UserError(
            f'{cfg.filename}: test_dataloader.dataset.pipeline or test_evaluator is missing; '
            f'inherit _base_/datasets/{block}.py'
        )
    return dataset
