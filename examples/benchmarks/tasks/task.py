"""What a task is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Data:
    """A training part and a test part; nothing of the test part is seen in fit."""

    X_train: Any
    y_train: Any
    X_test: Any
    y_test: Any


@dataclass(frozen=True)
class Task:
    """A data set, split.

    Attributes
    ----------
    kind : {"forecast", "regress", "classify"}
        Forecasts are scored by RMSE over that of the last value, other regressions by RMSE over
        that of the training mean, classifications by the share of errors.
    load : callable
        Returns the data; what is random in it has a seed of its own.
    """

    kind: str
    load: Callable[[], Data]
