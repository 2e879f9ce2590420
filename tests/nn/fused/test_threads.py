"""Shards of a batch, and threads that work them off."""

import os
import threading
from concurrent.futures import Future

import pytest
import torch

from sklstm.nn.fused import threads


@pytest.mark.parametrize("batch", [0, 1, 31, 32, 63, 64, 65, 100, 512, 513, 5000])
def test_shards_cover_the_batch_once_in_even_parts(batch):
    shards = threads.shards_of(batch, effort=2**40)
    assert [row for first, last in shards for row in range(first, last)] == list(range(batch))
    sizes = [last - first for first, last in shards]
    assert max(sizes) - min(sizes) <= 1
    assert len(shards) in (1, 2, 4, 8)
    assert len(shards) == 1 or min(sizes) >= 16


def test_small_work_is_one_shard():
    assert threads.shards_of(600, effort=100) == [(0, 600)]


@pytest.mark.parametrize("count", [1, 2, 5])
def test_each_shard_is_worked_off_once(monkeypatch, count):
    monkeypatch.setattr(torch, "get_num_threads", lambda: count)
    seen = []
    threads.for_each(16, seen.append)
    assert sorted(seen) == list(range(16))


def test_one_shard_stays_in_its_thread(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    names = set()
    threads.for_each(1, lambda _: names.add(threading.get_ident()))
    assert names == {threading.get_ident()}


def test_an_error_in_a_thread_is_raised(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    meet = threading.Barrier(2)

    def fail_in_helper(number):
        meet.wait(timeout=60)  # both threads have work
        if threading.current_thread() is not threading.main_thread():
            raise ArithmeticError("in a helper")

    with pytest.raises(ArithmeticError, match="in a helper"):
        threads.for_each(2, fail_in_helper)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_has_threads_of_its_own(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    threads.for_each(2, lambda _: None)
    child = os.fork()
    if child == 0:
        seen = []
        threads.for_each(2, seen.append)
        os._exit(0 if sorted(seen) == [0, 1] else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_kept_threads_are_those_of_before(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    meet = threading.Barrier(2)  # passed by two threads only
    with threads.keep_threads(2), threads.keep_threads(1):  # the outer one's number holds
        monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
        threads.for_each(2, lambda _: meet.wait(timeout=60))
    names = set()
    threads.for_each(2, lambda _: names.add(threading.get_ident()))
    assert names == {threading.get_ident()}


def test_after_an_error_no_other_shard_is_begun(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    seen = []

    def fail(number):
        seen.append(number)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        threads.for_each(2, fail)
    assert seen == [0]


def test_work_is_done_where_no_thread_is_to_be_had(monkeypatch):
    class Ended:
        def submit(self, work):
            raise RuntimeError("cannot schedule new futures after interpreter shutdown")

    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    monkeypatch.setattr(threads, "_pool", Ended)
    seen = []
    threads.for_each(2, seen.append)
    assert seen == [0, 1]


def test_nobody_waits_for_a_helper_that_has_not_begun(monkeypatch):
    never = Future()

    class Busy:
        def submit(self, work):
            return never

    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    monkeypatch.setattr(threads, "_pool", Busy)
    threads.for_each(2, lambda _: None)
    assert never.cancelled()
