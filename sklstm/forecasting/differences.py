"""Subtracting earlier values, and adding them again."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def difference(
    values: NDArray[np.float64], n_before: NDArray[np.int64], lags: Sequence[int]
) -> NDArray[np.float64]:
    """Subtract from each row the row a lag before, lag after lag.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_columns)
        Series, one behind the other.
    n_before : ndarray of shape (n_rows,)
        How many rows of its series lie before each.
    lags : sequence of int
        1 subtracts the row before, 12 that of the season before where a season is 12 rows.

    Returns
    -------
    ndarray of shape (n_rows, n_columns)
        NaN in the first ``sum(lags)`` rows of each series.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.forecasting.differences import difference
    >>> difference(np.array([[1.0], [2.0], [4.0], [7.0]]), np.arange(4), [1, 1]).ravel().tolist()
    [nan, nan, 1.0, 1.0]
    """
    for lag in lags:
        before = np.roll(values, lag, axis=0)
        before[n_before < lag] = np.nan  # another series' rows
        values = values - before
    return values


def difference_windows(windows: NDArray[np.float64], lags: Sequence[int]) -> NDArray[np.float64]:
    """Return the differences within windows, ``sum(lags)`` rows shorter.

    Parameters
    ----------
    windows : ndarray of shape (n_windows, n_rows, n_columns)
    lags : sequence of int
        As in `difference`.

    Returns
    -------
    ndarray of shape (n_windows, n_rows - sum(lags), n_columns)
    """
    for lag in lags:
        windows = windows[:, lag:] - windows[:, :-lag]
    return windows


def undo_difference(
    changes: NDArray[np.float64], before: NDArray[np.float64], lags: Sequence[int]
) -> NDArray[np.float64]:
    """Return the values that follow, given their differences.

    Parameters
    ----------
    changes : ndarray of shape (n_series, n_steps, n_columns)
        What follows, differenced.
    before : ndarray of shape (n_series, n_before, n_columns)
        The last values of each series, at least ``sum(lags)``.
    lags : sequence of int
        As in `difference`.

    Returns
    -------
    ndarray of shape (n_series, n_steps, n_columns)

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.forecasting.differences import undo_difference
    >>> undo_difference(np.ones((1, 3, 1)), np.array([[[5.0], [7.0]]]), [1, 1]).ravel().tolist()
    [10.0, 14.0, 19.0]
    """
    if not lags:
        return changes
    lag, *rest = lags
    inner = undo_difference(changes, difference_windows(before, [lag]), rest)
    values = np.concatenate([before[:, -lag:], inner], axis=1)
    for step in range(inner.shape[1]):
        values[:, lag + step] += values[:, step]
    return values[:, lag:]
