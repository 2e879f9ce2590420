"""What is shared by the whole process: random state, gradients, the device."""

import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import cache
from types import FrameType
from typing import Any

import numpy as np
import torch
from sklearn.utils import check_random_state

from sklstm.training.heap import retained_heap

# torch has one random state and one thread count a process. Fits in threads of one process
# therefore take turns.
_FITTING = threading.RLock()


def _new_lock() -> None:
    global _FITTING  # a thread that holds it in the parent is none of a forked child's
    _FITTING = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_new_lock)

# Multiplications of a time step in one gate, above which a second thread pays for its
# synchronisation.
_PRODUCT_WORTH_SHARING = 2**19

# Ctrl-C is raised at the end of the call that it meets: what changes the process is called within
# the `try` that puts it back.


@contextmanager
def private_runtime(seed: int, device: str, n_threads: int | None = None) -> Iterator[int]:
    """Run a fit with random state, thread count and default dtype of its own; put them back.

    Gradients are enabled within, and the heap is kept; for the rest see `own_defaults`.

    Parameters
    ----------
    seed : int
        Seeds torch within.
    device : str
        Device whose random state is used beside the CPU's.
    n_threads : int or None, default=None
        Threads of torch within; None, or more than there are, changes nothing.

    Yields
    ------
    int
        Threads that torch has outside.

    Examples
    --------
    >>> import torch
    >>> from sklstm.training import private_runtime
    >>> before = torch.get_rng_state()
    >>> with private_runtime(0, "cpu"):
    ...     noise = torch.rand(3)
    >>> torch.equal(before, torch.get_rng_state())
    True
    """
    gpu = device if device.startswith("cuda") else None
    with (
        _FITTING,
        torch.random.fork_rng(devices=[] if gpu is None else [gpu]),
        own_defaults(torch.device(device).type),
        torch.enable_grad(),
    ):
        torch.default_generator.manual_seed(seed)
        if gpu is not None:
            with torch.cuda.device(gpu):  # else torch seeds the current one
                torch.cuda.manual_seed(seed)
        with retained_heap(), _threads(n_threads) as before, _default_dtype(torch.float32):
            yield before


def own_defaults(kind: str) -> AbstractContextManager[Any]:
    """Compute without the caller's autocast, inference mode and default device.

    All three are a thread's own, so that no lock is needed.

    Parameters
    ----------
    kind : str
        Type of the device on which autocast is switched off. What is made without a word of its
        device is made on the CPU.

    Returns
    -------
    context manager

    Examples
    --------
    >>> import torch
    >>> from sklstm.training import own_defaults
    >>> with torch.autocast("cpu", torch.bfloat16), own_defaults("cpu"):
    ...     torch.mm(torch.ones(1, 1), torch.ones(1, 1)).dtype
    torch.float32
    """
    needed: list[Any] = []  # what is as it should be is not set, which would cost time
    if torch.is_autocast_enabled(kind):
        needed.append(_no_autocast(kind))
    if torch.is_inference_mode_enabled():
        needed.append(torch.inference_mode(False))  # whose tensors no later step could change
    if torch.empty(0).device.type != "cpu":
        needed.append(torch.device("cpu"))
    return _within(needed) if needed else nullcontext()


@contextmanager
def _within(contexts: Sequence[AbstractContextManager[Any]]) -> Iterator[None]:
    with ExitStack() as stack:
        for context in contexts:
            stack.enter_context(context)
        yield


@contextmanager
def _no_autocast(kind: str) -> Iterator[None]:
    """Switch off the caller's autocast, by its flags: nested contexts would reuse stale casts."""
    cached = torch.is_autocast_cache_enabled()
    try:
        torch.set_autocast_enabled(kind, False)
        torch.set_autocast_cache_enabled(False)
        yield
    finally:
        torch.set_autocast_enabled(kind, True)
        torch.set_autocast_cache_enabled(cached)


@contextmanager
def _default_dtype(dtype: torch.dtype) -> Iterator[None]:
    before = torch.get_default_dtype()
    try:
        torch.set_default_dtype(dtype)
        yield
    finally:
        torch.set_default_dtype(before)


@contextmanager
def _threads(n_threads: int | None) -> Iterator[int]:
    before = torch.get_num_threads()
    if n_threads is None or n_threads >= before:
        yield before
        return
    try:
        torch.set_num_threads(n_threads)
        yield before
    finally:
        torch.set_num_threads(before)


