"""Where kernels are to be found."""

import importlib
import platform
import shutil
import sys

import pytest

from sklstm.nn.fused import library


@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() != "x86_64" or not shutil.which("gcc"),
    reason="the package may be installed without a kernel here",
)
def test_the_kernel_is_built_where_a_compiler_is():
    with open("/proc/cpuinfo") as file:  # noqa: PTH123
        has_avx2 = " avx2 " in file.read()
    assert bool(library.kernels()) is has_avx2


def test_the_widest_vectors_come_first():
    lanes = [kernel.lanes for kernel in library.kernels()]
    assert lanes == sorted(lanes, reverse=True)


def test_without_the_library_there_are_no_kernels(monkeypatch):
    monkeypatch.setattr(library, "find_spec", lambda name: None)
    assert library.kernels.__wrapped__() == ()


def test_room_is_loaded_without_its_library():
    assert "sklstm.nn.fused._fused" not in sys.modules  # it is no module of Python's
    assert importlib.import_module("sklstm.nn.fused").can_run
