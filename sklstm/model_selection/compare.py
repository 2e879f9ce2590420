"""One table of how several models do on the same folds."""

from collections.abc import Iterable, Mapping
from functools import partial
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone, is_classifier
from sklearn.model_selection import check_cv
from sklearn.utils import _safe_indexing, indexable
from sklearn.utils.parallel import Parallel, delayed

from sklstm._validation import check_int, n_axes
from sklstm.model_selection.metrics import naive_scale, series_of
from sklstm.model_selection.purged import PurgedTimeSeriesSplit
from sklstm.model_selection.runs import check_models, timed, told_of
from sklstm.model_selection.scoring import (
    Metric,
    Scoring,
    Step,
    column_of,
    number_of_steps,
    read_scoring,
)

if TYPE_CHECKING:
    import pandas as pd


def compare(
    estimators: Mapping[str, Any] | Iterable[tuple[str, Any]],
    X: Any,
    y: Any,
    *,
    cv: Any = None,
    scoring: Scoring | None = None,
    groups: ArrayLike | None = None,
    period: int = 1,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> "pd.DataFrame":
    """Fit several models on the same folds, and return their scores and times.

    Parameters
    ----------
    estimators : dict of estimators, or list of (name, estimator)
        Estimators and pipelines of scikit-learn's kind. Each is cloned for each fold.
    X : array-like of n_samples
        Arrays of any shape, DataFrames, `Windows`, or lists of sequences.
    y : array-like of n_samples
        Targets. The columns of a 2-D array or DataFrame are steps, each scored by itself.
    cv : int, splitter, iterable of (train, test) or None, default=None
        None and an int, the number of folds (5), are read as a `PurgedTimeSeriesSplit`, **not as
        scikit-learn reads them**: X is taken to be in the order of time, and the gap between
        training and test is as long as a sample and its targets can be, ``X.shape[1]`` rows (of a
        list, its longest sequence's) and the columns of y. Windows of a series thus never leak.
        Where a model itself goes on from the training rows, by a `SlidingWindowTransformer` with
        ``context="last"``, rows of X are no windows yet: the gap is the columns of y but one, so
        that of one column nothing is left out, and of several the first windows of a test part
        join rows that are as far apart.
        Samples that know each other in no such way need no gap and no order: give
        ``StratifiedKFold(5)`` or the like. A gap that is known better, too: give the splitter.
    scoring : str, callable, list, tuple, dict or None, default=None
        A name of `METRICS` ("mae", "rmse", "mase", ...) or of scikit-learn's scorers, a function
        ``(y_true, y_pred)``, a scorer of `sklearn.metrics.make_scorer`, several of them, or a dict
        of such, which gives the columns their names. None is ``["mae", "rmse"]``, and "accuracy" of
        classifiers.
    groups : array-like of shape (n_samples,) or None, default=None
        What `cv` keeps together, such as time stamps.
    period : int, default=1
        Of the naive forecast that scales "mase" and "rmsse", which take the step's column of the
        fold's training targets as the series.
    n_jobs : int or None, default=None
        How many fits run at once, as in scikit-learn. Times are only to be compared with 1.
    verbose : int, default=0
        How much joblib tells of the progress.

    Returns
    -------
    DataFrame
        A row a model, fold (from 0) and step (from 1), with the columns "model", "fold", "step",
        "n_train", "n_test", "fit_seconds" and "predict_seconds" (of the fold, the same for all its
        steps), and one a metric.

    Raises
    ------
    ValueError
        If names are used twice, there are too few samples for the folds, or a model's predictions
        do not have the shape of y. What a model raises is raised, with a note which one it was.

    See Also
    --------
    rank_models : Which differences count.
    ComparisonDisplay : A picture of the table.
    backtest : The same for forecasters of a series.

    Notes
    -----
    Metrics get one column at a time, so that a step's error is that of this step alone. Of scorers
    that need probabilities or decision values there is one score, for y of one column.

    Samples of many series, one behind another, have no order of time: give `groups` the time
    stamps. "mase" and "rmsse" would take them for one series; use `backtest`, which scales each by
    itself.

    Examples
    --------
    >>> from sklearn.ensemble import RandomForestRegressor
    >>> from sklearn.linear_model import Ridge
    >>> from sklstm import make_windows
    >>> from sklstm.datasets import load_airline_passengers
    >>> from sklstm.model_selection import compare
    >>> X, y = make_windows(load_airline_passengers(), window_size=12, horizon=3)
    >>> models = {"ridge": Ridge(), "forest": RandomForestRegressor(random_state=0)}
    >>> scores = compare(models, X, y, cv=3, scoring=["mae", "mase"])
    >>> len(scores)  # 2 models, 3 folds, 3 steps
    18
    >>> scores.groupby(["model", "step"])["mae"].mean().unstack().round(1)
    ... # doctest: +NORMALIZE_WHITESPACE
    step       1     2     3
    model
    forest  75.4  67.3  74.7
    ridge   15.8  18.5  16.5
    """
    import pandas as pd

    models = check_models(estimators, "estimators", needed=("fit", "predict"))
    check_int(period, "period")
    X, y, groups = indexable(X, y, groups)
    n_steps = number_of_steps(y)
    if scoring is None:
        scoring = "accuracy" if any(map(is_classifier, models.values())) else ["mae", "rmse"]
    metrics = read_scoring(scoring, name="scoring", whole=n_steps == 1)
    folds = list(_splitter(cv, X, n_steps, models).split(X, y, groups))
    runs = Parallel(n_jobs=n_jobs, verbose=verbose)(
        delayed(_run)(name, model, X, y, fold, metrics, period)
        for name, model in models.items()
        for fold in enumerate(folds)
    )
    return pd.DataFrame([row for rows in runs for row in rows])


def _splitter(cv: Any, X: Any, n_steps: int, models: dict[str, Any]) -> Any:
    if cv is not None and not isinstance(cv, Integral):
        return check_cv(cv)
    n_splits = 5 if cv is None else check_int(cv, "cv")
    if any(map(_goes_on, models.values())):
        return PurgedTimeSeriesSplit(n_splits, gap=n_steps - 1)
    is_table = n_axes(X) > 1
    window_size = X.shape[1] if is_table else max(len(x) if hasattr(x, "__len__") else 1 for x in X)
    return PurgedTimeSeriesSplit(n_splits, window_size=window_size, horizon=n_steps)


def _goes_on(model: Any) -> bool:
    """Tell whether something in a model makes windows that begin with the training rows."""
    parameters = model.get_params().items()
    return any(name.split("__")[-1] == "context" and value == "last" for name, value in parameters)


def _run(
    name: str,
    estimator: Any,
    X: Any,
    y: Any,
    fold: tuple[int, tuple[NDArray[np.int64], NDArray[np.int64]]],
    metrics: dict[str, Metric],
    period: int,
) -> list[dict[str, Any]]:
    """Return the rows of one model on one fold."""
    number, (train, test) = fold
    X_test, y_train, y_test = _take(X, test), _take(y, train), _take(y, test)
    with told_of(name, number):
        fit_seconds, estimator = timed(clone(estimator).fit, _take(X, train), y_train)
        seconds, y_pred = timed(estimator.predict, X_test)
    y_pred = _in_the_shape_of(y_test, y_pred, name)
    rows = []
    for column in range(number_of_steps(y)):
        told = Step(
            y_true=column_of(y_test, column),
            y_pred=column_of(y_pred, column),
            scale=partial(_scale, column_of(y_train, column), period),
            estimator=estimator,
            X=X_test,
        )
        row = {"model": name, "fold": number, "step": column + 1}
        row |= {"n_train": len(train), "n_test": len(test)}
        row |= {"fit_seconds": fit_seconds, "predict_seconds": seconds}
        rows.append(row | {key: metric(told) for key, metric in metrics.items()})
    return rows


def _scale(y_train: Any, period: int, power: int) -> NDArray[np.float64]:
    return naive_scale(series_of(y_train), period=period, power=power)


def _take(values: Any, indices: NDArray[np.int64]) -> Any:
    """Return some samples; of read-only windows that follow one another, a view."""
    read_only = isinstance(values, np.ndarray) and not values.flags.writeable
    if read_only and len(indices) and (np.diff(indices) == 1).all():
        return values[indices[0] : indices[-1] + 1]
    return _safe_indexing(values, indices)


def _in_the_shape_of(y_true: Any, y_pred: Any, name: str) -> Any:
    """Return predictions as columns where the targets are, whatever the model makes of one."""
    shape = np.shape(y_true) if hasattr(y_true, "shape") else None
    if shape is None or np.shape(y_pred) == shape:
        return np.asarray(y_pred) if shape and len(shape) == 2 else y_pred
    if np.size(y_pred) == np.size(y_true) and number_of_steps(y_true) == 1:
        return np.reshape(y_pred, shape)
    raise ValueError(
        f"Model {name!r} returned predictions of shape {np.shape(y_pred)} for targets of shape "
        f"{shape}."
    )
