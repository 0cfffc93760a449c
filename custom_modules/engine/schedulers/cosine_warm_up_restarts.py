"""Cosine cycles, each with a warm-up of its own and a lower peak than the one before."""

import math

from mmengine.optim.scheduler.lr_scheduler import LRSchedulerMixin
from mmengine.optim.scheduler.param_scheduler import INF, _ParamScheduler
from mmengine.registry import PARAM_SCHEDULERS


@PARAM_SCHEDULERS.register_module()
class CosineAnnealingWarmUpRestarts(LRSchedulerMixin, _ParamScheduler):
    """Cosine annealing with restarts, warm-up and a falling peak in one schedule.

    "SGDR: Stochastic Gradient Descent with Warm Restarts" (2017), Eq. 5, with
    a linear rise at the start of each cycle.  The optimizer's own rate is the
    lowest one; the k-th cycle climbs to ``eta_max * gamma ** k`` within
    ``T_up`` steps and falls back along half a cosine.  The part after the rise
    gets ``T_mult`` times longer from cycle to cycle.

    The value is a function of the step alone, so that it can be entered
    anywhere; it takes the place of every other schedule of the rate.  Groups
    with a rate of their own (``lr_mult``, layer decay) keep their ratio.
    (Upstream's CosineRestartLR needs its cycles listed and has no warm-up.)

    Args:
        optimizer: The optimizer or its wrapper.
        T_0: Steps of the first cycle, its rise included: epochs, or updates with ``by_epoch=False``.
        T_mult: How much longer the fall gets from cycle to cycle.
        eta_max: Peak of the first cycle.
        T_up: Steps of the rise.
        gamma: Factor of the peak from cycle to cycle.
        begin: First step.
        end: Step after the last.
        last_step: The step before the next one.
        by_epoch: Count epochs; with ``convert_to_iter_based=True`` in the config the rate then changes in every
            iteration.
        verbose: Log every change.

    Raises:
        ValueError: The numbers do not make a schedule.
    """

    def __init__(
        self,
        optimizer,
        *,
        T_0: int,
        T_mult: int = 1,
        eta_max: float,
        T_up: int = 0,
        gamma: float = 1.0,
        begin: int = 0,
        end: int = INF,
        last_step: int = -1,
        by_epoch: bool = True,
        verbose: bool = False,
    ) -> None:
        lowest = optimizer.defaults['lr']
        _check(T_0, T_mult, eta_max, T_up, gamma, lowest)
        self.T_0, self.T_mult, self.T_up = T_0, T_mult, T_up
        self.eta_max, self.gamma, self.lowest = eta_max, gamma, lowest
        super().__init__(optimizer, begin=begin, end=end, last_step=last_step, by_epoch=by_epoch, verbose=verbose)

    @classmethod
    def build_iter_from_epoch(
        cls,
        *args,
        T_0: int,
        T_up: int = 0,
        begin: int = 0,
        end: int = INF,
        by_epoch: bool = True,
        epoch_length: int,
        **kwargs,
    ) -> 'CosineAnnealingWarmUpRestarts':
        """Build a schedule by iteration from lengths in epochs (``convert_to_iter_based=True``).

        Args:
            args: Passed on.
            T_0: Epochs of the first cycle.
            T_up: Epochs of the rise; may be a fraction.
            begin: First epoch.
            end: Epoch after the last.
            by_epoch: Must be true.
            epoch_length: Iterations of an epoch.
            kwargs: Passed on.
        """
        assert by_epoch, 'only a schedule by epoch can be converted'
        return cls(
            *args,
            T_0=T_0 * epoch_length,
            T_up=round(T_up * epoch_length),
            begin=begin * epoch_length,
            end=end if end == INF else end * epoch_length,
            by_epoch=False,
            **kwargs,
        )

    def _get_value(self) -> list[float]:
        """Return the rate of each group at ``last_step``."""
        cycle, step, length = cycle_at(self.last_step, T_0=self.T_0, T_mult=self.T_mult, T_up=self.T_up)
        if step < self.T_up:
            share = step / self.T_up
        else:
            share = (1 + math.cos(math.pi * (step - self.T_up) / (length - self.T_up))) / 2
        peak = max(self.eta_max * self.gamma**cycle, self.lowest)
        factor = 1 + (peak / self.lowest - 1) * share
        return [base * factor for base in self.base_values]


def cycle_at(step: int, *, T_0: int, T_mult: int, T_up: int) -> tuple[int, int, int]:
    """Find the cycle a step is in.

    Args:
        step: From 0.
        T_0: Steps of the first cycle.
        T_mult: How much longer the fall gets from cycle to cycle.
        T_up: Steps of the rise.

    Returns:
        Number of the cycle from 0, the step within it, and its length.
    """
    cycle, length = 0, T_0
    while step >= length:
        step -= length
        cycle += 1
        length = (length - T_up) * T_mult + T_up
    return cycle, step, length


def _check(T_0: int, T_mult: int, eta_max: float, T_up: int, gamma: float, lowest: float) -> None:
    if not isinstance(T_mult, int) or T_mult < 1:
        raise ValueError(f'T_mult is {T_mult}; give a whole number from 1 on')
    if not 0 <= T_up < T_0:
        raise ValueError(f'T_up is {T_up} of T_0 {T_0} steps; the rise must be shorter than the first cycle')
    if not 0 < gamma <= 1:
        raise ValueError(f'gamma is {gamma}; give a number above 0 and up to 1')
    if not 0 < lowest <= eta_max:
        raise ValueError(
            f"eta_max is {eta_max} and the optimizer's lr {lowest}; here lr is the lowest rate, such as 1e-6, "
            f'above 0 and below eta_max'
        )
