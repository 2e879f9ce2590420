"""Memory that a fit frees is kept for its next step, and given back at its end."""

import ctypes
import os
import platform
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

# Parameters of mallopt, from glibc's malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3

_MB = 2**20
_KEEP = {_MMAP_THRESHOLD: 1024 * _MB, _TRIM_THRESHOLD: 2**31 - 1}
# What glibc itself comes to once a program has freed a large array. Its own adjustment cannot be
# switched on again.
_RELEASE = {_MMAP_THRESHOLD: 32 * _MB, _TRIM_THRESHOLD: 64 * _MB}

# Who has set one of these has tuned the allocator for the process.
_USERS_TUNING = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES")

_LOCK = threading.Lock()
_n_inside = 0


@contextmanager
def retained_heap() -> Iterator[None]:
    """Keep freed blocks in the process within; give them back to the system after.

    By itself glibc returns every large block as soon as it is freed, and the next training step
    waits for the kernel to clear the same pages again. Without effect where the C library is not
    glibc, where the environment tunes its allocator, and with ``SKLSTM_RETAIN_HEAP=0`` in the
    environment.

    Examples
    --------
    >>> from sklstm.training.heap import retained_heap
    >>> with retained_heap():
    ...     block = bytearray(10_000_000)
    """
    if not is_retained():
        yield
        return
    _enter()
    try:
        yield
    finally:
        _leave()


def is_retained() -> bool:
    """Tell whether `retained_heap` has an effect here."""
    wanted = os.environ.get("SKLSTM_RETAIN_HEAP", "1") != "0"
    return wanted and not any(name in os.environ for name in _USERS_TUNING) and _glibc() is not None


def _enter() -> None:
    global _n_inside
    with _LOCK:
        _n_inside += 1
        if _n_inside == 1:
            _set(_KEEP)


def _leave() -> None:
    global _n_inside
    with _LOCK:
        _n_inside -= 1
        if _n_inside == 0:
            _set(_RELEASE)
            library = _glibc()
            assert library is not None
            library.malloc_trim(0)


def _set(thresholds: dict[int, int]) -> None:
    library = _glibc()
    assert library is not None
    for parameter, value in thresholds.items():
        library.mallopt(parameter, value)


@cache
def _glibc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None) if platform.libc_ver()[0] == "glibc" else None
