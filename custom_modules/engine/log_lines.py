"""The lines that tell how a training goes."""

from mmengine.registry import LOG_PROCESSORS
from mmengine.runner import LogProcessor

from ..utils.status_line import clock
from .tracking import training_scalars


class ProgressText(str):
    """A log message that only says how far the work is: on a terminal the progress line stands for it."""


@LOG_PROCESSORS.register_module()
class TrashLogProcessor(LogProcessor):
    """Upstream's processor with lines that a person can read.

    ``epoch 3/20 [230/610]  loss 1.2340 (cls 0.412 bbox 0.521)  lr 1.00e-04  grad 3.21  0.53 s/it  left 2:03:11``
    """

    def get_log_after_iter(self, runner, batch_idx: int, mode: str) -> tuple[dict, str]:
        """Return all numbers for upstream's json, and the line."""
        tag, _ = super().get_log_after_iter(runner, batch_idx, mode)
        size = self._get_dataloader_size(runner, mode)
        left = clock(runner.message_hub.get_info('eta', 0.0))
        if mode != 'train':
            what = {'val': 'validation', 'test': 'test'}[mode]
            return tag, ProgressText(f'{what} [{batch_idx + 1}/{size}]  left {left}')
        values = training_scalars(runner.message_hub.log_scalars, self.window_size)
        parts = [
            f'epoch {runner.epoch + 1}/{runner.max_epochs} [{str(batch_idx + 1).rjust(len(str(size)))}/{size}]',
            loss_text(values),
            f'lr {values.get("lr", 0.0):.2e}',
        ]
        if 'grad_norm' in values:
            parts.append(f'grad {values["grad_norm"]:.3g}')
        if 'time' in tag:
            parts.append(f'{tag["time"]:.3g} s/it')
        if 'memory' in tag:
            parts.append(f'{tag["memory"]} MB')
        return tag, ProgressText('  '.join([*parts, f'left {left}']))


def loss_text(values: dict[str, float]) -> str:
    """Write the loss and, where there are several, its parts, ``loss`` left out of their names.

    Args:
        values: From :func:`~custom_modules.engine.tracking.training_scalars`.
    """
    parts = {name: value for name, value in values.items() if 'loss' in name and name != 'loss'}
    if not parts or 'loss' not in values:
        return f'loss {values.get("loss", sum(parts.values())):.4f}'
    shown = ' '.join(f'{_short(name)} {value:.3g}' for name, value in parts.items())
    return f'loss {values["loss"]:.4f} ({shown})' if len(parts) > 1 else f'loss {values["loss"]:.4f}'


def _short(name: str) -> str:
    words = [word for word in name.split('_') if word != 'loss']
    return '_'.join(words) or name
