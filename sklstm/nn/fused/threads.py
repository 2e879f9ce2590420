"""Shards of a batch, side by side in threads."""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache

import torch

# Fewer rows would leave tiles of the kernel half empty; each shard costs memory for its sums.
_FEWEST_ROWS = 16
_MOST_SHARDS = 8
# Multiplications of a shard below which waking a thread for it, or its own sums, cost more than it
# brings.
_LEAST_EFFORT = 6_000_000

# Threads of kernels where they are not torch's.
_KEPT: ContextVar[int | None] = ContextVar("kept", default=None)


@contextmanager
def keep_threads(count: int) -> Iterator[None]:
    """Let kernels within have a number of threads, whatever torch has.

    torch's own threads stay awake for a while after each operation that they share, and take the
    cores from the kernel's. With one thread for its small operations a step is up to twice as
    fast. Within another such block, that one's number holds.

    Parameters
    ----------
    count : int

    Examples
    --------
    >>> from sklstm.nn.fused import keep_threads
    >>> with keep_threads(2):
    ...     pass  # kernels work in two threads here
    """
    before = _KEPT.get()
    try:
        _KEPT.set(before or count)
        yield
    finally:
        _KEPT.set(before)


def shards_of(batch: int, effort: int) -> list[tuple[int, int]]:
    """Return the first and last row of each shard of a batch.

    They depend on the work alone, so that sums over shards, added in their order, are the same
    whatever the number of threads. Their number is a power of two.

    Parameters
    ----------
    batch : int
    effort : int
        Multiplications of the whole batch.

    Returns
    -------
    list of (int, int)

    Examples
    --------
    >>> from sklstm.nn.fused.threads import shards_of
    >>> shards_of(100, effort=30_000_000)
    [(0, 25), (25, 50), (50, 75), (75, 100)]
    >>> shards_of(100, effort=1_000_000)
    [(0, 100)]
    """
    count = 1
    most = min(_MOST_SHARDS, batch // _FEWEST_ROWS, effort // _LEAST_EFFORT)
    while 2 * count <= most:
        count *= 2
    return [(batch * i // count, batch * (i + 1) // count) for i in range(count)]


def for_each(n_shards: int, work: Callable[[int], None]) -> None:
    """Call `work` with each shard's number, in torch's number of threads, or the kept one.

    Parameters
    ----------
    n_shards : int
    work : callable
        Releases Python's lock.

    Examples
    --------
    >>> from sklstm.nn.fused.threads import for_each
    >>> for_each(1, print)
    0
    """
    threads = min(_KEPT.get() or torch.get_num_threads(), n_shards)
    if threads <= 1:
        for number in range(n_shards):
            work(number)
    else:
        _share(deque(range(n_shards)), work, threads - 1)


def _share(todo: deque[int], work: Callable[[int], None], helpers: int) -> None:
    def work_off() -> None:
        while True:
            try:
                number = todo.popleft()
            except IndexError:
                return
            work(number)

    busy: list[Future[None]] = []
    # No thread may be to be had, as while the interpreter ends: this one then does it all.
    with suppress(RuntimeError):
        busy.extend(_pool().submit(work_off) for _ in range(helpers))
    try:
        work_off()
    finally:
        todo.clear()  # after an error or Ctrl-C nobody begins another shard
    for helper in busy:
        if not helper.cancel():  # one that has not begun has nothing left to do
            helper.result()


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_MOST_SHARDS - 1, thread_name_prefix="sklstm")


# A child that was forked has the pool but not its threads.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)
