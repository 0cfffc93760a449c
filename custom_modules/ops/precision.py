"""Computing in single precision or better, whatever precision the tensors are stored in."""

import contextlib
from collections.abc import Iterator

import torch
from torch import Tensor


def widen(tensor: Tensor) -> Tensor:
    """The tensor in single precision, or itself if it is in single or double precision already."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))


@contextlib.contextmanager
def filled(output: Tensor, dtype: torch.dtype) -> Iterator[Tensor]:
    """Give a contiguous tensor of ``dtype`` to compute in, and round it into ``output`` afterwards.

    Args:
        output: Where the result goes.
        dtype: Precision to compute in.

    Yields:
        ``output`` itself if it will do, otherwise zeros of its shape.
    """
    if output.dtype == dtype and output.is_contiguous():
        yield output
        return
    target = torch.zeros(output.shape, dtype=dtype, device=output.device)
    yield target
    output.copy_(target)
