"""Adding rows of a tensor into another one."""

from torch import Tensor


def add_rows(target: Tensor, index: Tensor, rows: Tensor) -> None:
    """Add ``rows[i]`` to ``target[index[i]]``, in an order that does not change from run to run.

    ``index_add_`` is deterministic on the CPU but uses atomic additions on a
    GPU; there the rows are sorted by where they go first.

    Args:
        target: (M, C), added to.
        index: (K,) int64.
        rows: (K, C).
    """
    if target.device.type == 'cpu':
        target.index_add_(0, index, rows)
    else:
        target.index_put_((index,), rows, accumulate=True)
