"""Where to compute."""

import torch

from ...utils import UserError


def choose_device(name: str | None) -> torch.device:
    """Return the device to compute on.

    Args:
        name: What the user wrote, such as ``cuda:1``; None for the GPU, if there is one.

    Raises:
        UserError: There is no such device here.
    """
    name = name or ('cuda' if torch.cuda.is_available() else 'cpu')
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).item()  # 'meta' fails here
    except (RuntimeError, AssertionError, NotImplementedError):
        cards = torch.cuda.device_count()
        found = f'cpu{", cuda:0" if cards else ""}{f" to cuda:{cards - 1}" if cards > 1 else ""}'
        raise UserError(f'--device {name}: no such device here; there is {found}') from None
    return device
