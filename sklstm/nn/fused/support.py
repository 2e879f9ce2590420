"""What compiled functions take, and what they refuse."""

import torch
from torch import Tensor

from sklstm._compiled import kernels
from sklstm.nn.watched import is_watched


def can_take(x: Tensor) -> bool:
    """Return whether compiled functions compute with a tensor on this machine.

    They do in single precision on the CPU, where the package was built with a compiler and the
    processor has AVX2, AVX-512 or NEON; not while `is_watched`.

    Parameters
    ----------
    x : Tensor

    Returns
    -------
    bool

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn.fused.support import can_take
    >>> can_take(torch.zeros(2, dtype=torch.float64))
    False
    """
    return (
        not is_watched(x)
        and x.dtype == torch.float32
        and x.device.type == "cpu"
        and bool(kernels())
    )


def as_lengths(lengths: Tensor, batch: int, time: int) -> Tensor:
    """Return numbers of steps as compiled functions read them.

    Parameters
    ----------
    lengths : Tensor of shape (batch,)
    batch, time : int

    Returns
    -------
    Tensor of shape (batch,), int64

    Raises
    ------
    ValueError
        If the steps are not all there.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn.fused.support import as_lengths
    >>> as_lengths(torch.tensor([2, 3], dtype=torch.int32), batch=2, time=3)
    tensor([2, 3])
    """
    numbers = lengths.numpy()
    are_integers = not lengths.is_floating_point() and numbers.shape == (batch,)
    if not are_integers or numbers.min(initial=1) < 1 or numbers.max(initial=1) > time:
        raise ValueError(f"lengths must be {batch} integers from 1 to {time}. Got {lengths}.")
    return lengths.to(torch.int64).contiguous()


def refuse_second_derivative() -> None:
    """Raise where a gradient is to be differentiated again.

    To be called by the gradient of a compiled function, whose result would pass for a constant.

    Raises
    ------
    RuntimeError
    """
    if torch.is_grad_enabled():
        raise RuntimeError(
            "A network in single precision can be differentiated once on a CPU: leave out "
            "create_graph=True, or take double precision."
        )
