"""Join the running statistics of losses over the ranks."""

from mmengine.hooks import Hook
from mmengine.registry import HOOKS

from ...losses import SharedStatistics


@HOOKS.register_module()
class ShareStatisticsHook(Hook):
    """After each iteration, where all ranks pass, add up what the losses saw on each of them."""

    priority = 'NORMAL'  # before checkpoints are written

    def before_train(self, runner) -> None:
        """Find the losses that keep statistics."""
        self._losses = [module for module in runner.model.modules() if isinstance(module, SharedStatistics)]

    def after_train_iter(self, runner, batch_idx: int, data_batch=None, outputs: dict | None = None) -> None:
        """Share the statistics of each."""
        for loss in self._losses:
            loss.share_statistics()
