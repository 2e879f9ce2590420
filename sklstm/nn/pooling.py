"""What of a recurrent layer's steps feeds the output."""

from collections.abc import Callable

import torch
from torch import Tensor

from sklstm.nn.masks import last_steps, present_steps

Pooling = Callable[[Tensor, Tensor | None, int], Tensor]


def pool_last(states: Tensor, lengths: Tensor | None, n_directions: int) -> Tensor:
    """Take the state that has seen the whole sequence, of each direction.

    The forward direction has at the last present step, the backward direction at the first.
    """
    n_hidden = states.shape[2] // n_directions
    ahead = last_steps(states, lengths)
    if n_directions == 1:
        return ahead
    return torch.cat([ahead[:, :n_hidden], states[:, 0, n_hidden:]], dim=1)


def pool_mean(states: Tensor, lengths: Tensor | None, n_directions: int) -> Tensor:
    """Average over the present steps."""
    if lengths is None:
        return states.mean(1)
    absent = ~present_steps(lengths, states.shape[1])
    return states.masked_fill(absent[:, :, None], 0.0).sum(1) / lengths[:, None]


def pool_max(states: Tensor, lengths: Tensor | None, n_directions: int) -> Tensor:
    """Take the largest value over the present steps."""
    if lengths is not None:
        absent = ~present_steps(lengths, states.shape[1])
        states = states.masked_fill(absent[:, :, None], -torch.inf)
    return states.amax(1)


def pool_steps(states: Tensor, lengths: Tensor | None, n_directions: int) -> Tensor:
    """Take all present steps, those of one sequence after those of another, (steps, features)."""
    if lengths is None:
        return states.reshape(-1, states.shape[2])
    return states[present_steps(lengths, states.shape[1])]


# Several stand side by side. Each maps states (batch, time, directions * hidden) to (batch,
# directions * hidden).
POOLINGS: dict[str, tuple[Pooling, ...]] = {
    "last": (pool_last,),
    "mean": (pool_mean,),
    "max": (pool_max,),
    "concat": (pool_last, pool_mean, pool_max),
}
