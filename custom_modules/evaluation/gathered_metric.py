"""What the metrics of detectors and segmenters share: one place where the results of all ranks are scored."""

from abc import abstractmethod
from pathlib import Path
from typing import Any

from mmengine.dist import all_gather_object, broadcast_object_list, is_main_process
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from custom_modules.datasets import load_coco, resolve_ann
from custom_modules.utils import UserError

from .ground_truth import coco_parts
from .result import Result


class GatheredMetric(BaseMetric):
    """Gather what the ranks kept of each picture, score it on the first and hand the figures to all.

    Against upstream's metrics it gathers through the process group (no shared folder between machines is needed),
    scores a picture that two ranks were given once, and ends all ranks when scoring fails on the first one.

    Subclasses put ``(image id, what is to be scored)`` into ``results`` and score them in ``compute_metrics``.

    Args:
        ann_file: COCO json of the pictures, looked up in ``data_root``, then in the working folder.
        data_root: Folder of the data set.
        prefix: Put before the keys, with a slash; none by default.

    Attributes:
        SCORES: Names of all figures it may give, without the prefix.
        last_result: Detailed scores of the last evaluation (first rank only, None elsewhere).

    Raises:
        UserError: ``ann_file`` does not exist.
    """

    SCORES: tuple[str, ...] = ()
    default_prefix = ''  # mmengine warns about a missing prefix otherwise

    def __init__(self, *, ann_file: str | None = None, data_root: str | None = None, prefix: str | None = None) -> None:
        super().__init__(prefix=prefix)
        self.ann_path = self._find_ann(ann_file, data_root) if ann_file else None
        self.last_result: Result | None = None
        self._coco: Any = None

    @property
    def coco(self) -> Any:
        """The data set (``CocoData`` or a COCO dict), read from ``ann_file`` when first needed."""
        if self._coco is None:
            if self.ann_path is None:
                raise UserError(f'{type(self).__name__} has nothing to score against: give it ann_file')
            self._coco = load_coco(self.ann_path, check_images=False)
        return self._coco

    @coco.setter
    def coco(self, coco: Any) -> None:
        self._coco = coco

    @property
    def last_results(self) -> list[Result]:
        """All detailed scores of the last evaluation, the main ones first."""
        return [] if self.last_result is None else [self.last_result]

    def evaluate(self, size: int) -> dict[str, float]:
        """Gather the ranks' results, score them on the first and hand the figures to all.

        Args:
            size: Not used: what a sampler gave twice to fill the last batch is known by its image id.

        Returns:
            Figures by name, the same on every rank.

        Raises:
            UserError: Scoring was refused; raised on every rank.
        """
        gathered = all_gather_object(list(self.results))
        self.results.clear()
        outcome: list = [self._guarded_metrics(gathered) if is_main_process() else None]
        broadcast_object_list(outcome)
        metrics, error = outcome[0]
        if error is not None:
            raise error
        return {f'{self.prefix}/{name}' if self.prefix else name: value for name, value in metrics.items()}

    @abstractmethod
    def compute_metrics(self, results: list[tuple[int, Any]]) -> dict[str, float]:
        """Score.

        Args:
            results: One entry per picture: its id, and what ``process`` kept of it.

        Returns:
            Figures by name.
        """

    def _guarded_metrics(self, gathered: list[list]) -> tuple[dict | None, Exception | None]:
        """Score; an error is returned so that the other ranks, which wait, hear of it."""
        first_of_image: dict[int, Any] = {}
        for image_id, kept in (result for results in gathered for result in results):
            first_of_image.setdefault(image_id, kept)
        try:
            return self.compute_metrics(list(first_of_image.items())), None
        except Exception as error:
            return None, error

    def _report_coverage(self, num_delivered: int) -> None:
        num_images = len(coco_parts(self.coco)[0])
        if num_delivered < num_images:
            print_log(f'Scoring {num_delivered} of the {num_images} images of the data set', logger='current')

    def _find_ann(self, ann_file: str, data_root: str | None) -> Path:
        if data_root:
            return resolve_ann(data_root, ann_file)
        if not Path(ann_file).is_file():
            name = type(self).__name__
            raise UserError(f'{ann_file}: no such file; {name} needs it to score (ann_file, data_root)')
        return Path(ann_file)
