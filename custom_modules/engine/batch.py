"""Sharing out the total batch over cards and accumulation steps."""

from mmengine.config import Config

from ..utils import UserError


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
    total = cfg.get('total_batch_size')
    if not total:
        raise UserError(f'{cfg.filename}: total_batch_size is missing (pictures per update over all cards)')
    steps = int(cfg.optim_wrapper.get('accumulative_counts', 1))
    per_rank = cfg.train_dataloader.get('batch_size')
    if per_rank is None:
        per_rank = total // (num_ranks * steps)
    if per_rank * num_ranks * steps != total:
        raise UserError(_advice(total, num_ranks, steps, cfg.train_dataloader.get('batch_size')))
    cfg.train_dataloader.batch_size = per_rank
    cfg.optim_wrapper.accumulative_counts = steps
    return f'batch {total} = {per_rank} a rank x {num_ranks} rank(s) x {steps} accumulation step(s)'


def _advice(total: int, num_ranks: int, steps: int, per_rank: int | None) -> str:
    unit = num_ranks * steps * (per_rank or 1)
    nearest = sorted({max(total // unit, 1) * unit, -(-total // unit) * unit})
    ranks = [count for count in range(1, total + 1) if total % (count * steps) == 0]
    closest = sorted(ranks, key=lambda count: abs(count - num_ranks))[:2]
    made_of = f'{per_rank} a rank x ' if per_rank else ''
    text = (
        f'total_batch_size {total} cannot be made of {made_of}{num_ranks} rank(s) x {steps} accumulation step(s); '
        f'nearest: --cfg-options total_batch_size={" or ".join(map(str, nearest))} (and think of the learning rate)'
    )
    if closest:
        text += f', or {" or ".join(map(str, sorted(closest)))} rank(s)'
    if per_rank and total % (num_ranks * steps) == 0:
        text += f', or train_dataloader.batch_size={total // (num_ranks * steps)}'
    return text
