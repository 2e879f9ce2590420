"""Metrics of forecasts that scikit-learn does not have, and short names for those that it has."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import (
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    median_absolute_error,
    r2_score,
    root_mean_squared_error,
)
from sklearn.utils import check_array, check_consistent_length

from sklstm.model_selection.checks import check_int

# A series whose changes are this small beside its values is constant but for rounding.
_ROUNDING = 1e-12


def mean_absolute_scaled_error(
    y_true: ArrayLike, y_pred: ArrayLike, *, y_train: ArrayLike, period: int = 1
) -> float:
    """Return the mean absolute error in units of the naive forecast's error in training.

    Below 1, forecasts are better than the naive one was on average at one period ahead. It has
    no unit, so that it may be averaged over series of different size.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples,) or (n_samples, n_outputs)
        What came, and what was forecast.
    y_train : array-like of shape (n_times,) or (n_times, n_outputs)
        The series before the forecasts, oldest first; of one column, it scales all outputs.
    period : int, default=1
        The naive forecast repeats the value of `period` rows before: 1 is the last value, 12 that
        of the year before in monthly data.

    Returns
    -------
    float
        From 0, the mean over outputs.

    Raises
    ------
    ValueError
        If shapes disagree, something is not finite, or the series is not longer than `period` or
        does not change over it.

    See Also
    --------
    sklearn.metrics.mean_pinball_loss : For forecasts of quantiles.

    References
    ----------
    .. [1] Hyndman, R. J. and Koehler, A. B. (2006), Another look at measures of forecast accuracy,
       International Journal of Forecasting 22(4).

    Examples
    --------
    >>> from sklstm.model_selection import mean_absolute_scaled_error
    >>> mean_absolute_scaled_error([5, 7], [6, 6], y_train=[1, 3, 2, 4, 5])
    0.6666666666666666
    """
    y_true, y_pred = _check_forecasts(y_true, y_pred)
    scale = np.abs(_changes(y_train, y_true, period)).mean(axis=0)
    return float((np.abs(y_true - y_pred).mean(axis=0) / scale).mean())


def root_mean_squared_scaled_error(
    y_true: ArrayLike, y_pred: ArrayLike, *, y_train: ArrayLike, period: int = 1
) -> float:
    """Return the root mean squared error in units of the naive forecast's error in training.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples,) or (n_samples, n_outputs)
        What came, and what was forecast.
    y_train : array-like of shape (n_times,) or (n_times, n_outputs)
        The series before the forecasts, oldest first; of one column, it scales all outputs.
    period : int, default=1
        The naive forecast repeats the value of `period` rows before.

    Returns
    -------
    float
        From 0, the mean over outputs.

    Raises
    ------
    ValueError
        If shapes disagree, something is not finite, or the series is not longer than `period` or
        does not change over it.

    References
    ----------
    .. [1] Hyndman, R. J. and Koehler, A. B. (2006), Another look at measures of forecast accuracy,
       International Journal of Forecasting 22(4).
    .. [2] Makridakis, S., Spiliotis, E. and Assimakopoulos, V. (2022), M5 accuracy competition:
       results, findings, and conclusions, International Journal of Forecasting 38(4).

    Examples
    --------
    >>> from sklstm.model_selection import root_mean_squared_scaled_error
    >>> root_mean_squared_scaled_error([5, 9], [6, 6], y_train=[1, 3, 1, 3])
    1.118033988749895
    """
    y_true, y_pred = _check_forecasts(y_true, y_pred)
    scale = np.square(_changes(y_train, y_true, period)).mean(axis=0)
    return float(np.sqrt(np.square(y_true - y_pred).mean(axis=0) / scale).mean())


def symmetric_mean_absolute_percentage_error(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Return the mean of absolute errors over the mean size of forecast and truth.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples,) or (n_samples, n_outputs)
        What came, and what was forecast.

    Returns
    -------
    float
        A fraction from 0 to 2, not a percentage: ``2 |y - f| / (|y| + |f|)``, averaged. Where both
        are zero, the forecast is right and counts 0.

    Raises
    ------
    ValueError
        If shapes disagree or something is not finite.

    Notes
    -----
    It is not symmetric but in name: a forecast that is too low by some amount counts more than one
    that is too high by as much, and wherever the truth is zero, any other forecast counts 2.

    References
    ----------
    .. [1] Hyndman, R. J. and Koehler, A. B. (2006), Another look at measures of forecast accuracy,
       International Journal of Forecasting 22(4).

    Examples
    --------
    >>> from sklstm.model_selection import symmetric_mean_absolute_percentage_error
    >>> symmetric_mean_absolute_percentage_error([1, 0, 0], [3, 0, 1])
    1.0
    """
    y_true, y_pred = _check_forecasts(y_true, y_pred)
    size = np.abs(y_true) + np.abs(y_pred)
    fraction = 2 * np.abs(y_true - y_pred) / np.where(size > 0, size, 1.0)
    return float(fraction.mean())


