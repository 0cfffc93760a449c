"""Running statistics of a loss that are the same on every rank."""

import torch
from mmengine.dist import all_reduce, get_world_size
from torch import Tensor


class SharedStatistics:
    """Mixin for losses that remember what they saw, to be put before ``nn.Module`` among the bases.

    A rank without objects never calls its box loss, so that a loss which waits for the other ranks in its own forward
    pass would hang the run.  Ranks add up what they see, and
    :class:`~custom_modules.engine.hooks.ShareStatisticsHook` joins the sums after the iteration, where all ranks pass.
    A process that trains alone needs no hook.
    """

    def init_statistics(self, count: int) -> None:
        """Make room for ``count`` sums; not saved, since no sums are left over between iterations."""
        self.register_buffer('pending', torch.zeros(count), persistent=False)

    def collect(self, sums: Tensor) -> None:
        """Add the sums (count,) of what this rank saw."""
        self.pending += sums.detach()
        if get_world_size() == 1:
            self._hand_over()

    def share_statistics(self) -> None:
        """Join the sums of all ranks; every rank must call it at the same time."""
        if get_world_size() > 1:
            all_reduce(self.pending)
            self._hand_over()

    def absorb(self, sums: Tensor) -> None:
        """Bring the statistics up to date with the sums (count,) of one iteration, all ranks together."""
        raise NotImplementedError

    def _hand_over(self) -> None:
        self.absorb(self.pending.clone())
        self.pending.zero_()
