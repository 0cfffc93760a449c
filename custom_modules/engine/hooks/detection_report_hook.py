"""Show and keep the detection scores per class after every validation."""

from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.registry import HOOKS


@HOOKS.register_module()
class DetectionReportHook(Hook):
    """Print the table per class and write it, with the precision-recall curves, to ``val/`` in the run's folder."""

    def after_val_epoch(self, runner, metrics: dict[str, float] | None = None) -> None:
        """Take the details of the validation that just ended from its metric."""
        if not is_main_process():
            return
        from ...evaluation import format_table

        for metric in runner.val_loop.evaluator.metrics:
            if getattr(metric, 'last_result', None) is not None:
                runner.logger.info('\n' + format_table(metric.last_result))
                keep_result(metric.last_result, Path(runner.work_dir) / 'val')
            if getattr(metric, 'last_segm_result', None) is not None:
                keep_result(metric.last_segm_result, Path(runner.work_dir) / 'val')


def keep_result(result, folder: Path) -> None:
    """Write the scores of one validation, in figures and as a picture.

    Args:
        result: A :class:`~custom_modules.evaluation.DetectionResult`.
        folder: Gets ``metrics.json``, ``per_class.csv`` and ``pr_curves.png``, for masks with ``segm_`` before.
    """
    from ...evaluation import save_result
    from ...visualization import plot_pr_curves

    save_result(result, folder)
    plot_pr_curves(result, folder / f'{result.file_prefix}pr_curves.png')
