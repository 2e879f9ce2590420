"""Targets that continue a feature, told relative to its last value."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sklstm.data.sequences import Sequences

NONE = -1
# The least share of variance that makes a relation: of a feature's last value with the one
# before it (else the feature is no level that goes on), and of the target with the last value.
_MIN_PERSISTENCE = 0.5
_MIN_EXPLAINED = 0.25


@dataclass(frozen=True)
class Anchor:
    """A straight line from the last value of a feature to each target.

    Attributes
    ----------
    features : ndarray of shape (n_outputs,), dtype int64
        Feature whose last value a target continues, -1 where none.
    slope, intercept : ndarray of shape (n_outputs,)
        ``target = intercept + slope * last value``, by least squares; zero where none.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data import Anchor
    >>> Anchor(np.array([0]), np.array([2.0]), np.array([1.0]))(np.array([[3.0]])).tolist()
    [[7.0]]
    """

    features: NDArray[np.int64]
    slope: NDArray[np.float64]
    intercept: NDArray[np.float64]

    def __call__(self, last: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the targets' lines at last values of shape (n_samples, n_features)."""
        return self.intercept + self.slope * last[:, self.features]

    @property
    def relative(self) -> list[int]:
        """Features that the network is to see relative to their last value."""
        return sorted(set(self.features.tolist()) - {NONE})


def no_anchor(n_outputs: int) -> Anchor:
    """Return an anchor that leaves all targets as they are."""
    zero = np.zeros(n_outputs)
    return Anchor(np.full(n_outputs, NONE), zero, zero)


def find_anchor(
    sequences: Sequences, y: NDArray[np.float64], weight: NDArray[np.float64] | None, *, force: bool
) -> Anchor:
    """Find the feature whose last value each target continues.

    Parameters
    ----------
    sequences : Sequences
        The training part.
    y : ndarray of shape (n_samples, n_outputs)
    weight : ndarray of shape (n_samples,) or None
    force : bool
        Whether every target gets the feature that explains it best. Else only targets do of
        which a feature's last value explains a quarter of the variance, where half of that
        feature's variance is in turn explained by its value one step before.

    Returns
    -------
    Anchor

    Notes
    -----
    Correlations do not change under an affine map, so that a scaler in front of y or of the
    features makes no difference. Expressing windows relative to their last value is the
    "subtract last" of NLinear (Zeng et al., 2023).

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.data import as_sequences, find_anchor, make_windows
    >>> X, y = make_windows(np.arange(20.0), 3)
    >>> find_anchor(as_sequences(X), y[:, None], None, force=False).features.tolist()
    [0]
    """
    weight = np.ones(len(y)) if weight is None else weight
    last = sequences.last_values()
    explained = _squared_correlation(last, y, weight)  # (features, outputs)
    if not force:
        before = sequences.last_values(back=1)
        persistence = np.diag(_squared_correlation(before, last, weight))
        explained[persistence < _MIN_PERSISTENCE] = 0.0
    features = explained.argmax(axis=0)
    if not force:
        features[explained.max(axis=0) < _MIN_EXPLAINED] = NONE
    slope, intercept = _line(last[:, features], y, weight)
    none = features == NONE
    return Anchor(features, np.where(none, 0.0, slope), np.where(none, 0.0, intercept))


def _squared_correlation(
    a: NDArray[np.float64], b: NDArray[np.float64], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the squared correlation of every column of a with every column of b."""
    a = a - np.average(a, axis=0, weights=weight)
    b = b - np.average(b, axis=0, weights=weight)
    covariance = (a * weight[:, None]).T @ b
    spread = np.outer(weight @ a**2, weight @ b**2)
    # what varies by no more than rounding explains nothing
    return np.divide(covariance**2, spread, out=np.zeros_like(spread), where=spread > 0)


def _line(
    x: NDArray[np.float64], y: NDArray[np.float64], weight: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return slope and intercept of y on x, column by column."""
    mean_x, mean_y = (np.average(part, axis=0, weights=weight) for part in (x, y))
    covariance = weight @ ((x - mean_x) * (y - mean_y))
    spread = weight @ (x - mean_x) ** 2
    slope = np.divide(covariance, spread, out=np.zeros_like(spread), where=spread > 0)
    return slope, mean_y - slope * mean_x
