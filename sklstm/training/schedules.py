"""How the learning rate changes during a fit."""

import math
from collections.abc import Callable

from torch.optim import Optimizer

_WARM_UP = 0.05  # share of the fit in which the rate rises


def cosine(progress: float) -> float:
    """Rise linearly over the first twentieth of the fit, then fall to zero along a cosine.

    Goyal et al. (2017) for the rise, Loshchilov and Hutter (2017) for the fall.
    """
    if progress < _WARM_UP:
        return progress / _WARM_UP
    return 0.5 * (1 + math.cos(math.pi * (progress - _WARM_UP) / (1 - _WARM_UP)))


# Each maps how far a fit is in the middle of a step, in (0, 1), to a factor of the rate; None
# leaves the rate alone, or to a callback.
SCHEDULES: dict[str, Callable[[float], float] | None] = {"constant": None, "cosine": cosine}


class RateSchedule:
    """Sets the learning rate before every step.

    Parameters
    ----------
    factor : callable
        Maps how far the fit is in the middle of a step, in (0, 1), to a factor of the rate.
    rate : float
        Highest learning rate.
    n_steps : int
        Steps of the whole fit.

    Examples
    --------
    >>> import torch
    >>> from sklstm.training.schedules import RateSchedule, cosine
    >>> optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    >>> schedule = RateSchedule(cosine, 1.0, 40)
    >>> schedule.step(optimizer)
    >>> optimizer.param_groups[0]["lr"]
    0.25
    """

    def __init__(self, factor: Callable[[float], float], rate: float, n_steps: int) -> None:
        self.factor = factor
        self.rate = rate
        self.n_steps = n_steps
        self.n_done = 0

    def step(self, optimizer: Optimizer) -> None:
        """Set the rate of the step to come."""
        # the middle, so that no step is made at a rate of zero, be it the only one
        rate = self.rate * self.factor(min(1.0, (self.n_done + 0.5) / self.n_steps))
        self.n_done += 1
        for group in optimizer.param_groups:
            group["lr"] = rate
