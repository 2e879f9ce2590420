import os
import platform
import subprocess
import sys

import numpy as np
import pytest

from sklstm.training import heap
from sklstm.training.heap import retained_heap

on_glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc alone keeps a heap")

# Steps that allocate and free what a training step of batch 256 does; prints the page faults.
PROGRAM = """
import resource
import numpy as np
from sklstm.training.heap import retained_heap

def step():
    blocks = [np.ones(500_000) for _ in range(4)]

def faults(steps):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(steps):
        step()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

with retained_heap():
    step()
    inside = faults(20)
    held = int(open("/proc/self/statm").read().split()[1])
left = int(open("/proc/self/statm").read().split()[1])
print(inside, (held - left) * resource.getpagesize())
"""


def run(**environment):
    process = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    faults, given_back = map(int, process.stdout.split())
    return faults, given_back


@on_glibc
def test_steps_fault_no_pages_in_and_the_heap_is_given_back():
    faults, given_back = run()
    assert faults < 100
    assert given_back > 10e6


@on_glibc
@pytest.mark.parametrize(
    "environment", [{"SKLSTM_RETAIN_HEAP": "0"}, {"MALLOC_MMAP_THRESHOLD_": "131072"}]
)
def test_switched_off(environment):
    faults, _ = run(**environment)
    assert faults > 20 * 3000  # four blocks of 4 MB a step, 4 kB a page


@pytest.fixture
def calls(monkeypatch):
    """Record what a C library is asked for."""

    class Calls(list):
        pass

    made = Calls()

    class Library:
        largest = 2**31

        def mallopt(self, parameter, value):
            if parameter == heap._MMAP_THRESHOLD and value > self.largest:
                return 0
            made.append(value)
            return 1

        def malloc_trim(self, pad):
            made.append("trim")

    monkeypatch.setattr(heap, "_glibc", Library)
    made.library = Library
    for name in ("SKLSTM_RETAIN_HEAP", *heap._USERS_TUNING):
        monkeypatch.delenv(name, raising=False)
    return made


MB = 2**20
KEEP, RELEASE = [1024 * MB, heap._NO_TRIM], [32 * MB, 64 * MB]


@pytest.mark.parametrize("error", [None, ValueError, KeyboardInterrupt])
def test_thresholds_are_released_at_the_end(calls, error):
    try:
        with retained_heap():
            assert calls == KEEP
            if error:
                raise error
    except (ValueError, KeyboardInterrupt):
        pass
    assert calls == [*KEEP, *RELEASE, "trim"]


def test_only_the_outermost_counts(calls):
    with retained_heap():
        with retained_heap():
            pass
        assert calls == KEEP
    assert calls == [*KEEP, *RELEASE, "trim"]


@pytest.mark.parametrize(("largest", "kept"), [(32 * MB, [32 * MB, heap._NO_TRIM]), (0, [])])
def test_an_older_glibc_refuses_large_thresholds(calls, largest, kept):
    calls.library.largest = largest
    with retained_heap():
        assert calls == kept


def test_ctrl_c_on_the_way_in_leaves_nothing_kept(calls, monkeypatch):
    def interrupted(library):
        raise KeyboardInterrupt

    monkeypatch.setattr(heap, "_keeps_blocks", interrupted)
    with pytest.raises(KeyboardInterrupt), retained_heap():
        pass
    assert calls == [*RELEASE, "trim"]
    monkeypatch.undo()
    assert not heap._inside


def test_another_c_library_is_left_alone(monkeypatch):
    monkeypatch.setattr(heap, "_glibc", lambda: None)
    assert heap._library() is None
    with retained_heap():
        assert np.ones(3).sum() == 3


@pytest.mark.parametrize("name", heap._USERS_TUNING)
def test_a_tuned_allocator_is_left_alone(calls, monkeypatch, name):
    monkeypatch.setenv(name, "1")
    with retained_heap():
        pass
    assert calls == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_process_that_was_forked_beside_a_fit_counts_its_own(calls):
    with retained_heap():
        child = os.fork()
        if child == 0:
            calls.clear()
            with retained_heap():
                pass
            os._exit(0 if calls == [*KEEP, *RELEASE, "trim"] else 1)
        assert os.waitpid(child, 0)[1] == 0
