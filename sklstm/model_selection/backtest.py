"""How good forecasts would have been."""

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, RegressorMixin, clone
from sklearn.utils.parallel import Parallel, delayed

from sklstm._validation import check_int
from sklstm.model_selection.metrics import interval_coverage, naive_scale
from sklstm.model_selection.replay import Array, Replay, read_replay, select
from sklstm.model_selection.runs import check_models, timed, told_of
from sklstm.model_selection.scoring import Metric, Scoring, Step, read_scoring

# Of the table of forecasts.
_COLUMNS = ("model", "fold", "time", "step", "target", "y_true", "y_pred", "lower", "upper")


@dataclass(frozen=True)
class Fold:
    """A point in time from which to forecast.

    Attributes
    ----------
    number : int
    origin : int
        Place in time of the first forecast.
    scales : dict of ndarray of shape (n_series * n_columns,)
        What errors are divided by, of each power.
    """

    number: int
    origin: int
    scales: dict[int, Array]


@dataclass(frozen=True)
class Forecast:
    """What a model forecast on a fold, and what it took.

    Attributes
    ----------
    model : str
    fold : Fold
    y_pred : ndarray of shape (n_series, horizon, n_columns)
    interval : (lower, upper) of the same shape, or None
    fit_seconds, predict_seconds : float
    """

    model: str
    fold: Fold
    y_pred: Array
    interval: tuple[Array, Array] | None
    fit_seconds: float
    predict_seconds: float


