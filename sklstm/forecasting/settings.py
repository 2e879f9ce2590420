"""What tells whether a parameter is what it was."""

from numbers import Number
from typing import Any

import joblib
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator


def same_setting(before: Any, now: Any) -> bool:
    """Tell whether two values of a parameter are one setting, also in a copy or another process.

    Parameters
    ----------
    before, now : object
        Estimators are the same if their parameters are, functions and classes if their names are,
        arrays if their numbers are, objects that can be compared if they are told alike, and others
        if they are of one class.

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
    """Return something that is equal where settings are, whatever `==` says of them."""
    if isinstance(value, BaseEstimator):
        return type(value), _told(value.get_params(deep=False))
    if hasattr(value, "__name__"):  # a class or a function
        return getattr(value, "__module__", None), value.__name__
    if isinstance(value, dict):
        return {name: _told(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_told(member) for member in value]
    if isinstance(value, np.ndarray | pd.Series | pd.DataFrame | pd.Index):
        return _told_of_array(np.asarray(value))
    if isinstance(value, Number):
        return "nan" if value != value else value  # NaN alone differs from itself
    cannot_be_compared = type(value).__eq__ is object.__eq__  # type: ignore[comparison-overlap]
    return type(value) if cannot_be_compared else repr(value)


def _told_of_array(array: NDArray[Any]) -> Any:
    if array.dtype == object:
        return _told(array.tolist())
    return array.dtype.str, array.shape, joblib.hash(np.ascontiguousarray(array))
