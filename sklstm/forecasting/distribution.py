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


def sides_known(regressor: Any) -> tuple[bool, bool]:
    """Tell whether the outermost quantiles lie below and above the median."""
    if _is_gaussian(regressor):
        return True, True
    levels = _levels(regressor)
    return bool(levels[0] < 0.5), bool(levels[-1] > 0.5)


def tail_at(regressor: Any, X: Any, side: int) -> Array:
    """Return the outermost quantile on one side, of "gaussian" one standard deviation off the mean.

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
    return np.asarray(known.reshape(len(known), -1, known.shape[-1])[..., -1 if side else 0])
