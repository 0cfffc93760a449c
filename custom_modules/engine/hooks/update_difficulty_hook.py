"""Tell losses how well each class went in the last validation."""

from mmengine.hooks import Hook
from mmengine.registry import HOOKS

from ...utils import UserError
from ..distributed import on_main_rank


@HOOKS.register_module()
class UpdateDifficultyHook(Hook):
    """After each validation give its scores per class to every loss that asks for them, on all ranks the same.

    A loss asks by a method ``set_difficulty(accuracy)`` and keeps what it needs in a buffer, so that a run resumed
    inside an epoch goes on with it; one resumed from the end of an epoch, whose checkpoint is older than the scores,
    validates once more (``SafeCheckpointHook``).  Without such a loss the hook does nothing.

    Args:
        score: Attribute of the metric's ``last_result``, (K,) from 0 to 1, NaN for classes without a score:
            ``'per_class_iou'``, by which segmenters are judged, or ``'per_class_acc'``.
    """

    priority = 'LOW'  # after EMAHook has put the trained weights and buffers back, before checkpoints are written

    def __init__(self, *, score: str = 'per_class_iou') -> None:
        self.score = score

    def after_val_epoch(self, runner, metrics: dict[str, float] | None = None) -> None:
        """Take the scores of the validation that just ended.

        Raises:
            UserError: No metric has them.
        """
        losses = [module for module in runner.model.modules() if hasattr(module, 'set_difficulty')]
        if not losses:
            return
        scores = on_main_rank(self._scores, runner.val_loop.evaluator.metrics)
        for loss in losses:
            loss.set_difficulty(scores)

    def _scores(self, metrics: list) -> list[float]:
        for metric in metrics:
            scores = getattr(getattr(metric, 'last_result', None), self.score, None)
            if scores is not None:
                return [float(score) for score in scores]
        raise UserError(f'UpdateDifficultyHook: no metric of val_evaluator has {self.score}; use TrashIoUMetric')
