import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch

from custom_modules.utils.jit import kernel, split

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.fast
@pytest.mark.parametrize(
    ('count', 'align', 'parts'),
    [
        pytest.param(0, 1, [(0, 0)], id='nothing'),
        pytest.param(1, 1, [(0, 1)], id='one'),
        pytest.param(7, 1, [(0, 3), (3, 7)], id='halves'),
        pytest.param(40, 16, [(0, 16), (16, 40)], id='aligned'),
        pytest.param(16, 16, [(0, 16)], id='one-block'),
    ],
)
def test_split_covers_the_range_once(count, align, parts, two_threads):
    seen = []
    split(lambda start, stop: seen.append((start, stop)), count, cost=1 << 30, align=align)
    assert sorted(seen) == parts


def test_little_work_stays_in_one_thread(two_threads):
    seen = []
    split(lambda start, stop: seen.append((start, stop)), 7, cost=1000)
    assert seen == [(0, 7)]


def test_split_passes_errors_on(two_threads):
    def fail_in_the_second_half(start, stop):
        if start:
            raise KeyError(start)

    with pytest.raises(KeyError):
        split(fail_in_the_second_half, 4, cost=1 << 30)


def test_split_works_from_several_threads_at_once(two_threads):
    added = [[] for _ in range(4)]

    def add_up(number):
        for _ in range(50):
            split(lambda start, stop: added[number].append(sum(range(start, stop))), 100, cost=1 << 30)

    threads = [threading.Thread(target=add_up, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [sum(x) for x in added] == [50 * 4950] * 4


@pytest.mark.filterwarnings('ignore:This process.*fork:DeprecationWarning')
def test_operators_work_in_a_forked_worker(two_threads):
    """A data loader's worker is a fork in which the parent's threads do not exist."""
    loader = torch.utils.data.DataLoader(_Pooling(), batch_size=None, num_workers=1, multiprocessing_context='fork')
    expected = _Pooling()[0]
    assert all(torch.equal(item, expected) for item in loader)


def test_a_kernel_works_where_no_cache_can_be_written(monkeypatch):
    """Numba then raises RuntimeError when it is asked to cache."""
    import numba

    njit = numba.njit

    def refuse_to_cache(*args, cache=False, **options):
        if cache:
            raise RuntimeError('cannot cache function: no locator available')
        return njit(*args, **options)

    monkeypatch.setattr(numba, 'njit', refuse_to_cache)

    @kernel
    def double(x):
        return 2 * x

    assert double(21) == 42


@pytest.mark.slow
def test_a_read_only_checkout_still_caches(tmp_path):
    """The machine code goes to the user's cache folder instead."""
    package = tmp_path / 'package'
    package.mkdir()
    (package / 'jit.py').write_text((ROOT / 'custom_modules/utils/jit.py').read_text())
    (package / 'twice.py').write_text('from jit import kernel\n\n\n@kernel\ndef twice(x):\n    return 2 * x\n')
    package.chmod(0o555)
    if os.access(package, os.W_OK):
        pytest.skip('permissions do not bind this user')
    script = f'import sys; sys.path.insert(0, {str(package)!r}); from twice import twice; assert twice(2) == 4'
    environment = {'HOME': str(tmp_path), 'XDG_CACHE_HOME': str(tmp_path / 'cache')}
    subprocess.run([sys.executable, '-c', script], check=True, env=environment)
    assert list((tmp_path / 'cache').rglob('*.nbi'))


class _Pooling(torch.utils.data.Dataset):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        if index > 1:
            raise IndexError
        from mmcv.ops import roi_align

        torch.set_num_threads(2)
        return roi_align(torch.arange(256.0).view(1, 1, 16, 16), torch.tensor([[0.0, 1, 2, 9, 12]] * 4), 3)
