"""Location and scale of windows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Scales:
    """What windows, and what follows them, are told relative to.

    Attributes
    ----------
    location, scale : ndarray of shape (n_windows, 1, n_targets)
    """

    location: Array
    scale: Array

    def apply(self, values: Array) -> Array:
        """Return values of shape (n_windows, n_steps, n_targets), scaled."""
        return (values - self.location) / self.scale

    def undo(self, values: Array) -> Array:
        """Return scaled values in their units."""
        return self.location + self.scale * values


def window_scales(windows: Array, least: Array) -> Scales:
    """Return mean and standard deviation of each window.

    Parameters
    ----------
    windows : ndarray of shape (n_windows, n_lags, n_targets)
        NaN is left out.
    least : ndarray of shape (n_windows, n_targets)
        The least scale, for windows that hardly change.

    Returns
    -------
    Scales

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.forecasting.scaling import window_scales
    >>> scales = window_scales(np.array([[[4.0], [8.0]], [[5.0], [5.0]]]), np.ones((2, 1)))
    >>> scales.location.ravel().tolist(), scales.scale.ravel().tolist()
    ([6.0, 5.0], [2.0, 1.0])
    """
    known = np.isfinite(windows)
    counts = np.maximum(known.sum(axis=1, keepdims=True), 1)
    location = np.where(known, windows, 0.0).sum(axis=1, keepdims=True) / counts
    rest = np.where(known, windows - location, 0.0)
    scale = np.sqrt((rest**2).sum(axis=1, keepdims=True) / counts)
    return Scales(location, np.maximum(scale, least[:, None]))
