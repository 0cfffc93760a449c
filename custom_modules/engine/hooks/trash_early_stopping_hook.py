"""The end of a training that gains nothing any more."""

from mmengine.hooks import EarlyStoppingHook
from mmengine.registry import HOOKS

from ...utils import UserError


@HOOKS.register_module()
class TrashEarlyStoppingHook(EarlyStoppingHook):
    """Upstream's early stopping, with a count that a restart does not forget.

    Args:
        monitor: Metric to watch, larger is better.
        patience: End after so many validations in a row without a gain.
        min_delta: What counts as a gain over the best score so far.
        stopping_threshold: End at once at a score above this; None for no such score.
    """

    def __init__(
        self,
        *,
        monitor: str = 'mAP50',
        patience: int = 5,
        min_delta: float = 1e-3,
        stopping_threshold: float | None = None,
    ) -> None:
        super().__init__(monitor, 'greater', min_delta, patience=patience, stopping_threshold=stopping_threshold)

    def after_val_epoch(self, runner, metrics: dict[str, float] | None = None) -> None:
        """Decide whether to go on.

        Raises:
            UserError: There is no such metric.
        """
        if self.monitor not in (metrics or {}):
            there = ', '.join(metrics or [])
            raise UserError(f'TrashEarlyStoppingHook: monitor is {self.monitor!r}; the scores are {there}')
        super().after_val_epoch(runner, metrics)

    def _check_stop_condition(self, current_score: float) -> tuple[bool, str]:
        stop, reason = super()._check_stop_condition(current_score)
        if stop and self.wait_count >= self.patience:
            reason = (
                f'{self.monitor} has not risen by {self.min_delta:g} in {self.wait_count} validations '
                f'(best {self.best_score:.4f})'
            )
        return stop, f'stopped early: {reason.strip()}; the best weights are in best.pth' if stop else reason

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        """Put the count into the checkpoint."""
        checkpoint['early_stopping'] = {'wait_count': self.wait_count, 'best_score': float(self.best_score)}

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        """Go on with the count of a resumed training."""
        vars(self).update(checkpoint.get('early_stopping', {}))