def backtest(
    forecasters: Mapping[str, Any] | Iterable[tuple[str, Any]],
    y: Any,
    X: Any = None,
    *,
    horizon: int,
    n_folds: int = 5,
    step: int | None = None,
    refit: bool = True,
    metrics: Scoring = ("mae", "mse", "mase"),
    period: int = 1,
    coverage: float | None = None,
    n_jobs: int | None = None,
    verbose: int = 0,
    return_forecasts: bool = False,
) -> pd.DataFrame | tuple[pd.DataFrame, pd.DataFrame]:
    """Forecast the end of a series from one point in time after another, and compare with it.

    Each forecaster is told the series up to an origin, forecasts `horizon` steps, and the origin
    moves on. Nothing of the time after an origin reaches a forecaster, but the features that are
    known ahead.

    Parameters
    ----------
    forecasters : dict of forecasters, or list of (name, forecaster)
        Those of `sklstm.forecasting`, or objects of their kind: ``fit(y, X)``,
        ``predict(steps, X)`` in the form of y, `get_params`; ``update(y, X)`` where not `refit`;
        ``predict_interval(steps, coverage, X)`` with `coverage`. Their parameters `group_by`,
        `time_column` and `freq` say how y is read, and must agree.
    y : array-like, Series or DataFrame
        One series or many, as in the forecasters' `fit`.
    X : array-like, Series or DataFrame, default=None
        Features of the same times. Those of the steps to come are told too, but for the columns
        that the forecaster's parameter `past_only` names, which are NaN there. A forecaster that
        predicts all steps of a longer horizon of its own at once needs them that far behind the
        last origin; a method ``n_ahead(steps)`` says how far, where there is one.
    horizon : int
        How many steps are forecast from each origin.
    n_folds : int, default=5
        Number of origins. The last one lies `horizon` steps before the end.
    step : int or None, default=None
        How many rows the origin moves on; None takes `horizon`.
    refit : bool, default=True
        Whether to fit a clone on each origin's past. If not, one is fitted on that of the first
        origin, and told what came since by `update`.
    metrics : str, callable, list, tuple or dict, default=("mae", "mse", "mase")
        Names of `METRICS` or of scikit-learn's scorers, functions ``(y_true, y_pred)``, or a dict
        of such by names of your own.
    period : int, default=1
        Of the naive forecast that scales "mase" and "rmsse".
    coverage : float in (0, 1) or None, default=None
        Ask for intervals of that coverage too, and report which they had.
    n_jobs : int or None, default=None
        How many fits run at once, as in scikit-learn. Times are only to be compared with 1.
    verbose : int, default=0
        How much joblib tells of the progress.
    return_forecasts : bool, default=False
        Whether to return the forecasts as well.

    Returns
    -------
    scores : DataFrame
        A row a model, fold (from 0) and step (from 1), with the columns "model", "fold", "origin"
        (the last time that is known), "step", "n_train" (rows before the origin), "n_test" (rows
        forecast), "fit_seconds" and "predict_seconds" (of the fold, the same for all its steps),
        one a metric and, with `coverage`, "coverage" (share of values in their intervals) and
        "width" (mean width of the intervals).
    forecasts : DataFrame
        Only with `return_forecasts`: a row a model, fold, series, step and target, with the columns
        "model", "fold", the ids of the series where there are many, "time", "step", "target" where
        y has several columns, "y_true", "y_pred" and, with `coverage`, "lower" and "upper".

    Raises
    ------
    ValueError
        If the series are too short for the folds, forecasters read y in different ways, a forecast
        has not the form of y, or errors cannot be scaled. What a model raises is raised, with a
        note which one it was.

    Warns
    -----
    UserWarning
        If some of many series are left out, since they begin after the first origin or end before
        the last.

    See Also
    --------
    compare : The same for regressors and classifiers of windows.
    rank_models : Which differences count.
    ComparisonDisplay : A picture of the table.
    diebold_mariano : Tests the forecasts of one step.

    Notes
    -----
    The metrics of a row are over all series and targets of that step: "mae" and "mase" are means
    over series (each scaled by its own past), "rmse" and "rmsse" are roots of means over series.
    **Of a single series a row is one forecast, and "rmse" is its absolute error, like "mae"**, as
    "rmsse" is that in another unit: average "mse" over folds, and take the root of that. Scores
    that compare with a mean, such as "r2", need several series. Values that are missing in y do not
    count, nor do time stamps that are not there; where none is left, metrics are NaN.

    Origins are the same for all series, so that none is told another's future.

    References
    ----------
    .. [1] Tashman, L. J. (2000), Out-of-sample tests of forecasting accuracy: an analysis and
       review, International Journal of Forecasting 16(4).

    Examples
    --------
    >>> from sklearn.base import BaseEstimator
    >>> from sklstm.datasets import load_airline_passengers
    >>> from sklstm.model_selection import backtest
    >>> class LastYear(BaseEstimator):
    ...     def fit(self, y, X=None):
    ...         self.year_ = y.iloc[-12:]
    ...         return self
    ...     def predict(self, steps=None, X=None):
    ...         return self.year_.iloc[:steps].shift(freq=self.year_.index.freq * 12)
    >>> y = load_airline_passengers()
    >>> scores = backtest({"last year": LastYear()}, y, horizon=6, n_folds=4, period=12)
    >>> scores.groupby("fold")[["mae", "mase"]].mean().round(2)
    ... # doctest: +NORMALIZE_WHITESPACE
            mae  mase
    fold
    0     38.33  1.34
    1     56.33  1.94
    2     49.83  1.64
    3     45.83  1.46
    """
    needed = ["fit", "predict", *["update"] * (not refit), *["predict_interval"] * bool(coverage)]
    models = check_models(forecasters, "forecasters", needed=tuple(needed))
    for name, model in models.items():
        if isinstance(model, RegressorMixin | ClassifierMixin):
            raise ValueError(
                f"forecasters: {name!r} is no forecaster, and knows no time: {model!r}. Make one "
                "of it, such as WindowForecaster(model, window_size, horizon)."
            )
    scoring = read_scoring(metrics, name="metrics", whole=False)
    for name, value in (("horizon", horizon), ("n_folds", n_folds), ("period", period)):
        check_int(value, name)
    step = horizon if step is None else check_int(step, "step")
    share: Any = coverage
    if share is not None and not (isinstance(share, int | float | np.number) and 0 < share < 1):
        raise ValueError(f"The 'coverage' parameter must be None or in (0, 1). Got {coverage!r}.")
    replay = read_replay(y, X, _reading(models), horizon)
    origins = int(replay.panel.stop.max()) - horizon - step * np.arange(n_folds)[::-1]
    replay = _select(replay, origins, step)
    powers = {metric.power for metric in scoring.values() if metric.power}
    folds = [
        Fold(number, origin, {power: _scale(replay, origin, period, power) for power in powers})
        for number, origin in enumerate(origins.tolist())
    ]
    runs = Parallel(n_jobs=n_jobs, verbose=verbose)(
        delayed(_run)(name, forecaster, replay, part, coverage)
        for name, forecaster in models.items()
        for part in ([[fold] for fold in folds] if refit else [folds])
    )
    forecasts = [forecast for run in runs for forecast in run]
    scores = pd.DataFrame([row for each in forecasts for row in _score(each, replay, scoring)])
    if not return_forecasts:
        return scores
    return scores, pd.concat([_table(each, replay) for each in forecasts], ignore_index=True)


