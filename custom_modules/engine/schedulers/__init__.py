"""Learning-rate schedules that upstream lacks."""

from .cosine_warm_up_restarts import CosineAnnealingWarmUpRestarts

__all__ = ['CosineAnnealingWarmUpRestarts']
