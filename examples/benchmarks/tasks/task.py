"""What a task is."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

SENTINEL = -9999.0


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


def spoil(data: Data, share: float) -> Data:
    """Return data of which a share of the inputs, drawn at random, is a failed sensor's."""
    rng = np.random.default_rng(0)

    def spoiled(X: Any) -> Any:
        if isinstance(X, list):
            return [spoiled(sequence) for sequence in X]
        return np.where(rng.uniform(size=np.shape(X)) < share, SENTINEL, X)

    return replace(data, X_train=spoiled(data.X_train), X_test=spoiled(data.X_test))
