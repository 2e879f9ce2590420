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
