"""Where kernels are to be found."""

import ctypes
import platform
import shutil
import sys
from types import SimpleNamespace

import pytest

from sklstm._compiled import library


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


def test_a_library_that_cannot_be_loaded_is_none(monkeypatch, tmp_path):
    (tmp_path / "broken.so").write_text("of another system")
    broken = SimpleNamespace(origin=str(tmp_path / "broken.so"))
    monkeypatch.setattr(library, "find_spec", lambda name: broken)
    assert library.kernels.__wrapped__() == ()


@pytest.mark.parametrize("name", ["Scan", "Summary"])
def test_a_library_with_another_structure_is_not_used(monkeypatch, name):
    class Other(ctypes.Structure):
        _fields_ = (*getattr(library, name)._fields_, ("more", ctypes.c_long))

    assert library.kernels.__wrapped__() or not library.kernels()
    monkeypatch.setattr(library, name, Other)
    assert library.kernels.__wrapped__() == ()


def test_a_library_without_one_of_the_functions_is_not_used(monkeypatch):
    class Older(ctypes.CDLL):
        def __getattr__(self, name):
            if name.startswith("summarize_"):
                raise AttributeError(name)
            return super().__getattr__(name)

    monkeypatch.setattr(library.ctypes, "CDLL", Older)
    assert library.kernels.__wrapped__() == ()
