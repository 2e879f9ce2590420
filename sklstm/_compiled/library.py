"""The compiled kernels: where they are, and what they are called with."""

import ctypes
from ctypes import c_float, c_long, c_void_p
from functools import cache
from importlib.util import find_spec
from typing import Any

# Widest vectors first; a kernel runs on the processors that have its instructions.
INSTRUCTION_SETS = ("avx512", "avx2", "neon")


class Scan(ctypes.Structure):
    """A layer and a batch, as `struct scan` in kernels.c."""

    _fields_ = (
        *((name, c_long) for name in ("cell", "batch", "time", "inputs", "hidden")),
        *((name, c_void_p) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")),
        ("packed", c_void_p),
        ("x", c_void_p),
        ("x_row", c_long),
        ("x_step", c_long),
        *((name, c_void_p) for name in ("steps", "memory", "gates")),
        ("grad", c_void_p),
        ("grad_row", c_long),
        ("grad_step", c_long),
        ("last_only", c_long),
        ("lengths", c_void_p),
        ("grad_x", c_void_p),
        ("resumes", c_long),
    )


class Summary(ctypes.Structure):
    """States of all steps and what feeds the output of them, as `struct summary` in kernels.c."""

    _fields_ = (
        *((name, c_long) for name in ("time", "features", "ahead")),
        ("states", c_void_p),
        *((name, c_long) for name in ("row", "step")),
        *((name, c_void_p) for name in ("lengths", "weight", "bias", "moments", "factors")),
        ("pooled", c_void_p),
        *((name, c_long) for name in ("columns", "last", "mean", "max")),
        *((name, c_void_p) for name in ("grad", "grad_states")),
        ("epsilon", c_float),
    )


class Kernel:
    """The functions of kernels.c for one instruction set; they let other threads of Python run.

    Parameters
    ----------
    library : ctypes.CDLL
    instruction_set : str
        One of `INSTRUCTION_SETS` that the library was built with.

    Attributes
    ----------
    lanes : int
        Floats of a vector; 0 where this processor does not have the instructions, or the library
        was built from another version of kernels.c.
    """

    def __init__(self, library: ctypes.CDLL, instruction_set: str) -> None:
        def function(name: str, *arguments: Any, result: Any = None) -> Any:
            found = getattr(library, f"{name}_{instruction_set}")
            found.argtypes, found.restype = arguments, result
            return found

        scan, summary = ctypes.POINTER(Scan), ctypes.POINTER(Summary)
        self.instruction_set = instruction_set
        self.pack_forward = function("pack_forward", scan)
        self.forward = function("forward", scan, c_long, c_long)
        self.pack_backward = function("pack_backward", scan)
        self.workspace = function("workspace", scan, result=c_long)
        self.backward = function("backward", scan, c_long, c_long, c_void_p)
        self.unpack = function("unpack", scan, c_void_p, c_long, *[c_void_p] * 4)
        self.summary_workspace = function("summary_workspace", summary, result=c_long)
        self.summarize = function("summarize", summary, c_long, c_long, c_void_p)
        self.summarize_backward = function("summarize_backward", summary, c_long, c_long, c_void_p)
        lanes = function("lanes", c_long, c_long, result=c_long)
        self.lanes: int = lanes(ctypes.sizeof(Scan), ctypes.sizeof(Summary))


@cache
def kernels() -> tuple[Kernel, ...]:
    """Return the kernels that run on this processor, the fastest first.

    Returns
    -------
    tuple of Kernel
        Empty where the package was installed without a compiler or built for another system, and
        on processors that none is for.

    Examples
    --------
    >>> from sklstm._compiled import kernels
    >>> all(kernel.lanes in (4, 8, 16) for kernel in kernels())
    True
    """
    spec = find_spec("sklstm._compiled._kernels")
    if spec is None or spec.origin is None:
        return ()
    try:
        library = ctypes.CDLL(spec.origin)
    except OSError:  # of another architecture, or where nothing may be executed
        return ()
    found = [_kernel(library, name) for name in INSTRUCTION_SETS]
    return tuple(kernel for kernel in found if kernel is not None and kernel.lanes)


def _kernel(library: ctypes.CDLL, instruction_set: str) -> Kernel | None:
    try:
        return Kernel(library, instruction_set)
    except AttributeError:  # built without this set, or from another version of kernels.c
        return None
