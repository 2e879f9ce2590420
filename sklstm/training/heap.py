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
# Blocks up to so much are kept; glibc before 2.35 refuses the first.
_LARGEST_KEPT = (1024 * _MB, 32 * _MB)
_NO_TRIM = 2**31 - 1
# What glibc itself comes to once a program has freed a large array. Its own adjustment cannot be
# switched on again.
_RELEASE = {_MMAP_THRESHOLD: 32 * _MB, _TRIM_THRESHOLD: 64 * _MB}

# Who has set one of these has tuned the allocator for the process.
_USERS_TUNING = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES")

_LOCK = threading.Lock()
_inside: set[object] = set()


def _start_anew() -> None:
    global _LOCK, _inside  # fits of the parent's threads are none of a forked child's
    _LOCK, _inside = threading.Lock(), set()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)


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
    library = _library()
    if library is None:
        yield
        return
    token = object()
    try:
        _enter(library, token)
        yield
    finally:
        _leave(library, token)


def _library() -> ctypes.CDLL | None:
    """Return glibc, or None where the allocator is to be left alone."""
    wanted = os.environ.get("SKLSTM_RETAIN_HEAP", "1") != "0"
    tuned = any(name in os.environ for name in _USERS_TUNING)
    return _glibc() if wanted and not tuned else None


def _enter(library: ctypes.CDLL, token: object) -> None:
    with _LOCK:
        _inside.add(token)
        if len(_inside) == 1 and _keeps_blocks(library):
            library.mallopt(_TRIM_THRESHOLD, _NO_TRIM)


def _keeps_blocks(library: ctypes.CDLL) -> bool:
    """Tell whether large blocks come from the heap now: any threshold ends glibc's adjustment."""
    return any(library.mallopt(_MMAP_THRESHOLD, size) for size in _LARGEST_KEPT)


def _leave(library: ctypes.CDLL, token: object) -> None:
    with _LOCK:
        _inside.discard(token)  # Ctrl-C may have come before it was in
        if not _inside:
            for parameter, value in _RELEASE.items():
                library.mallopt(parameter, value)
            library.malloc_trim(0)


@cache
def _glibc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None) if platform.libc_ver()[0] == "glibc" else None
