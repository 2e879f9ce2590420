"""Classification of whole sequences, in the parts that the archives give."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split

from sklstm.datasets import load_digit_sequences
from tasks.task import Data, Task

_ARCHIVE = (
    "ItalyPowerDemand",
    "GunPoint",
    "ArrowHead",
    "OSULeaf",
    "ACSF1",
    "BasicMotions",
    "JapaneseVowels",
)


def _steps_first(X: Any) -> Any:
    if isinstance(X, list):
        return [np.ascontiguousarray(sequence.T) for sequence in X]
    return np.ascontiguousarray(X.transpose(0, 2, 1))


def read_archive(load: Callable[..., Any], name: str) -> Data:
    """Return what one of aeon's loaders has under a name, time steps before features."""
    (X_train, y_train), (X_test, y_test) = (load(name, split=part) for part in ("train", "test"))
    return Data(_steps_first(X_train), y_train, _steps_first(X_test), y_test)


def archive(name: str) -> Data:
    """Return a classification of aeon's archive."""
    from aeon.datasets import load_classification

    return read_archive(load_classification, name)


def _digits() -> Data:
    X, y = load_digit_sequences()
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=0.25, stratify=y, random_state=0
    )
    return Data(X_train, y_train, X_test, y_test)


TASKS = {name: Task("classify", partial(archive, name)) for name in _ARCHIVE} | {
    "digits by rows": Task("classify", _digits)
}
