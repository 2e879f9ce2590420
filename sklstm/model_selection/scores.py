"""The tidy table of scores: a row a model, fold and step, and a column a metric."""

from typing import TYPE_CHECKING

from sklearn.metrics import get_scorer_names

from sklstm.model_selection.metrics import METRICS, SCORES

if TYPE_CHECKING:
    import pandas as pd

# Columns that tell where a score is from and what it took; all others are metrics.
KEYS = ("model", "fold", "origin", "step", "n_train", "n_test", "fit_seconds", "predict_seconds")


def metric_of(scores: "pd.DataFrame", metric: str | None) -> str:
    """Return the metric that is meant, the first one if none is named.

    Parameters
    ----------
    scores : DataFrame
        What `compare` or `backtest` returned.
    metric : str or None
        The column's name.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If there is no such column.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklstm.model_selection.scores import metric_of
    >>> metric_of(pd.DataFrame(columns=["model", "fold", "step", "mae", "rmse"]), None)
    'mae'
    """
    lacking = [name for name in ("model", "fold", "step") if name not in scores]
    if lacking:
        raise ValueError(
            f"scores must be what compare or backtest returned. It has no column {lacking[0]!r}, "
            f"but {list(scores)}."
        )
    metrics = [column for column in scores.columns if column not in KEYS]
    if metric is None and metrics:
        return str(metrics[0])
    if metric is None or metric not in metrics:
        raise ValueError(
            f"metric={metric!r} is no metric of scores, which are {metrics}. Give the table that "
            "compare or backtest returned, and name one of its metrics."
        )
    return metric


def read_scores(
    scores: "pd.DataFrame", metric: str
) -> "tuple[pd.DataFrame, pd.Series[int], pd.Series[int]]":
    """Return the folds' scores, averaged over steps, and the sizes of their parts.

    Parameters
    ----------
    scores : DataFrame
        What `compare` or `backtest` returned.
    metric : str
        One of its columns.

    Returns
    -------
    per_fold : DataFrame
        A row a fold and a column a model, in order of appearance. Folds of which no model has a
        score are left out.
    n_train, n_test : Series
        Number of samples in each fold.

    Raises
    ------
    ValueError
        If a model lacks a fold, or no fold has a score.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklstm.model_selection.scores import read_scores
    >>> scores = pd.DataFrame({
    ...     "model": ["a", "a"], "fold": 0, "step": [1, 2], "n_train": 8, "n_test": 2,
    ...     "mae": [0.5, 1.0],
    ... })
    >>> read_scores(scores, "mae")[0].to_dict()
    {'a': {0: 0.75}}
    """
    groups = scores.groupby(["model", "fold"], sort=False)
    per_fold = groups[metric].mean().unstack("model").sort_index()
    per_fold = per_fold.dropna(how="all")  # where nothing came, or it cannot be told
    if per_fold.empty:
        raise ValueError(
            f"{metric!r} is NaN in all folds: nothing is known of what came, or the metric needs "
            "more than the one forecast of each step. Take another."
        )
    absent = per_fold.columns[per_fold.isna().any()]
    if len(absent):
        raise ValueError(
            f"scores lack a {metric!r} of model {absent[0]!r} in some fold: all models must have "
            "been scored on the same folds."
        )
    sizes = scores.groupby("fold")[["n_train", "n_test"]].first().loc[per_fold.index]
    return per_fold[list(scores["model"].unique())], sizes["n_train"], sizes["n_test"]


def is_error(metric: str) -> bool:
    """Return whether less is better.

    Parameters
    ----------
    metric : str
        A name of `METRICS`, or of scikit-learn's scorers.

    Returns
    -------
    bool

    Raises
    ------
    ValueError
        If the name is neither.

    Examples
    --------
    >>> from sklstm.model_selection.scores import is_error
    >>> is_error("mae"), is_error("neg_mean_absolute_error")
    (True, False)
    """
    if metric in METRICS:
        return metric not in SCORES
    if metric in get_scorer_names():
        return False
    raise ValueError(
        f"Whether more of metric={metric!r} is better is not known: say so by greater_is_better."
    )
