"""What tells whether a parameter is what it was."""

from numbers import Number
from typing import Any

from sklearn.base import BaseEstimator


def same_setting(before: Any, now: Any) -> bool:
    """Tell whether two values of a parameter are one setting, also in a copy or another process.

    Parameters
    ----------
    before, now : object
        Estimators are the same if their parameters are, functions and classes by their names, and
        objects that cannot be compared if they are of one class.

    Returns
    -------
    bool

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> from sklstm.forecasting.settings import same_setting
    >>> same_setting(Ridge(2), Ridge(2)), same_setting(Ridge(2), Ridge(3))
    (True, False)
    >>> same_setting(np.random.RandomState(0), np.random.RandomState(0))
    True
    """
    return bool(_told(before) == _told(now))


def _told(value: Any) -> Any:
    """Return something that is equal where settings are."""
    if isinstance(value, BaseEstimator):
        return type(value), _told(value.get_params(deep=False))
    if isinstance(value, dict):
        return {name: _told(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_told(member) for member in value]
    if hasattr(value, "tolist"):  # an array of any library
        return _told(value.tolist())
    if isinstance(value, Number):
        return repr(value)  # in which NaN is NaN
    if hasattr(value, "__qualname__"):
        return value.__module__, value.__qualname__
    cannot_be_compared = type(value).__eq__ is object.__eq__  # type: ignore[comparison-overlap]
    return type(value) if cannot_be_compared else value
