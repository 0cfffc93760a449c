import os
from pathlib import Path

import pytest
import torch

from custom_modules import ops
from custom_modules.ops import extension, selection
from custom_modules.utils import UserError


@pytest.fixture(autouse=True)
def forget_what_was_found(monkeypatch):
    """Look for compiled operators and torchvision anew, and again after the test."""
    monkeypatch.delenv('TRASH_OPS', raising=False)
    finders = selection.compiled, selection.torchvision
    for finder in finders:
        finder.cache_clear()
    yield
    for finder in finders:
        finder.cache_clear()


def pretend(monkeypatch, *, compiled: object = None, torchvision: object = None) -> None:
    """Find these modules, or none."""
    monkeypatch.setattr(selection, 'compiled', lambda: (compiled, 'a compiled module' if compiled else 'it is missing'))
    monkeypatch.setattr(selection, 'torchvision', lambda: (torchvision, '1.0' if torchvision else 'it is missing'))


class CompiledForGpu:
    """What a compiled module says of itself."""

    def get_compiling_cuda_version(self):
        return '12.4'

    def nms(self, *args, **kwargs):
        return 'compiled nms'

    def nms_rotated(self, *args, **kwargs):
        return 'compiled nms_rotated'


class CompiledForCpu(CompiledForGpu):
    """A module without CUDA."""

    def get_compiling_cuda_version(self):
        return 'not available'


@pytest.mark.fast
@pytest.mark.parametrize(
    ('compiled', 'torchvision', 'forced', 'family', 'cpu', 'cuda'),
    [
        pytest.param(None, None, None, 'nms', 'portable', 'portable', id='nothing-installed'),
        pytest.param(None, object(), None, 'nms', 'portable', 'torchvision', id='torchvision'),
        pytest.param(None, object(), None, 'roi_pool', 'portable', 'portable', id='torchvision-means-something-else'),
        pytest.param(CompiledForGpu(), object(), None, 'nms', 'compiled', 'compiled', id='compiled'),
        pytest.param(CompiledForCpu(), object(), None, 'nms', 'compiled', 'torchvision', id='compiled-for-cpu'),
        pytest.param(CompiledForGpu(), None, None, 'roi_pool', 'portable', 'compiled', id='compiled-for-gpu-only'),
        pytest.param(CompiledForGpu(), object(), 'portable', 'nms', 'portable', 'portable', id='forced-portable'),
        pytest.param(
            CompiledForGpu(), object(), 'torchvision', 'nms', 'torchvision', 'torchvision', id='forced-vision'
        ),
        pytest.param(CompiledForGpu(), object(), 'compiled', 'roi_pool', 'compiled', 'compiled', id='forced-compiled'),
    ],
)
def test_order_of_preference(compiled, torchvision, forced, family, cpu, cuda, monkeypatch):
    pretend(monkeypatch, compiled=compiled, torchvision=torchvision)
    if forced:
        monkeypatch.setenv('TRASH_OPS', forced)
    report = ops.backend()
    assert report['operators'][family] == {'cpu': cpu, 'cuda': cuda}
    assert report['forced'] == bool(forced)
    assert report['name'] == (forced or ('compiled' if compiled else 'torchvision' if torchvision else 'portable'))


@pytest.mark.fast
@pytest.mark.parametrize(
    ('value', 'message'),
    [
        ('compilde', r'TRASH_OPS=compilde is not one of compiled, torchvision, portable'),
        ('compiled', r'TRASH_OPS=compiled, but it is missing: unset it, or run MMCV_WITH_OPS=1 pip install'),
        ('torchvision', r'TRASH_OPS=torchvision, but it is missing: unset it, or install the torchvision made for'),
    ],
)
def test_what_cannot_be_forced(value, message, monkeypatch):
    pretend(monkeypatch)
    monkeypatch.setenv('TRASH_OPS', value)
    with pytest.raises(UserError, match=message) as caught:
        selection.check_forced()
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize(
    ('dtypes', 'expected'),
    [
        pytest.param([torch.float32, torch.float32], 'compiled', id='single'),
        pytest.param([torch.float32, torch.int64], 'compiled', id='with-indices'),
        pytest.param([torch.bfloat16, torch.bfloat16], 'portable', id='bfloat16'),
        pytest.param([torch.bfloat16, torch.float32], 'portable', id='mixed'),
        pytest.param([torch.float64, torch.float64], 'compiled', id='double'),
    ],
)
def test_compiled_operators_get_only_precisions_that_they_know(dtypes, expected, monkeypatch):
    pretend(monkeypatch, compiled=CompiledForCpu())
    tensors = [torch.zeros(1, dtype=dtype) for dtype in dtypes]
    assert selection.choose('roi_align_forward', tensors) == expected
    monkeypatch.setenv('TRASH_OPS', 'compiled')
    assert selection.choose('roi_align_forward', tensors) == 'compiled'


def test_calls_reach_the_compiled_module(monkeypatch):
    pretend(monkeypatch, compiled=CompiledForCpu())
    assert extension.call('nms', torch.zeros(1, 4), torch.zeros(1), iou_threshold=0.5, offset=0) == 'compiled nms'
    assert extension.call('nms_rotated', torch.zeros(1, 5)) == 'compiled nms_rotated'


def test_a_broken_library_is_a_reason_not_a_crash(tmp_path, monkeypatch):
    from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec

    library = tmp_path / f'_ext{EXTENSION_SUFFIXES[0]}'
    library.write_bytes(b'not a library')
    spec = ModuleSpec('mmcv', None)
    spec.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(selection.importlib.util, 'find_spec', lambda name: spec if name == 'mmcv' else None)
    module, reason = selection.compiled()
    assert module is None
    assert f'{library} cannot be loaded' in reason
    assert '\n' not in reason


@pytest.mark.parametrize('error', [RuntimeError, ImportError], ids=lambda x: x.__name__)
def test_torchvision_made_for_another_torch(error, tmp_path, monkeypatch):
    """Beside a CPU torch its import raises RuntimeError, not ImportError."""
    (tmp_path / 'torchvision.py').write_text(
        f'raise {error.__name__}("operator torchvision::nms does not exist\\nmore lines")'
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(__import__('sys').modules, 'torchvision', raising=False)
    assert selection.torchvision() == (
        None,
        'torchvision cannot be imported (operator torchvision::nms does not exist)',
    )


def test_without_numba_the_doctor_says_so(monkeypatch):
    monkeypatch.setattr(selection, 'has_numba', lambda: False)
    assert 'not importable' in ops.backend()['numba']


@pytest.mark.skipif('TRASH_COMPILED_SITE' not in os.environ, reason='TRASH_COMPILED_SITE names no compiled mmcv')
def test_a_real_compiled_module_loads():
    module, path = selection.load_compiled(next(Path(os.environ['TRASH_COMPILED_SITE']).glob('mmcv/_ext*')))
    assert module is not None, path
    assert module.nms(torch.zeros(1, 4), torch.zeros(1), iou_threshold=0.5, offset=0).tolist() == [0]
