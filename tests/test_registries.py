"""Registered names are ours alone, and the package imports quietly."""

import subprocess
import sys
from pathlib import Path

from mmengine.registry import Registry, root

ROOT = Path(__file__).resolve().parents[1]


def all_registries():
    for registry in vars(root).values():
        if isinstance(registry, Registry):
            yield registry
            yield from registry.children.values()


def test_no_name_of_ours_hides_or_repeats_another():
    ours = {}
    for registry in all_registries():
        for name, component in registry.module_dict.items():
            if getattr(component, '__module__', '').startswith('custom_modules'):
                ours.setdefault((registry.name, name), []).append(component)
    assert len(ours) >= 10
    for (kind, name), components in ours.items():
        everywhere = [r.module_dict[name] for r in all_registries() if r.name == kind and name in r.module_dict]
        assert everywhere == components, f'{kind} {name} exists more than once'


def test_importing_says_nothing_and_works_from_anywhere(tmp_path):
    code = f'import sys; sys.path.insert(0, {str(ROOT)!r}); import custom_modules'
    done = subprocess.run([sys.executable, '-c', code], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, '', '')
    assert list(tmp_path.iterdir()) == []
