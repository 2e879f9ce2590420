"""What of a recurrent layer's steps feeds the output."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from sklstm.nn.masks import last_steps, present_steps


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


class Running(Protocol):
    """A pooling of the states so far; it begins with `like`, zeros of shape (streams, 1)."""

    def __init__(self, like: Tensor) -> None: ...

    def step(self, x: Tensor) -> Tensor:
        """Take the next state, (streams, hidden), and return what is pooled, of the same shape."""

    def reset(self, chosen: Tensor) -> None:
        """Begin anew with the chosen streams, a mask of shape (streams,)."""


class RunningLast:
    """The state itself."""

    def __init__(self, like: Tensor) -> None:
        pass

    def step(self, x: Tensor) -> Tensor:
        """Return the state."""
        return x

    def reset(self, chosen: Tensor) -> None:
        """Do nothing: nothing is kept."""


class RunningMean:
    """The mean of all states so far, summed in float64."""

    def __init__(self, like: Tensor) -> None:
        self.count = self.total = like.double()

    def step(self, x: Tensor) -> Tensor:
        """Return the mean, (streams, hidden)."""
        self.count = self.count + 1
        self.total = self.total + x
        return (self.total / self.count).to(x.dtype)

    def reset(self, chosen: Tensor) -> None:
        """Begin anew with the chosen streams."""
        self.count[chosen] = 0.0
        self.total[chosen] = 0.0


class RunningMax:
    """The maximum of all states so far."""

    def __init__(self, like: Tensor) -> None:
        self.largest = torch.full_like(like, -torch.inf)

    def step(self, x: Tensor) -> Tensor:
        """Return the maximum, (streams, hidden)."""
        self.largest = torch.maximum(self.largest, x)
        return self.largest

    def reset(self, chosen: Tensor) -> None:
        """Begin anew with the chosen streams."""
        self.largest[chosen] = -torch.inf


@dataclass(frozen=True)
class Pooling:
    """What of the states of all steps feeds the output.

    Attributes
    ----------
    whole : callable
        Of padded states (batch, time, directions * hidden), their lengths and the number of
        directions; returns (batch, directions * hidden).
    running : type
        The same of one direction, step by step.
    sees_all : bool
        Whether all states feed an output. Otherwise it is one of them, which must itself remember
        what came before.
    compiled : str or None, default=None
        What `fused.summarize` calls it, if it can.
    """

    whole: Callable[[Tensor, Tensor | None, int], Tensor]
    running: type[Running]
    sees_all: bool
    compiled: str | None = None


_LAST = Pooling(pool_last, RunningLast, sees_all=False, compiled="last")
_MEAN = Pooling(pool_mean, RunningMean, sees_all=True, compiled="mean")
_MAX = Pooling(pool_max, RunningMax, sees_all=True, compiled="max")
# Several stand side by side.
POOLINGS: dict[str, tuple[Pooling, ...]] = {
    "last": (_LAST,),
    "mean": (_MEAN,),
    "max": (_MAX,),
    "concat": (_LAST, _MEAN, _MAX),
}
# No pooling: outputs of every step.
EVERY_STEP = (Pooling(pool_steps, RunningLast, sees_all=False),)
