"""The largest value over time."""

from typing import Any

import torch
from torch import Tensor


def maximum(states: Tensor) -> Tensor:
    """Return the largest of each feature over time.

    As `torch.amax`, and as there several largest share the gradient, which takes a half to a third
    of the time: it is told by numbers, where torch's is by bools, one after another.

    Parameters
    ----------
    states : Tensor of shape (batch, time, features)

    Returns
    -------
    Tensor of shape (batch, features)

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn.maximum import maximum
    >>> maximum(torch.tensor([[[1.0, 5.0], [3.0, 2.0]]]))
    tensor([[3., 5.]])
    """
    if not states.requires_grad:
        return states.amax(1)
    largest: Tensor = _Maximum.apply(states)  # type: ignore[no-untyped-call]
    return largest


class _Maximum(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(states: Tensor) -> Tensor:
        return states.amax(1)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs, output)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        states, largest = ctx.saved_tensors
        is_largest = states.detach().clone().eq_(largest.detach()[:, None])  # one or zero
        shared: Tensor = is_largest * (grad / is_largest.sum(1))[:, None]
        return shared