def interval_coverage(y_true: ArrayLike, lower: ArrayLike, upper: ArrayLike) -> float:
    """Return the share of values that lie within their forecast intervals.

    An honest interval of coverage 0.9 holds nine values in ten; compare the widths as well, since
    an interval that is wide enough holds everything.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, n_outputs)
        What came.
    lower, upper : array-like of the shape of `y_true`
        The ends of the intervals, which belong to them.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    ValueError
        If shapes disagree or something is not finite.

    Examples
    --------
    >>> from sklstm.model_selection import interval_coverage
    >>> interval_coverage([1, 2, 3, 4], [0, 0, 0, 0], [1, 3, 5, 2])
    0.75
    """
    y_true, lower = _check_forecasts(y_true, lower, "lower")
    y_true, upper = _check_forecasts(y_true, upper, "upper")
    return float(((lower <= y_true) & (y_true <= upper)).mean())


METRICS: dict[str, Callable[..., float]] = {
    "mae": mean_absolute_error,
    "medae": median_absolute_error,
    "mse": mean_squared_error,
    "rmse": root_mean_squared_error,
    "mape": mean_absolute_percentage_error,
    "smape": symmetric_mean_absolute_percentage_error,
    "mase": mean_absolute_scaled_error,
    "rmsse": root_mean_squared_scaled_error,
    "r2": r2_score,
}

# Of METRICS, those that are told the training series, and those of which more is better.
SCALED = frozenset({"mase", "rmsse"})
SCORES = frozenset({"r2"})


def _check_forecasts(
    y_true: ArrayLike, y_pred: ArrayLike, name: str = "y_pred"
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    true, predicted = _columns(y_true, "y_true"), _columns(y_pred, name)
    check_consistent_length(true, predicted)
    if true.shape != predicted.shape:
        raise ValueError(
            f"y_true and {name} must have the same shape. Got {true.shape} and {predicted.shape}."
        )
    return true, predicted


def _columns(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return numbers of shape (n_rows, n_outputs)."""
    checked = check_array(values, ensure_2d=False, dtype=np.float64, input_name=name)
    columns: NDArray[np.float64] = checked.reshape(len(checked), -1)
    return columns


def _changes(y_train: ArrayLike, y_true: NDArray[Any], period: int) -> NDArray[np.float64]:
    """Return the errors of the naive forecast in training, none of whose columns is all zero."""
    check_int(period, "period")
    series = _columns(y_train, "y_train")
    if series.shape[1] not in (1, y_true.shape[1]):
        raise ValueError(
            f"y_train must have one column or as many as y_true, {y_true.shape[1]}. Got "
            f"{series.shape[1]}."
        )
    if len(series) <= period:
        raise ValueError(
            f"y_train must be longer than period={period}, whose changes scale the errors. Got "
            f"{len(series)} row(s): bring more, or shorten the period."
        )
    changes = series[period:] - series[:-period]
    still = np.abs(changes).max(axis=0) <= _ROUNDING * np.abs(series).max(axis=0)
    if still.any():
        raise ValueError(
            f"y_train does not change over period={period} in column {int(np.argmax(still))}, so "
            "that errors cannot be scaled by its changes. Take another period, a longer series, or "
            "a metric without scale such as 'mae'."
        )
    return changes
