"""Whether one model is better than another, or was lucky."""

import math
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student
from sklearn.utils import check_array

from sklstm._validation import check_int
from sklstm.model_selection.scores import read_scores

if TYPE_CHECKING:
    import pandas as pd


class PairedResult(NamedTuple):
    """What a paired test found.

    Attributes
    ----------
    mean_difference : float
        Mean of a - b.
    statistic : float
        The mean difference in units of its standard error; of the sign of the difference.
    p_value : float
        How probable so large a statistic, of either sign, is among models that are equally good.
    """

    mean_difference: float
    statistic: float
    p_value: float


def diebold_mariano(losses_a: ArrayLike, losses_b: ArrayLike, *, horizon: int = 1) -> PairedResult:
    """Test whether two models' forecasts of one series are equally good.

    The losses of one forecast after another are correlated where forecasts overlap; the test
    takes that into account up to ``horizon - 1`` steps apart, and corrects for small samples.

    Parameters
    ----------
    losses_a, losses_b : array-like of shape (n_forecasts,)
        Loss of each forecast, such as its absolute or squared error, of both models for the same
        points in time, in their order, all of them `horizon` steps ahead.
    horizon : int, default=1
        How many steps ahead the forecasts are.

    Returns
    -------
    PairedResult
        Mean difference (negative where a is better), statistic, and two-sided p-value.

    Raises
    ------
    ValueError
        If lengths differ, something is not finite, or there are no more forecasts than `horizon`.

    Notes
    -----
    Of forecasts more than a step ahead, the variance is estimated with equal weights of the
    autocovariances, as in [1]_. Where that is not positive, Bartlett's weights are taken [3]_.
    If all differences are the same, the p-value is 1 where they are zero, else 0.

    The test compares forecasts, not ways to fit: it does not know how the models would have
    differed on another training part.

    References
    ----------
    .. [1] Diebold, F. X. and Mariano, R. S. (1995), Comparing predictive accuracy, Journal of
       Business & Economic Statistics 13(3).
    .. [2] Harvey, D., Leybourne, S. and Newbold, P. (1997), Testing the equality of prediction
       mean squared errors, International Journal of Forecasting 13(2).
    .. [3] Newey, W. K. and West, K. D. (1987), A simple, positive semi-definite,
       heteroskedasticity and autocorrelation consistent covariance matrix, Econometrica 55(3).

    Examples
    --------
    >>> from sklstm.model_selection import diebold_mariano
    >>> result = diebold_mariano([1, 2, 1, 3, 2], [2, 4, 1, 5, 4])
    >>> result.mean_difference, round(result.p_value, 3)
    (-1.4, 0.025)
    """
    check_int(horizon, "horizon")
    difference = _differences(losses_a, losses_b, "losses_a", "losses_b")
    n = len(difference)
    if n <= max(horizon, 1):
        raise ValueError(
            f"The test needs more forecasts than horizon={horizon}, and at least 2. Got {n}."
        )
    correction = (n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n
    variance = _variance_of_mean(difference, horizon) / correction
    return _compare_with_student(float(difference.mean()), variance, n - 1)


def corrected_resampled_ttest(
    scores_a: ArrayLike, scores_b: ArrayLike, *, n_train: ArrayLike, n_test: ArrayLike
) -> PairedResult:
    """Test whether two models that were fitted on the same folds are equally good.

    Training parts overlap, so that the folds' scores are not independent and the usual paired
    t-test finds differences where there are none. This one enlarges the variance by the share of
    the test part.

    Parameters
    ----------
    scores_a, scores_b : array-like of shape (n_folds,)
        Score of each fold, of both models on the same folds.
    n_train, n_test : int or array-like of shape (n_folds,)
        Number of training and of test samples. Where folds differ, the mean of the ratios counts.

    Returns
    -------
    PairedResult
        Mean difference a - b, statistic, and two-sided p-value.

    Raises
    ------
    ValueError
        If lengths differ, something is not finite, there are fewer than two folds, or a part is
        empty.

    Notes
    -----
    If all differences are the same, the p-value is 1 where they are zero, else 0. The correction
    was found for parts drawn at random; for folds in the order of time it is a rule of thumb.

    References
    ----------
    .. [1] Nadeau, C. and Bengio, Y. (2003), Inference for the generalization error, Machine
       Learning 52(3).

    Examples
    --------
    >>> from sklstm.model_selection import corrected_resampled_ttest
    >>> result = corrected_resampled_ttest(
    ...     [0.8, 0.9, 0.85, 0.95], [0.7, 0.75, 0.8, 0.8], n_train=80, n_test=20
    ... )
    >>> round(result.mean_difference, 4), round(result.p_value, 3)
    (0.1125, 0.045)
    """
    difference = _differences(scores_a, scores_b, "scores_a", "scores_b")
    n = len(difference)
    if n < 2:
        raise ValueError(f"The test needs at least 2 folds. Got {n}.")
    parts = {"n_train": np.asarray(n_train, float), "n_test": np.asarray(n_test, float)}
    for name, sizes in parts.items():
        if sizes.shape not in ((), (n,)) or not (sizes > 0).all():
            raise ValueError(
                f"The {name!r} parameter must be a positive number of samples, or one for each of "
                f"{n} folds. Got {sizes.tolist()}."
            )
    share = float((parts["n_test"] / parts["n_train"]).mean())
    variance = (1 / n + share) * float(difference.var(ddof=1))
    return _compare_with_student(float(difference.mean()), variance, n - 1)


def rank_models(
    scores: "pd.DataFrame",
    baseline: str,
    metric: str | None = None,
    *,
    greater_is_better: bool | None = None,
) -> "pd.DataFrame":
    """Return each model's mean score, and whether it differs from a baseline's.

    Parameters
    ----------
    scores : DataFrame
        What `compare` or `backtest` returned: a row a model, fold and step.
    baseline : str
        The model to compare the others with.
    metric : str or None, default=None
        Which column; None takes the first metric.
    greater_is_better : bool or None, default=None
        Whether more is better. None knows it of the names in `METRICS` and of scikit-learn's
        scorers.

    Returns
    -------
    DataFrame
        A row a model, best first, indexed by "model", with the columns "mean", "difference"
        (mean - baseline's mean), "statistic" and "p_value" of the corrected resampled t-test over
        folds, each of which counts with its mean over steps. Of the baseline itself, the last two
        are NaN.

    Raises
    ------
    ValueError
        If `baseline` is no model, `metric` no metric of `scores`, a model lacks a fold, or it is
        not known whether more is better.

    See Also
    --------
    corrected_resampled_ttest : The test.

    Notes
    -----
    With many models, a small p-value somewhere is no surprise: multiply each with their number,
    without the baseline, before believing it (Bonferroni).

    Examples
    --------
    >>> from sklearn.dummy import DummyRegressor
    >>> from sklearn.linear_model import Ridge
    >>> from sklstm import make_windows
    >>> from sklstm.datasets import load_airline_passengers
    >>> from sklstm.model_selection import compare, rank_models
    >>> X, y = make_windows(load_airline_passengers(), 12)
    >>> scores = compare({"mean": DummyRegressor(), "ridge": Ridge()}, X, y, scoring="mae")
    >>> rank_models(scores, "mean").round(2)[["mean", "difference", "p_value"]]
    ... # doctest: +NORMALIZE_WHITESPACE
             mean  difference  p_value
    model
    ridge   26.21     -110.94     0.15
    mean   137.15        0.00      NaN
    """
    import pandas as pd

    read = read_scores(scores, metric, greater_is_better)
    per_fold = read.per_fold
    if baseline not in per_fold:
        raise ValueError(
            f"baseline={baseline!r} is no model of scores, which are {list(per_fold)}. Name one."
        )
    rows = {}
    for model in per_fold:
        found = corrected_resampled_ttest(
            per_fold[model], per_fold[baseline], n_train=read.n_train, n_test=read.n_test
        )
        rows[model] = {
            "mean": float(per_fold[model].mean()),
            "difference": found.mean_difference,
            "statistic": found.statistic if model != baseline else math.nan,
            "p_value": found.p_value if model != baseline else math.nan,
        }
    ranked = pd.DataFrame.from_dict(rows, orient="index").rename_axis("model")
    return ranked.sort_values("mean", ascending=read.ascending, kind="stable")


def _differences(
    first: ArrayLike, second: ArrayLike, first_name: str, second_name: str
) -> NDArray[np.float64]:
    one, other = (cast(Any, getattr(values, "index", None)) for values in (first, second))
    # lists have a method of that name
    if hasattr(one, "equals") and hasattr(other, "equals") and not one.equals(other):
        raise ValueError(
            f"{first_name} and {second_name} are compared row by row, but their indices differ. "
            "Bring both into one order."
        )
    a, b = (
        check_array(values, ensure_2d=False, dtype=np.float64, input_name=name)
        for values, name in ((first, first_name), (second, second_name))
    )
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(
            f"{first_name} and {second_name} must be 1-D and of the same length. Got shapes "
            f"{a.shape} and {b.shape}."
        )
    difference: NDArray[np.float64] = a - b
    return difference


def _variance_of_mean(values: NDArray[np.float64], horizon: int) -> float:
    """Return the variance of the mean of values that are correlated less than `horizon` apart."""
    n = len(values)
    rest = values - values.mean()
    covariance = np.array([rest[lag:] @ rest[: n - lag] / n for lag in range(horizon)])
    variance = float(2 * covariance.sum() - covariance[0]) / n
    if variance <= 0:
        covariance *= 1 - np.arange(horizon) / horizon
        variance = float(2 * covariance.sum() - covariance[0]) / n
    return max(variance, 0.0)


def _compare_with_student(mean: float, variance: float, freedom: int) -> PairedResult:
    if variance > 0:
        statistic = mean / math.sqrt(variance)
    else:
        statistic = math.copysign(math.inf, mean) if mean else 0.0
    return PairedResult(mean, statistic, float(2 * student.sf(abs(statistic), freedom)))
