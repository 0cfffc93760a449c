"""Stop a training whose loss is no longer a number."""

import math

import torch
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

from ...utils import UserError


@HOOKS.register_module()
class FiniteLossHook(Hook):
    """End the run at the first loss that is NaN or infinite, before such weights are saved."""

    priority = 'VERY_HIGH'

    def after_train_iter(self, runner, batch_idx: int, data_batch=None, outputs: dict | None = None) -> None:
        """Look at every loss the model reports.

        Raises:
            UserError: One of them is not finite; names it, the iteration and the pictures.
        """
        broken = non_finite(outputs or {})
        if not broken:
            return
        names = [sample.metainfo.get('img_path', '?') for sample in data_batch.get('data_samples', [])][:4]
        raise UserError(
            f'{", ".join(broken)} not finite at iteration {runner.iter + 1} (pictures {", ".join(names)}); the last '
            f'checkpoint is good: lower optim_wrapper.optimizer.lr, set optim_wrapper.clip_grad or train without --amp'
        )


def non_finite(losses: dict[str, float | torch.Tensor]) -> list[str]:
    """Return the names of the values, numbers or one-element tensors, that are NaN or infinite."""
    return [name for name, value in losses.items() if not math.isfinite(_number(value))]


def _number(value: float | torch.Tensor) -> float:
    return value.item() if isinstance(value, torch.Tensor) else value
