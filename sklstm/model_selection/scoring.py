"""What the user may give as `scoring`, made into functions of one fold and step."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.metrics import get_scorer, get_scorer_names

from sklstm._validation import n_axes
from sklstm.model_selection.metrics import METRICS, SCALED, scaled_error
from sklstm.model_selection.scores import KEYS


@dataclass(frozen=True)
class Step:
    """What a metric is told of a fold and a step.

    Attributes
    ----------
    y_true, y_pred : array-like
        Targets and predictions of this step.
    scale : callable
        Returns what errors are divided by, output by output, of a power (see `SCALED`).
    estimator : estimator or None, default=None
        The fitted model.
    X : array-like or None, default=None
        The test part.
    """

    y_true: Any
    y_pred: Any
    scale: Callable[[int], NDArray[np.float64]]
    estimator: Any = None
    X: Any = None


@dataclass(frozen=True)
class Metric:
    """A metric of one step.

    Attributes
    ----------
    function : callable
        Returns the metric of a `Step`.
    power : {1, 2} or None, default=None
        Of the errors that are scaled, where they are.
    """

    function: Callable[[Step], Any]
    power: int | None = None

    def __call__(self, step: Step) -> float:
        """Return the metric of a step."""
        return float(self.function(step))


Scoring = str | Callable[..., float] | list[Any] | tuple[Any, ...] | Mapping[str, Any]


class GivenPrediction(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Stand in a scorer for a model whose predictions are there already.

    Parameters
    ----------
    prediction : array-like
        What `predict` returns, whatever comes.

    Examples
    --------
    >>> from sklstm.model_selection.scoring import GivenPrediction
    >>> GivenPrediction([1, 2]).predict([[0], [0]])
    [1, 2]
    """

    def __init__(self, prediction: Any) -> None:
        self.prediction = prediction

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def predict(self, X: Any) -> Any:
        """Return the given predictions.

        Parameters
        ----------
        X : object
            Ignored.

        Returns
        -------
        array-like
        """
        return self.prediction


def read_scoring(scoring: Scoring, *, name: str, whole: bool) -> dict[str, Metric]:
    """Return the metrics that are meant, by the names of their columns.

    Parameters
    ----------
    scoring : str, callable, list, tuple or dict
        A name of `METRICS` or of scikit-learn's scorers, a function ``(y_true, y_pred)``, a scorer
        of `sklearn.metrics.make_scorer`, several of them, or several by names of your own.
    name : str
        The parameter's name, for messages.
    whole : bool
        Whether there is a fitted model to ask for more than the predictions of a step.

    Returns
    -------
    dict of Metric

    Raises
    ------
    ValueError
        If a name is not known, used twice or none for a column, or a scorer needs more than the
        predictions of one step.

    Examples
    --------
    >>> from sklstm.model_selection.scoring import read_scoring
    >>> list(read_scoring(["mae", "r2"], name="scoring", whole=True))
    ['mae', 'r2']
    """
    if isinstance(scoring, Mapping):
        named = list(scoring.items())
    else:
        several = scoring if isinstance(scoring, list | tuple) else [scoring]
        named = [(_name(metric, name), metric) for metric in several]
    names = [key for key, _ in named]
    taken = (*KEYS, "coverage", "width")
    if not names or len(set(names)) < len(names) or set(names) & set(taken):
        raise ValueError(
            f"The {name!r} parameter must give each metric a name of its own, which is none of "
            f"{', '.join(taken)}. Got {names}: give a dict of names and metrics."
        )
    return {key: _as_metric(metric, name, whole) for key, metric in named}


def _name(metric: Any, parameter: str) -> str:
    if isinstance(metric, str):
        return metric
    name = getattr(getattr(metric, "_score_func", metric), "__name__", None)
    if not callable(metric) or name is None:
        raise ValueError(
            f"The {parameter!r} parameter holds {metric!r}, which is neither a name nor a function "
            "with a name. Give a dict of names and metrics."
        )
    return str(name)


def _as_metric(metric: Any, parameter: str, whole: bool) -> Metric:
    if isinstance(metric, str) and metric in SCALED:
        return _scaled(SCALED[metric])
    if isinstance(metric, str) and metric not in METRICS and metric not in get_scorer_names():
        raise ValueError(
            f"The {parameter!r} parameter holds {metric!r}, which is neither one of "
            f"{', '.join(METRICS)} nor of sklearn.metrics.get_scorer_names()."
        )
    if isinstance(metric, str):
        metric = METRICS[metric] if metric in METRICS else get_scorer(metric)
    method = getattr(metric, "_response_method", None)
    if method is None:
        return Metric(lambda step: metric(step.y_true, step.y_pred))
    if method == "predict":
        return Metric(lambda step: metric(GivenPrediction(step.y_pred), step.X, step.y_true))
    if not whole:
        raise ValueError(
            f"The {parameter!r} parameter holds {metric!r}, which needs more than the predictions "
            "of a step (a column of y). Take a metric of predictions."
        )
    return Metric(lambda step: metric(step.estimator, step.X, step.y_true))


def _scaled(power: int) -> Metric:
    def error(step: Step) -> float:
        scale = step.scale(power)
        true, predicted = (np.reshape(y, (-1, len(scale))) for y in (step.y_true, step.y_pred))
        return scaled_error(true, predicted, scale, power)

    return Metric(error, power)


def number_of_steps(y: Any) -> int:
    """Return how many columns y has, each of which is scored by itself.

    Parameters
    ----------
    y : array-like
        Targets. What is not 2-D, such as a list of sequences, is one.

    Returns
    -------
    int

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.model_selection.scoring import number_of_steps
    >>> number_of_steps(np.zeros((5, 3))), number_of_steps([[1, 2], [3]])
    (3, 1)
    """
    return int(y.shape[1]) if n_axes(y) == 2 else 1


def column_of(y: Any, step: int) -> Any:
    """Return one column of targets or predictions.

    Parameters
    ----------
    y : array-like
        What is not 2-D has one column, itself.
    step : int
        The column's place.

    Returns
    -------
    array-like

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.model_selection.scoring import column_of
    >>> column_of(np.arange(4).reshape(2, 2), 1)
    array([1, 3])
    """
    return np.asarray(y)[:, step] if n_axes(y) == 2 else y
