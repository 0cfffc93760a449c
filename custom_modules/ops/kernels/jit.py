"""How kernels are compiled and spread over threads."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba
import torch

_pool: ThreadPoolExecutor | None = None
_pool_lock = threading.Lock()


def kernel(function: Callable | None = None, *, fused: bool = False) -> Callable:
    """Compile a function with numba on its first call, keeping the machine code on disk.

    The code goes beside the source, or where ``NUMBA_CACHE_DIR`` or the user's
    cache folder says when that is read-only, or nowhere when nothing can be
    written.  Kernels release the GIL and are single-threaded: `split` spreads
    them over threads, which works from any thread and after a fork, unlike
    numba's own parallel loops.

    Args:
        function: The function to compile.
        fused: Whether a multiplication and an addition may be rounded once
            (FMA); leave off where results must equal the compiled operator's
            bit for bit.

    Returns:
        The compiled function, or a decorator when ``function`` is omitted.
    """
    if function is None:
        return lambda inner: kernel(inner, fused=fused)
    options = {'nogil': True, 'fastmath': {'contract'} if fused else False, 'error_model': 'numpy'}
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # no folder to cache in
        return numba.njit(**options)(function)


def split(function: Callable[[int, int], Any], count: int, *, align: int = 1) -> None:
    """Call ``function(start, stop)`` for consecutive parts of ``range(count)``, one per torch thread.

    Args:
        function: Work on one part; parts must not write to the same memory.
        count: Number of work items.
        align: Parts begin at multiples of this.

    Raises:
        Exception: Whatever ``function`` raised.
    """
    num_parts = min(torch.get_num_threads(), -(-count // align))
    if num_parts <= 1:
        function(0, count)
        return
    blocks = -(-count // align)
    edges = [min(count, blocks * part // num_parts * align) for part in range(num_parts + 1)]
    others = [_get_pool().submit(function, *edges[part : part + 2]) for part in range(1, num_parts)]
    function(*edges[:2])
    for other in others:
        other.result()


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
