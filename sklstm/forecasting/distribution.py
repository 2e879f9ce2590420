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


def quantiles_at(regressor: Any, X: Any, level: Array) -> Array:
    """Return a quantile of each target.

    Parameters
    ----------
    regressor : object
        Fitted, with `predict_quantiles`: of the loss "gaussian", or of levels `quantile`, between
        which the quantile is interpolated and beyond which it is the outermost.
    X : array-like
        Samples.
    level : ndarray, broadcast to shape (n_samples, n_outputs)

    Returns
    -------
    ndarray of shape (n_samples, n_outputs)
    """
    if _is_gaussian(regressor):
        from scipy.special import ndtri

        mean, std = (part.reshape(len(part), -1) for part in regressor.predict(X, return_std=True))
        drawn: Array = mean + std * ndtri(level)
        return drawn
    known = regressor.predict_quantiles(X)
    known = known.reshape(len(known), -1, known.shape[-1])  # (samples, outputs, levels)
    levels = _levels(regressor)
    level = np.clip(np.broadcast_to(level, known.shape[:2]), levels[0], levels[-1])
    if len(levels) == 1:
        return np.asarray(known[..., 0])
    right = np.clip(np.searchsorted(levels, level), 1, len(levels) - 1)
    share = (level - levels[right - 1]) / (levels[right] - levels[right - 1])
    below = np.take_along_axis(known, right[..., None] - 1, axis=2)[..., 0]
    above = np.take_along_axis(known, right[..., None], axis=2)[..., 0]
    return np.asarray(below + share * (above - below))
