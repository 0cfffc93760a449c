"""Averaged weights, counted in updates."""

from mmengine.hooks import EMAHook
from mmengine.registry import HOOKS, MODELS

from ...utils import UserError

_KINDS = ('mmdet.ExpMomentumEMA', 'ExponentialMovingAverage', 'MomentumAnnealingEMA', 'StochasticWeightAverage')


@HOOKS.register_module()
class TrashEMAHook(EMAHook):
    """Upstream's moving average, taken once per update of the weights.

    Upstream averages in every iteration, so that accumulating the gradient
    over k steps would shorten the memory to a k-th.  The averaged weights are
    validated and stand in ``best.pth``; ``last.pth`` holds both.

    Args:
        ema_type: Averaged model of upstream, such as ``'mmdet.ExpMomentumEMA'``.
        strict_load: Whether a checkpoint must hold all of the averaged weights.
        kwargs: Passed on: ``begin_iter``, ``begin_epoch`` and arguments of the averaged model.

    Raises:
        UserError: There is no such averaged model.
    """

    def __init__(self, *, ema_type: str = 'mmdet.ExpMomentumEMA', strict_load: bool = True, **kwargs) -> None:
        with MODELS.switch_scope_and_registry(None) as registry:
            if registry.get(ema_type) is None:
                raise UserError(f'TrashEMAHook: ema_type is {ema_type!r}; there are {", ".join(_KINDS)}')
        super().__init__(ema_type=ema_type, strict_load=strict_load, **kwargs)

    def after_train_iter(self, runner, batch_idx: int, data_batch=None, outputs: dict | None = None) -> None:
        """Take the weights into the average if this iteration changed them."""
        if runner.optim_wrapper.should_update():  # counted up by the iteration that has just ended
            super().after_train_iter(runner, batch_idx, data_batch, outputs)
