"""Sharing out the total batch over cards and accumulation steps."""

from collections.abc import Iterable
from typing import Any

from mmengine.config import Config

from ..utils import UserError

LENGTHS = ('begin', 'end', 'T_0', 'T_max', 'T_up', 'step_size', 'total_steps', 'milestones', 'periods')
"""Arguments of parameter schedulers that are numbers of steps."""


def share_out_batch(cfg: Config, num_ranks: int) -> str:
    """Set the batch per rank so that one update sees ``total_batch_size`` pictures.

    The learning rate belongs to the total batch, so it never has to change
    with the number of cards.

    Args:
        cfg: Config with ``total_batch_size``; a batch size or accumulation it
            names itself must agree.
        num_ranks: Processes that train together.

    Returns:
        One line that says how the batch is made up.

    Raises:
        UserError: It cannot be made up; names the nearest values.
    """
    for section in ('train_dataloader', 'optim_wrapper'):
        if not isinstance(cfg.get(section), dict):
            raise UserError(f'{cfg.filename}: {section} is missing; inherit a data set and a schedule of _base_/')
    if cfg.get('total_batch_size') is None:
        raise UserError(f'{cfg.filename}: total_batch_size is missing (pictures per update over all cards)')
    total = _count(cfg, 'total_batch_size', cfg.total_batch_size)
    steps = _count(cfg, 'optim_wrapper.accumulative_counts', cfg.optim_wrapper.get('accumulative_counts', 1))
    named = cfg.train_dataloader.get('batch_size')
    if named is not None:
        _count(cfg, 'train_dataloader.batch_size', named)
    per_rank = named or total // (num_ranks * steps)
    if per_rank * num_ranks * steps != total:
        raise UserError(_advice(total, num_ranks, steps, named))
    cfg.train_dataloader.batch_size = per_rank
    cfg.optim_wrapper.accumulative_counts = steps
    return f'batch {total} = {per_rank} a rank x {num_ranks} rank(s) x {steps} accumulation step(s)'


def _count(cfg: Config, name: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise UserError(f'{cfg.filename}: {name} is {value!r}; give a whole number from 1 on')
    return value


def count_in_updates(schedule: dict, steps: int) -> dict:
    """Stretch a schedule that is given by iteration, so that its numbers mean updates of the weights.

    Args:
        schedule: Config of one parameter scheduler.
        steps: Accumulation steps, iterations per update.

    Returns:
        The config to build; a schedule by epoch as it was.
    """
    if schedule.get('by_epoch', True):
        return schedule
    return {**schedule, **{name: _times(schedule[name], steps) for name in LENGTHS if name in schedule}}


def _times(length: int | list[int], steps: int) -> int | list[int]:
    return [part * steps for part in length] if isinstance(length, (list, tuple)) else length * steps


def _advice(total: int, num_ranks: int, steps: int, per_rank: int | None) -> str:
    made_of = f'{per_rank} a rank x ' if per_rank else ''
    unit = num_ranks * steps * (per_rank or 1)
    # A batch per rank that is left open fits every multiple.
    totals = {unit} if per_rank else {max(total // unit, 1) * unit, -(-total // unit) * unit}
    keeping = ', or '.join(_ways_to_keep(total, num_ranks, steps, per_rank))
    return (
        f'total_batch_size {total} cannot be made of {made_of}{num_ranks} rank(s) x {steps} accumulation step(s); '
        f'{f"to keep it, use {keeping}; or else " if keeping else "use "}'
        f'--cfg-options total_batch_size={_alternatives(totals)} (and think of the learning rate)'
    )


def _ways_to_keep(total: int, num_ranks: int, steps: int, per_rank: int | None) -> list[str]:
    """List the changes each of which alone makes up the total."""
    ways = []
    if counts := _fitting(total, num_ranks * (per_rank or 1), steps, exact=bool(per_rank)):
        ways.append(f'--cfg-options optim_wrapper.accumulative_counts={_alternatives(counts)}')
    if per_rank and total % (num_ranks * steps) == 0:
        ways.append(f'--cfg-options train_dataloader.batch_size={total // (num_ranks * steps)}')
    if counts := _fitting(total, steps * (per_rank or 1), num_ranks, exact=bool(per_rank)):
        ways.append(f'{_alternatives(counts)} rank(s)')
    return ways


def _fitting(total: int, unit: int, wanted: int, *, exact: bool) -> list[int]:
    """Find the two numbers of units nearest to the wanted one that make up the total, or divide it."""
    most = total // unit
    numbers = [most] if exact else range(1, most + 1)
    fitting = [number for number in numbers if number and total % (number * unit) == 0]
    return sorted(fitting, key=lambda number: abs(number - wanted))[:2]


def _alternatives(numbers: Iterable[int]) -> str:
    return ' or '.join(map(str, sorted(numbers)))