def _reading(models: dict[str, Any]) -> dict[str, Any]:
    """Return how the forecasters read series, all in one way."""
    names = ("group_by", "time_column", "freq")
    ways = {
        model: {name: getattr(forecaster, name, None) for name in names}
        for model, forecaster in models.items()
    }
    first, *others = ways
    for other in others:
        for name in names:
            if _as_list(ways[other][name]) != _as_list(ways[first][name]):
                raise ValueError(
                    f"All forecasters must read y in the same way, but {name} is "
                    f"{ways[first][name]!r} of {first!r} and {ways[other][name]!r} of {other!r}."
                )
    return ways[first]


def _as_list(setting: Any) -> Any:
    """Return a setting so that one column, by itself or in a list or tuple, is the same."""
    return list(setting) if isinstance(setting, list | tuple) else [setting]


def _select(replay: Replay, origins: NDArray[np.int64], step: int) -> Replay:
    """Return the series that are there at all origins."""
    panel = replay.panel
    kept = (panel.start < origins[0]) & (panel.stop > origins[-1])
    if not kept.any():
        least = replay.horizon + step * (len(origins) - 1) + 1
        raise ValueError(
            f"horizon={replay.horizon}, n_folds={len(origins)} and step={step} need a series of at "
            f"least {least} rows up to the end of y, one of them before the first origin. The "
            f"longest has {int(panel.lengths.max())}. Bring a longer one, or lower one of these."
        )
    if kept.all():
        return replay
    warnings.warn(
        f"{int((~kept).sum())} of {len(kept)} series are left out, since they begin after the "
        f"first origin, {replay.times([origins[0] - 1])[0]}, or end before the last, "
        f"{replay.times([origins[-1] - 1])[0]}. Bring longer series, or lower n_folds, step or "
        "horizon.",
        stacklevel=3,
    )
    return select(replay, kept)


def _scale(replay: Replay, origin: int, period: int, power: int) -> Array:
    """Return what errors of each series and column are divided by."""
    before = f"before time {replay.times([origin])[0]}"
    scales = [
        naive_scale(values, period=period, power=power, name=f"{name} {before}")
        for name, values in replay.past(origin)
    ]
    return np.concatenate(scales)


