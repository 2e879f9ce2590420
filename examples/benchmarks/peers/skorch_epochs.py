"""When the epochs of a skorch net ended."""

from itertools import accumulate
from time import perf_counter
from typing import Any


def epoch_ends(history: Any) -> list[float]:
    """Return the time of each epoch's end, of a fit that has just ended.

    They are reckoned back from now by the durations that skorch itself has recorded: a callback
    would make batches slower. What is left over counts as part of the first epoch.
    """
    later = history[1:, "dur"]
    return list(accumulate(reversed(later), float.__sub__, initial=perf_counter()))[::-1]
