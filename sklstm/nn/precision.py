"""Products in bfloat16, where the model asks for them."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor


def autocast(x: Tensor, *, enabled: bool) -> AbstractContextManager[Any]:
    """Return a context in which matrix products and recurrent layers compute in bfloat16.

    Parameters
    ----------
    x : Tensor
        Says on which kind of device.
    enabled : bool
        Whether at all; the context is else without effect.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn.precision import autocast
    >>> x = torch.ones(2, 2)
    >>> with autocast(x, enabled=True):
    ...     (x @ x).dtype
    torch.bfloat16
    """
    return torch.autocast(x.device.type, torch.bfloat16) if enabled else nullcontext()
