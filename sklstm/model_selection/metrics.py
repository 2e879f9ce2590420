"""Metrics of forecasts that scikit-learn does not have, and short names for those that it has."""

from collections.abc import Callable

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

from sklstm._validation import check_int

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
        The series before the forecasts, oldest first; of one column, it scales all outputs. May
        hold NaN where a value is missing.
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
        If shapes disagree, a forecast or its truth is not finite, or the series does not change
        over `period`, for example since it is no longer than that.

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
    true, predicted = _check_forecasts(y_true, y_pred)
    return scaled_error(true, predicted, _scale_of(true, y_train, period, 1), 1)


def root_mean_squared_scaled_error(
    y_true: ArrayLike, y_pred: ArrayLike, *, y_train: ArrayLike, period: int = 1
) -> float:
    """Return the root mean squared error in units of the naive forecast's error in training.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples,) or (n_samples, n_outputs)
        What came, and what was forecast.
    y_train : array-like of shape (n_times,) or (n_times, n_outputs)
        The series before the forecasts, oldest first; of one column, it scales all outputs. May
        hold NaN where a value is missing.
    period : int, default=1
        The naive forecast repeats the value of `period` rows before.

    Returns
    -------
    float
        From 0, the mean over outputs.

    Raises
    ------
    ValueError
        If shapes disagree, a forecast or its truth is not finite, or the series does not change
        over `period`, for example since it is no longer than that.

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
    true, predicted = _check_forecasts(y_true, y_pred)
    return scaled_error(true, predicted, _scale_of(true, y_train, period, 2), 2)


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
    true, predicted = _check_forecasts(y_true, y_pred)
    size = np.abs(true) + np.abs(predicted)
    fraction = 2 * np.abs(true - predicted) / np.where(size > 0, size, 1.0)
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
    true, low = _check_forecasts(y_true, lower, "lower")
    true, high = _check_forecasts(y_true, upper, "upper")
    return float(((low <= true) & (true <= high)).mean())


def scaled_error(
    y_true: NDArray[np.float64], y_pred: NDArray[np.float64], scale: NDArray[np.float64], power: int
) -> float:
    """Return the error of each output in units of its scale, averaged over outputs.

    Parameters
    ----------
    y_true, y_pred : ndarray of shape (n_samples, n_outputs)
        What came, and what was forecast.
    scale : ndarray of shape (n_outputs,)
        See `naive_scale`.
    power : {1, 2}
        1 takes the mean absolute error, 2 the root mean squared error.

    Returns
    -------
    float

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.model_selection.metrics import scaled_error
    >>> scaled_error(np.array([[1.0]]), np.array([[4.0]]), np.array([2.0]), 1)
    1.5
    """
    error = (np.abs(y_true - y_pred) ** power).mean(axis=0) ** (1 / power)
    return float((error / scale).mean())


def naive_scale(
    series: NDArray[np.float64], *, period: int, power: int, name: str = "y_train"
) -> NDArray[np.float64]:
    """Return the error of the naive forecast within a series.

    Parameters
    ----------
    series : ndarray of shape (n_times, n_outputs)
        Oldest first, NaN where a value is missing.
    period : int
        The naive forecast repeats the value of so many rows before.
    power : {1, 2}
        1 takes the mean absolute error, 2 the root mean squared error.
    name : str, default="y_train"
        How to call the series in messages.

    Returns
    -------
    ndarray of shape (n_outputs,)

    Raises
    ------
    ValueError
        If it does not change over `period`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.model_selection.metrics import naive_scale
    >>> naive_scale(np.array([[1.0], [3.0], [2.0], [4.0], [5.0]]), period=1, power=1)
    array([1.5])
    """
    check_int(period, "period")
    changes = np.abs(series[period:] - series[:-period])
    known = np.isfinite(changes)
    changes[~known] = 0
    size = np.abs(series, where=np.isfinite(series), out=np.zeros_like(series)).max(axis=0)
    still = changes.max(axis=0, initial=0) <= _ROUNDING * size
    if still.any():
        raise ValueError(
            f"{name}, of {len(series)} row(s), does not change over period={period} in column "
            f"{int(np.argmax(still))}, so that errors cannot be scaled by its changes. Take "
            "another period, a longer series, or a metric without scale such as 'mae'."
        )
    scale: NDArray[np.float64] = ((changes**power).sum(axis=0) / known.sum(axis=0)) ** (1 / power)
    return scale


def series_of(y_train: ArrayLike) -> NDArray[np.float64]:
    """Return a training series as columns of numbers.

    Parameters
    ----------
    y_train : array-like of shape (n_times,) or (n_times, n_outputs)
        May hold NaN.

    Returns
    -------
    ndarray of shape (n_times, n_outputs)

    Raises
    ------
    ValueError
        If it holds no numbers, or infinite ones.

    Examples
    --------
    >>> from sklstm.model_selection.metrics import series_of
    >>> series_of([1, 2]).shape
    (2, 1)
    """
    return _columns(y_train, "y_train", ensure_all_finite="allow-nan")


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

# Of METRICS, those that are scaled by the training series, with the power of their errors, and
# those of which more is better.
SCALED = {"mase": 1, "rmsse": 2}
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


def _columns(
    values: ArrayLike, name: str, ensure_all_finite: bool | str = True
) -> NDArray[np.float64]:
    """Return numbers of shape (n_rows, n_outputs)."""
    checked = check_array(
        values,
        ensure_2d=False,
        dtype=np.float64,
        ensure_all_finite=ensure_all_finite,
        input_name=name,
    )
    columns: NDArray[np.float64] = checked.reshape(len(checked), -1)
    return columns


def _scale_of(
    true: NDArray[np.float64], y_train: ArrayLike, period: int, power: int
) -> NDArray[np.float64]:
    scale = naive_scale(series_of(y_train), period=period, power=power)
    if len(scale) not in (1, true.shape[1]):
        raise ValueError(
            f"y_train must have one column or as many as y_true, {true.shape[1]}. Got {len(scale)}."
        )
    return scale
