"""Show and keep the scores per class after every validation."""

from pathlib import Path
from typing import TYPE_CHECKING

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

if TYPE_CHECKING:
    from ...evaluation import Result


# Trainings that were begun under its former name, of the time when there were only detectors, can be resumed.
@HOOKS.register_module(name=['ReportHook', 'DetectionReportHook'])
class ReportHook(Hook):
    """Print the table per class, and write it and its picture to ``val/`` in the run's folder."""

    def after_val_epoch(self, runner, metrics: dict[str, float] | None = None) -> None:
        """Take the details of the validation that just ended from its metrics."""
        if not is_main_process():
            return
        from ...evaluation import format_table

        for metric in runner.val_loop.evaluator.metrics:
            results = getattr(metric, 'last_results', [])
            if results:
                runner.logger.info('\n' + format_table(results[0]))
            for result in results:
                keep_result(result, Path(runner.work_dir) / 'val')


def keep_result(result: 'Result', folder: Path) -> None:
    """Write the scores of one validation, in figures and as a picture.

    Args:
        result: Scores.
        folder: Gets ``metrics.json`` and ``per_class.csv``; of a detector ``pr_curves.png``, for masks with ``segm_``
            before; of a segmenter ``confusion.png``.
    """
    from ...evaluation import save_result
    from ...visualization import plot_result

    save_result(result, folder)
    plot_result(result, folder)
