"""Stop a training whose loss is no longer a number."""

import math
from pathlib import Path

import torch
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

from ...utils import UserError


@HOOKS.register_module()
class FiniteLossHook(Hook):
    """End the run at the first loss or gradient that is NaN or infinite, before such weights are saved."""

    priority = 'VERY_HIGH'

    def after_train_iter(self, runner, batch_idx: int, data_batch=None, outputs: dict | None = None) -> None:
        """Look at every loss the model reports, and at the norm of the gradient.

        Raises:
            UserError: One of them is not finite; names it, the iteration and the pictures.
        """
        broken = non_finite({**(outputs or {}), **_gradient_norm(runner)})
        if not broken:
            return
        pictures = [sample.metainfo.get('img_path', '?') for sample in (data_batch or {}).get('data_samples', [])]
        last = Path(runner.work_dir) / 'last.pth'
        raise UserError(
            f'{_first(broken)} not finite at iteration {runner.iter + 1} (pictures {_first(pictures)}); '
            f'lower optim_wrapper.optimizer.lr, set optim_wrapper.clip_grad or train without --amp'
            + (f'; the weights in {last} are good: a new run takes them by --load-from' if last.is_file() else '')
        )


def non_finite(losses: dict[str, float | torch.Tensor]) -> list[str]:
    """Return the names of the values, numbers or one-element tensors, that are NaN or infinite."""
    return [name for name, value in losses.items() if not math.isfinite(_number(value))]


def _gradient_norm(runner) -> dict[str, float]:
    # With loss scaling an infinite norm is normal: that step is left out and the scale lowered.
    norms = runner.message_hub.log_scalars.get('train/grad_norm')
    return {} if norms is None or hasattr(runner.optim_wrapper, 'loss_scaler') else {'grad_norm': norms.current()}


def _number(value: float | torch.Tensor) -> float:
    return value.item() if isinstance(value, torch.Tensor) else value


def _first(names: list[str], most: int = 3) -> str:
    return ', '.join(names[:most]) + (f' and {len(names) - most} more' if len(names) > most else '')