def _run(
    name: str, forecaster: Any, replay: Replay, folds: list[Fold], coverage: float | None
) -> list[Forecast]:
    """Return a model's forecasts: fitted on the first fold's past, and updated from there."""
    forecaster, begin, forecasts = clone(forecaster), None, []
    past_only = getattr(forecaster, "past_only", None)
    hidden = [] if past_only is None else list(past_only)
    for fold in folds:
        y, X = replay.told(begin, fold.origin)
        learn = forecaster.fit if begin is None else forecaster.update
        interval = None
        with told_of(name, fold.number):
            fit_seconds, _ = timed(learn, y, X)
            n_ahead = _n_ahead(forecaster, replay.horizon)
            ahead = partial(replay.ahead, fold.origin, n_ahead, hidden)
            seconds, y_pred = timed(forecaster.predict, steps=replay.horizon, X=ahead())
            if coverage is not None:
                interval = forecaster.predict_interval(
                    steps=replay.horizon, coverage=coverage, X=ahead()
                )
        read = partial(replay.read, origin=fold.origin)
        y_pred = read(y_pred, name=f"The forecast of model {name!r}")
        if interval is not None:
            lower, upper = (read(end, name=f"The interval of model {name!r}") for end in interval)
            interval = lower, upper
        forecasts.append(Forecast(name, fold, y_pred, interval, fit_seconds, seconds))
        begin = fold.origin
    return forecasts


def _n_ahead(forecaster: Any, horizon: int) -> int:
    """Return of how many steps a forecast wants features, which may be more than are asked for."""
    ask = getattr(forecaster, "n_ahead", None)
    if callable(ask):
        return int(ask(horizon))
    return max(horizon, int(getattr(forecaster, "horizon", 1)))


def _score(forecast: Forecast, replay: Replay, metrics: dict[str, Metric]) -> list[dict[str, Any]]:
    """Return a row a step."""
    fold = forecast.fold
    true = replay.true(fold.origin)
    origin = replay.times([fold.origin - 1])[0]
    n_train = int((fold.origin - replay.panel.start).sum())
    n_test = len(replay.panel) * replay.horizon
    rows = []
    for step in range(replay.horizon):
        row = {"model": forecast.model, "fold": fold.number, "origin": origin, "step": step + 1}
        row |= {"n_train": n_train, "n_test": n_test, "fit_seconds": forecast.fit_seconds}
        row["predict_seconds"] = forecast.predict_seconds
        known = np.isfinite(true[:, step].ravel())  # (series * columns,)
        y_true, y_pred = (values[:, step].ravel()[known] for values in (true, forecast.y_pred))
        scales = {power: scale[known] for power, scale in fold.scales.items()}
        told = Step(y_true=y_true, y_pred=y_pred, scale=scales.__getitem__)
        row |= {name: metric(told) if len(y_true) else np.nan for name, metric in metrics.items()}
        if forecast.interval is not None:
            lower, upper = (end[:, step].ravel()[known] for end in forecast.interval)
            row["coverage"] = interval_coverage(y_true, lower, upper) if len(y_true) else np.nan
            row["width"] = float((upper - lower).mean()) if len(y_true) else np.nan
        rows.append(row)
    return rows


def _table(forecast: Forecast, replay: Replay) -> pd.DataFrame:
    """Return a row a series, step and target."""
    panel, fold = replay.panel, forecast.fold
    n_series, n_steps, n_columns = forecast.y_pred.shape
    series, steps, columns = (
        place.ravel() for place in np.indices((n_series, n_steps, n_columns), dtype=np.int64)
    )
    table: dict[str, Any] = {"model": forecast.model, "fold": fold.number}
    for level, name in enumerate(panel.form.ids):
        named = name is not None and name not in _COLUMNS
        ids = panel.keys.take(series).get_level_values(level)
        table[str(name) if named else f"series_{level}"] = ids
    table["time"] = replay.times(fold.origin + np.arange(n_steps)).take(steps)
    table["step"] = steps + 1
    if n_columns > 1:
        table["target"] = pd.Index(panel.columns, tupleize_cols=False).take(columns)
    table["y_true"] = replay.true(fold.origin).ravel()
    table["y_pred"] = forecast.y_pred.ravel()
    if forecast.interval is not None:
        table["lower"], table["upper"] = (end.ravel() for end in forecast.interval)
    return pd.DataFrame(table)
