"""Both portable implementations, and a way to call operators as ``mmcv.ops`` does."""

import pytest

from custom_modules.ops import selection
from custom_modules.utils import jit


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
