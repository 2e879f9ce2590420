"""The tidy table of scores: a row a model, fold and step, and a column a metric."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sklearn.metrics import get_scorer_names

from sklstm.model_selection.metrics import METRICS, SCORES

if TYPE_CHECKING:
    import pandas as pd

# Columns that tell where a score is from and what it took; all others are metrics.
KEYS = ("model", "fold", "origin", "step", "n_train", "n_test", "fit_seconds", "predict_seconds")


@dataclass(frozen=True)
class Scores:
    """One metric of the models, fold by fold.

    Attributes
    ----------
    metric : str
    per_fold : DataFrame
        A row a fold and a column a model, in order of appearance, averaged over steps. Folds of
        which no model has a score are left out.
    n_train, n_test : Series
        Number of samples in each fold.
    ascending : bool
        Whether less is better.
    """

    metric: str
    per_fold: "pd.DataFrame"
    n_train: "pd.Series[int]"
    n_test: "pd.Series[int]"
    ascending: bool


def read_scores(
    scores: "pd.DataFrame", metric: str | None, greater_is_better: bool | None
) -> Scores:
    """Return the scores of models by folds.

    Parameters
    ----------
    scores : DataFrame
        What `compare` or `backtest` returned.
    metric : str or None
        One of its columns; None takes the first metric.
    greater_is_better : bool or None
        None knows it of the names in `METRICS` and of scikit-learn's scorers.

    Returns
    -------
    Scores

    Raises
    ------
    ValueError
        If there is no such column, a model lacks a fold, no fold has a score, or it is not known
        whether more is better.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklstm.model_selection.scores import read_scores
    >>> table = pd.DataFrame({
    ...     "model": ["a", "a"], "fold": 0, "step": [1, 2], "n_train": 8, "n_test": 2,
    ...     "mae": [0.5, 1.0],
    ... })
    >>> scores = read_scores(table, None, None)
    >>> scores.metric, scores.per_fold.to_dict(), scores.ascending
    ('mae', {'a': {0: 0.75}}, True)
    """
    metric = _metric_of(scores, metric)
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
    return Scores(
        metric,
        per_fold[list(scores["model"].unique())],
        sizes["n_train"],
        sizes["n_test"],
        _is_error(metric) if greater_is_better is None else not greater_is_better,
    )


def _metric_of(scores: "pd.DataFrame", metric: str | None) -> str:
    """Return the metric that is meant, the first one if none is named."""
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


def _is_error(metric: str) -> bool:
    """Tell whether less is better."""
    if metric in METRICS:
        return metric not in SCORES
    if metric in get_scorer_names():
        return False
    raise ValueError(
        f"Whether more of metric={metric!r} is better is not known: say so by greater_is_better."
    )
