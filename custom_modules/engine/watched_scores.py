"""The scores that hooks and schedules wait for, compared with those the validation gives."""

from ..utils import UserError

_OPTIONS = ('save_best', 'monitor')  # of SafeCheckpointHook; of early stopping and plateau schedules


def check_watched_scores(runner) -> None:
    """Refuse a score that no validation gives: an epoch later it would be an error, or there would be no best.pth.

    Args:
        runner: With its validation and schedules built.

    Raises:
        UserError: Names the component, its option and the scores there are.
    """
    metrics = runner.val_loop.evaluator.metrics if runner.val_loop else []
    if not metrics or not all(hasattr(metric, 'SCORES') for metric in metrics):
        return
    known = [f'{metric.prefix}/{name}' if metric.prefix else name for metric in metrics for name in metric.SCORES]
    for part in (*runner.hooks, *(runner.param_schedulers or [])):
        for option in _OPTIONS:
            score = getattr(part, option, None)
            if isinstance(score, str) and score not in known:
                raise UserError(
                    f'{type(part).__name__}: {option} is {score!r}; the scores of a validation are {", ".join(known)}'
                )