@contextmanager
def subnormals_flushed() -> Iterator[None]:
    """Let numbers too small to be normal be zero in this thread, as long as the context lasts.

    Gradients that vanish pass through them, and some processors take a hundred times as long for
    each. Threads of torch's own, where it has several, keep them.

    Examples
    --------
    >>> from sklstm.training.runtime import subnormals_flushed
    >>> with subnormals_flushed():
    ...     pass  # a step of training
    """
    smallest_normal = sys.float_info.min
    if smallest_normal / 2 == 0.0:  # the caller has it so
        yield
        return
    try:
        torch.set_flush_denormal(True)
        yield
    finally:
        torch.set_flush_denormal(False)


def threads_for(batch_size: int, widest: int) -> int | None:
    """Return how many threads suit a network, None for as many as there are.

    Parameters
    ----------
    batch_size : int
        Sequences of a step.
    widest : int
        Units of its widest layer.

    Returns
    -------
    int or None

    Examples
    --------
    >>> from sklstm.training import threads_for
    >>> threads_for(32, 64)
    1
    """
    return 1 if batch_size * widest**2 < _PRODUCT_WORTH_SHARING else None


class Interrupts:
    """Tells Ctrl-C from a callback that raises `KeyboardInterrupt` to end a fit.

    A context that stands in for Python's own handler of the signal, in the main thread, until the
    signal comes; where another handler is at work, nothing is known and nothing changed.

    Attributes
    ----------
    seen : bool
        Whether the user has pressed Ctrl-C inside.

    Examples
    --------
    >>> import signal
    >>> from sklstm.training import Interrupts
    >>> with Interrupts() as interrupts:
    ...     try:
    ...         signal.raise_signal(signal.SIGINT)
    ...     except KeyboardInterrupt:
    ...         print(interrupts.seen)
    True
    """

    def __init__(self) -> None:
        self.seen = False
        self.active = False

    def __enter__(self) -> "Interrupts":
        in_main = threading.current_thread() is threading.main_thread()
        self.active = in_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if self.active:
            signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(self, *error: object) -> None:
        if self.active:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.seen = True
        # here, since it may come before the block begins, which is then not left either
        signal.signal(signal.SIGINT, signal.default_int_handler)
        raise KeyboardInterrupt


def fresh_seed(random_state: Any) -> int:
    """Return a seed drawn from `random_state`.

    Parameters
    ----------
    random_state : None, int or numpy RandomState
        None takes fresh entropy and leaves numpy's global state alone.

    Returns
    -------
    int

    Examples
    --------
    >>> from sklstm.training import fresh_seed
    >>> fresh_seed(0) == fresh_seed(0)
    True
    """
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    return int(check_random_state(random_state).randint(2**31 - 1))


def resolve_device(device: str) -> str:
    """Return the device to train on.

    Parameters
    ----------
    device : str
        "auto" takes a CUDA device if there is one, else the CPU; anything else is torch's name.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If torch knows no such device or it is not at hand.

    Examples
    --------
    >>> from sklstm.training import resolve_device
    >>> resolve_device("cpu")
    'cpu'
    """
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.zeros(1, device=device).item()
    except (RuntimeError, AssertionError, NotImplementedError, ImportError) as error:
        raise ValueError(
            f"The 'device' parameter must be 'auto' or a device that torch has here, such as 'cpu' "
            f"or 'cuda:0'. Got {device!r}: {str(error).splitlines()[0]}"
        ) from error
    return str(torch.device(device))


def check_precision(precision: str, device: str) -> None:
    """Raise if a device has no instructions for a precision.

    Parameters
    ----------
    precision : {"float32", "float64", "bfloat16"}
    device : str
        Known to torch.

    Raises
    ------
    ValueError
        If "bfloat16" would be imitated in float32, which is slower and less precise.

    Examples
    --------
    >>> from sklstm.training import check_precision
    >>> check_precision("float32", "cpu")
    """
    if precision == "bfloat16" and not _has_bfloat16(torch.device(device).type):
        raise ValueError(
            f"precision='bfloat16' needs a device with instructions for it: a CPU with AVX512-BF16 "
            f"or AMX, or a CUDA device of compute capability 8.0 or more. device={device!r} has "
            "none here: use precision='float32'."
        )


@cache
def _has_bfloat16(kind: str) -> bool:
    if kind == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if kind == "cpu":
        # torch tells it of x86 alone, and under names that it does not promise to keep
        probes = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
        return any(getattr(torch.cpu, probe, bool)() for probe in probes)
    return False
