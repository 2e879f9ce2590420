"""How the learning rate changes during a fit."""

import math
from collections.abc import Callable

_WARM_UP = 0.05  # share of the fit in which the rate rises


def cosine(progress: float) -> float:
    """Rise linearly over the first twentieth of the fit, then fall to zero along a cosine.

    Goyal et al. (2017) for the rise, Loshchilov and Hutter (2017) for the fall.
    """
    if progress < _WARM_UP:
        return progress / _WARM_UP
    return 0.5 * (1 + math.cos(math.pi * (progress - _WARM_UP) / (1 - _WARM_UP)))


# Each maps the share of the fit's steps that are done, in (0, 1], to a factor of the rate; None
# leaves the rate alone, or to a callback.
SCHEDULES: dict[str, Callable[[float], float] | None] = {"constant": None, "cosine": cosine}
