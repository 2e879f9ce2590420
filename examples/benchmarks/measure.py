"""What the benchmarks share: peak memory, and rivals that take turns."""

import resource
import sys
from collections.abc import Callable
from statistics import median
from typing import Any

MB = 1e6

# What others train: one layer, and a linear layer on its last state; of a regressor fitted once.
PLAIN_LAYER: dict[str, Any] = {
    "pooling": "last",
    "normalization": None,
    "patch_size": 1,
    "feature_encoding": "standard",
}
PLAIN_NETWORK = PLAIN_LAYER | {"linear_skip": False}


def peak() -> float:
    """Return the peak resident size so far, in MB; ru_maxrss is in kB, on macOS in bytes."""
    usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return usage / MB if sys.platform == "darwin" else usage * 1024 / MB


def alternate(rivals: dict[str, Callable[[], list[float]]], rounds: int) -> dict[str, float]:
    """Let rivals take turns; return the median of the seconds that each reports.

    The one that begins changes from round to round, so that no slow spell of the machine and no
    warm cache favours either.
    """
    seconds: dict[str, list[float]] = {name: [] for name in rivals}
    for number in range(rounds):
        for name in list(rivals)[:: 1 if number % 2 == 0 else -1]:
            seconds[name] += rivals[name]()
    return {name: median(values) for name, values in seconds.items()}
