"""How kernels are compiled and spread over threads; needs no torch."""

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

try:
    import numba
except ImportError:  # not installed, or at odds with this numpy
    numba = None

# Multiplications that take about as long as waking a thread does, times ten.
_WORTH_A_THREAD = 1 << 20

_pool: ThreadPoolExecutor | None = None
_pool_lock = threading.Lock()


def kernel(function: Callable | None = None, *, fused: bool = False, summed: bool = False) -> Callable:
    """Compile a function with numba on its first call, keeping the machine code on disk.

    The code goes beside the source, or where ``NUMBA_CACHE_DIR`` or the user's
    cache folder says when that is read-only, or nowhere when nothing can be
    written.  Kernels release the GIL and use one thread: `split` spreads them
    over several, which works from any thread and after a fork, unlike numba's
    own parallel loops.  Without numba the function stays plain Python.

    Args:
        function: The function to compile.
        fused: Whether a product and a sum may be rounded once (FMA); leave off
            where results must equal the compiled operator's bit for bit.
        summed: Whether, in addition, sums may be taken in any (fixed) order.

    Returns:
        The compiled function, or a decorator when ``function`` is omitted.
    """
    if function is None:
        return lambda inner: kernel(inner, fused=fused, summed=summed)
    if numba is None:
        return function
    freedom = {'contract', 'reassoc', 'nsz'} if summed else {'contract'} if fused else False
    options = {'nogil': True, 'fastmath': freedom, 'error_model': 'numpy'}
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # no folder to cache in
        return numba.njit(**options)(function)


def split(function: Callable[[int, int], Any], count: int, *, cost: int, align: int = 1) -> None:
    """Call ``function(start, stop)`` for consecutive parts of ``range(count)``, one a thread (see :func:`num_threads`).

    Args:
        function: Work on one part, in kernels and numpy only (tensor operations would start threads of their
            own, and autograd is on in a new thread); parts must not write to the same memory.
        count: Number of work items.
        cost: Rough number of multiplications in all; threads are not worth their start for few.
        align: Parts begin at multiples of this.

    Raises:
        Exception: Whatever ``function`` raised.
    """
    blocks = -(-count // align)
    num_parts = min(num_threads(), blocks, cost // _WORTH_A_THREAD)
    if num_parts <= 1:
        function(0, count)
        return
    edges = [min(count, blocks * part // num_parts * align) for part in range(num_parts + 1)]
    others = [_get_pool().submit(function, *edges[part : part + 2]) for part in range(1, num_parts)]
    try:
        function(*edges[:2])
    finally:
        for other in others:
            other.result()


def num_threads() -> int:
    """Return how many threads work may be spread over: torch's number where it is loaded, else that of OpenMP."""
    if 'torch' in sys.modules:
        return sys.modules['torch'].get_num_threads()
    wish = os.environ.get('OMP_NUM_THREADS', '').partition(',')[0]
    return int(wish) if wish.isdecimal() and int(wish) else len(os.sched_getaffinity(0))


def _get_pool() -> ThreadPoolExecutor:
    global _pool
    with _pool_lock:
        if _pool is None:
            _pool = ThreadPoolExecutor(max_workers=os.cpu_count(), thread_name_prefix='trash-ops')
        return _pool


def _forget_pool() -> None:
    """Drop the pool in a forked child: its threads stayed in the parent."""
    global _pool, _pool_lock
    _pool, _pool_lock = None, threading.Lock()


os.register_at_fork(after_in_child=_forget_pool)
