"""Both portable implementations, and a way to call operators as ``mmcv.ops`` does."""

import pytest
import torch

from custom_modules.ops import selection
from custom_modules.ops.kernels import jit


@pytest.fixture
def two_threads():
    """Let operators use two threads, and put the number back."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.fixture(params=['kernels', 'kernels-2-threads', 'tensors'])
def implementation(request, monkeypatch) -> str:
    """Run the test with the numba kernels, and with the tensor operations that GPUs use."""
    monkeypatch.delenv('TRASH_OPS', raising=False)
    if request.param == 'tensors':
        monkeypatch.setattr(selection, 'has_numba', lambda: False)
    if request.param == 'kernels-2-threads':
        request.getfixturevalue('two_threads')
        monkeypatch.setattr(jit, '_WORTH_A_THREAD', 1)
    return request.param
