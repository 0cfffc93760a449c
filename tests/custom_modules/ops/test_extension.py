import inspect
import subprocess
import sys
from pathlib import Path

import mmcv.ops
import pytest
import torch

from custom_modules import ops
from custom_modules.ops.extension import Extension, call
from custom_modules.ops.selection import PORTABLE
from custom_modules.utils import UserError

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.fast
def test_installing_twice_keeps_the_first(capsys):
    module = sys.modules['mmcv._ext']
    ops.install()
    assert sys.modules['mmcv._ext'] is module
    assert isinstance(module, Extension)
    assert capsys.readouterr() == ('', '')


@pytest.mark.fast
def test_a_missing_operator_is_named_with_the_remedy(monkeypatch):
    monkeypatch.delenv('TRASH_OPS', raising=False)
    with pytest.raises(
        UserError, match=r'operator nms_rotated .* MMCV_WITH_OPS=1 pip install .*onedl-mmcv==2\.3\.6'
    ) as caught:
        mmcv.ops.nms_rotated(torch.rand(3, 5), torch.rand(3), 0.5)
    assert '\n' not in str(caught.value)


@pytest.mark.fast
def test_private_names_are_not_operators():
    with pytest.raises(AttributeError):
        sys.modules['mmcv._ext'].__wrapped__  # noqa: B018
    assert inspect.unwrap(sys.modules['mmcv._ext'].nms)


def test_every_portable_operator_exists():
    import importlib

    for name, home in PORTABLE.items():
        assert callable(getattr(importlib.import_module(f'custom_modules.ops.{home}'), name)), name


def test_mmcv_reports_its_environment():
    assert mmcv.ops.get_compiler_version()
    assert mmcv.ops.get_compiling_cuda_version()


@pytest.mark.fast
def test_autocast_is_off_inside_an_operator_and_on_after_it(monkeypatch):
    seen = []
    monkeypatch.setattr(
        'custom_modules.ops.nms.nms', lambda *args, **kwargs: seen.append(torch.is_autocast_enabled('cpu'))
    )
    with torch.autocast('cpu', dtype=torch.bfloat16):
        call('nms', torch.zeros(0, 4), torch.zeros(0), iou_threshold=0.5, offset=0)
        assert torch.is_autocast_enabled('cpu')
    assert seen == [False]


def test_installing_imports_nothing_heavy():
    """Neither mmcv, which must come later, nor numba or torchvision, which take time."""
    script = (
        'import sys, types; package = types.ModuleType("custom_modules"); '
        f'package.__path__ = [{str(ROOT / "custom_modules")!r}]; sys.modules["custom_modules"] = package; '
        'from custom_modules import ops; ops.install(); '
        'print([name for name in ("mmcv", "numba", "torchvision", "mmengine") if name in sys.modules])'
    )
    result = subprocess.run([sys.executable, '-c', script], capture_output=True, text=True, check=True)
    assert (result.stdout, result.stderr) == ('[]\n', '')
