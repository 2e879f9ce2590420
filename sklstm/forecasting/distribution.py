"""Distributions that a regressor predicts, where its loss gives one."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def _levels(regressor: Any) -> Array:
    return np.atleast_1d(np.asarray(regressor.quantile, dtype=np.float64))


def _is_gaussian(regressor: Any) -> bool:
    return bool(regressor.loss == "gaussian")


def predicts_distribution(regressor: Any) -> bool:
    """Tell whether a fitted regressor knows more than one number a target."""
    return hasattr(regressor, "predict_quantiles") and (
        _is_gaussian(regressor) or len(_levels(regressor)) > 1
    )


def tails_of(regressor: Any) -> tuple[float, float]:
    """Return the levels that a regressor knows best: the outermost, or one standard deviation."""
    if _is_gaussian(regressor):
        return 0.158655, 0.841345
    levels = _levels(regressor)
    return float(levels[0]), float(levels[-1])


def tail_at(regressor: Any, X: Any, side: int) -> Array:
    """Return one of the two quantiles that a regressor knows best, see `tails_of`.

    Parameters
    ----------
    regressor : object
        Fitted, with `predict_quantiles`: of the loss "gaussian", or of several levels `quantile`.
    X : array-like
        Samples.
    side : {0, 1}
        The lower or the upper one.

    Returns
    -------
    ndarray of shape (n_samples, n_outputs)
    """
    if _is_gaussian(regressor):
        mean, std = (part.reshape(len(part), -1) for part in regressor.predict(X, return_std=True))
        return np.asarray(mean + std if side else mean - std)
    known = regressor.predict_quantiles(X)
    return np.asarray(known.reshape(len(known), -1, known.shape[-1])[..., -side])
